//! The host's addresses, from the text tables of the proc directory's `net`.
//!
//! Of the network namespace of process 1: an agent in a container that was given the host's proc
//! directory must not report its own.

use crate::proc::Proc;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// All addresses but loopback and link-local ones; the one of the default route's interface first.
pub(super) fn read(proc: &Proc) -> Vec<String> {
    let table = |name: &str| {
        proc.text(format!("1/net/{name}"))
            .or_else(|_| proc.text(format!("net/{name}")))
            .unwrap_or_default()
    };
    let routes = table("route");
    let routes: Vec<Route<'_>> = routes.lines().skip(1).filter_map(Route::parse).collect();
    let default = routes.iter().filter(|route| route.mask == 0).min_by_key(|route| route.metric);
    let is_primary = |address: Ipv4Addr| {
        default.is_some_and(|default| {
            routes.iter().any(|route| {
                route.interface == default.interface && route.mask != 0 && route.holds(address)
            })
        })
    };
    let mut four = local_v4(&table("fib_trie"));
    four.sort_by_key(|address| (!is_primary(*address), *address));
    let six = local_v6(&table("if_inet6"));
    let all = four.into_iter().map(IpAddr::V4).chain(six.into_iter().map(IpAddr::V6));
    all.map(|address| address.to_string()).collect()
}

/// A line of `route`: numbers in hexadecimal, in the machine's byte order.
#[derive(Debug, PartialEq)]
struct Route<'a> {
    interface: &'a str,
    destination: u32,
    metric: u32,
    mask: u32,
}

impl<'a> Route<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let hex = |at: usize| u32::from_str_radix(fields.get(at)?, 16).ok();
        Some(Self {
            interface: fields.first()?,
            destination: hex(1)?,
            metric: fields.get(6)?.parse().ok()?,
            mask: hex(7)?,
        })
    }

    fn holds(&self, address: Ipv4Addr) -> bool {
        u32::from_ne_bytes(address.octets()) & self.mask == self.destination
    }
}

/// `fib_trie` shows each local address as a leaf followed by `/32 host LOCAL`.
fn local_v4(trie: &str) -> Vec<Ipv4Addr> {
    let mut found = Vec::new();
    let mut leaf = None;
    for line in trie.lines() {
        let line = line.trim();
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse::<Ipv4Addr>().ok();
        } else if line.starts_with("/32 host LOCAL")
            && let Some(address) = leaf
            && !address.is_loopback()
            && !address.is_link_local()
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// `if_inet6`: address in 32 hexadecimal digits, interface number, prefix, scope, flags, name.
fn local_v6(table: &str) -> Vec<Ipv6Addr> {
    /// Global scope of the kernel's `ipv6.h`: neither host nor link.
    const GLOBAL: &str = "00";
    let mut found: Vec<Ipv6Addr> = table
        .lines()
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            let address = u128::from_str_radix(fields.first()?, 16).ok()?;
            (*fields.get(3)? == GLOBAL).then(|| Ipv6Addr::from(address))
        })
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_addresses_are_the_leaves_marked_so() {
        let trie = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.0.0.0\n        /24 link UNICAST\n     \
            |-- 10.0.0.7\n        /32 host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\nLocal:\n\
            |-- 10.0.0.7\n        /32 host LOCAL\n     |-- 10.0.0.255\n        /32 link BROADCAST\n";
        assert_eq!(local_v4(trie), [Ipv4Addr::new(10, 0, 0, 7)]);
    }

    #[test]
    fn link_local_and_loopback_v6_are_left_out() {
        let table = "\
00000000000000000000000000000001 01 80 10 80       lo
fe80000000000000021a4afffe000001 02 40 20 80     eth0
20010db8000000000000000000000001 02 40 00 80     eth0
";
        assert_eq!(local_v6(table), ["2001:db8::1".parse::<Ipv6Addr>().unwrap()]);
    }

    #[test]
    fn a_route_holds_the_addresses_of_its_net() {
        let word = |octets: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(octets));
        let line = format!(
            "eth0\t{}\t00000000\t0001\t0\t0\t5\t{}\t0\t0\t0",
            word([10, 1, 2, 0]),
            word([255, 255, 255, 0])
        );
        let route = Route::parse(&line).unwrap();
        assert_eq!((route.interface, route.metric), ("eth0", 5));
        assert!(route.holds(Ipv4Addr::new(10, 1, 2, 9)));
        assert!(!route.holds(Ipv4Addr::new(10, 1, 3, 9)));
    }
}
