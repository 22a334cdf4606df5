//! A range of addresses in prefix notation (RFC 4632, RFC 4291 section 2.3).

use std::fmt;
use std::net::IpAddr;

/// `address/prefix`. An address alone is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `10.1.0.0/16`, `fd00::/8`, `10.1.2.3`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse().ok()?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().ok()?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(widest);
        (prefix <= widest).then_some(Self { address, prefix })
    }

    /// Whether `address` lies in it. An IPv4 address written as IPv6 is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let apart = network.to_bits() ^ address.to_bits();
                apart.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let apart = network.to_bits() ^ address.to_bits();
                apart.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_prefix_bounds_a_network() {
        assert!(is_in("10.1.0.0/16", "10.1.255.255") && !is_in("10.1.0.0/16", "10.2.0.0"));
        assert!(is_in("10.1.2.3", "10.1.2.3") && !is_in("10.1.2.3", "10.1.2.4"));
        assert!(is_in("10.1.0.0/16", "::ffff:10.1.2.3"));
        assert!(is_in("fc00::/7", "fdff::1") && !is_in("fc00::/7", "fe80::1"));
        assert!(is_in("0.0.0.0/0", "203.0.113.1") && !is_in("0.0.0.0/0", "2001:db8::1"));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in ["", "10.0.0.0/33", "fd00::/129", "10/8", "x/8", "10.0.0.0/", "10.0.0.0/-1"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
