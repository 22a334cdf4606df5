//! Which addresses may be connected to.

use crate::network::Network;
use muster_model::{Error, ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The operator's networks inside. Without any only the internet is open.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    allow: Vec<Network>,
}

impl Rules {
    /// Rules that open these networks.
    pub const fn new(allow: Vec<Network>) -> Self {
        Self { allow }
    }

    /// Judges an address a name resolved to, or that stood in the URL.
    ///
    /// # Errors
    /// `Forbidden`, saying how it can be allowed, if it can.
    pub fn judge(&self, address: IpAddr) -> Result<()> {
        let refuse = |why: String| Err(Error::new(ErrorKind::Forbidden, why));
        // An address that carries another one is judged by what it leads to.
        for address in [Some(address.to_canonical()), carried(address)].into_iter().flatten() {
            if never(address) {
                return refuse(format!("{address} is link-local, a metadata service or no host"));
            }
            if inside(address) && !self.allow.iter().any(|network| network.contains(address)) {
                return refuse(format!(
                    "{address} is inside: the operator can allow its network in [egress] allow"
                ));
            }
        }
        Ok(())
    }
}

/// Addresses nothing may connect to, whatever the operator allows: the machine's own surroundings answer
/// there without asking who it is.
fn never(address: IpAddr) -> bool {
    /// Metadata services outside of the link-local ranges.
    const METADATA: [IpAddr; 2] = [
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
        IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    ];
    let local = match address {
        IpAddr::V4(address) => {
            address.is_link_local()
                || address.is_broadcast()
                || address.octets().first() == Some(&0)
        }
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    local || address.is_unspecified() || address.is_multicast() || METADATA.contains(&address)
}

/// Addresses that are not of the internet (IANA's registries of special-purpose addresses).
fn inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            address.is_loopback()
                || address.is_private()
                || (first == 100 && (64..128).contains(&second))
                || (first == 192 && second == 0 && third == 0)
                || (first == 198 && (18..20).contains(&second))
                || first >= 240
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// The IPv4 address inside an IPv6 one: NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn carried(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address else { return None };
    let bits = address.to_bits();
    let of = |shift: u32| {
        let bits = u32::try_from((bits >> shift) & u128::from(u32::MAX)).ok()?;
        Some(IpAddr::V4(Ipv4Addr::from_bits(bits)))
    };
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => of(0),
        [0x2002, ..] => of(80),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opens(allow: &[&str], address: &str) -> bool {
        let allow = allow.iter().map(|text| Network::parse(text).unwrap()).collect();
        Rules::new(allow).judge(address.parse().unwrap()).is_ok()
    }

    #[test]
    fn the_internet_is_open_and_the_inside_is_not() {
        for address in ["203.0.113.7", "2001:db8::7", "172.32.0.1", "100.128.0.1"] {
            assert!(opens(&[], address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "198.18.0.1",
            "240.0.0.1",
            "::1",
            "fd12::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
        ] {
            assert!(!opens(&[], address), "{address}");
        }
    }

    #[test]
    fn what_the_operator_allows_is_open_but_for_the_surroundings() {
        assert!(opens(&["10.1.0.0/16"], "10.1.2.3") && !opens(&["10.1.0.0/16"], "10.2.2.3"));
        assert!(opens(&["10.0.0.0/8"], "64:ff9b::a00:1"));
        for address in [
            "169.254.169.254",
            "fe80::1",
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "::",
            "fd00:ec2::254",
            "100.100.100.200",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
        ] {
            assert!(!opens(&["0.0.0.0/0", "::/0"], address), "{address}");
        }
    }
}
