//! An address as ss(8) prints it, which is how administrators know it.

use muster_formats::sockets::Socket;
use std::net::IpAddr;

/// `0.0.0.0`, `*` for all of IPv6 and IPv4, `::` for all of IPv6 alone, `127.0.0.53%lo` when bound to an
/// interface.
pub(super) fn text(socket: &Socket, interface: Option<&str>) -> String {
    let mut text = match socket.address {
        IpAddr::V6(address) if address.is_unspecified() && !socket.v6_only => "*".to_owned(),
        address => address.to_string(),
    };
    if let Some(interface) = interface {
        text.push('%');
        text.push_str(interface);
    }
    text
}

/// Can only this machine reach it?
pub(super) fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_formats::sockets::Protocol;

    #[test]
    fn addresses_read_as_ss_prints_them() {
        for (address, v6_only, interface, expected) in [
            ("0.0.0.0", false, None, "0.0.0.0"),
            ("127.0.0.53", false, Some("lo"), "127.0.0.53%lo"),
            ("::", false, None, "*"),
            ("::", true, None, "::"),
            ("::1", true, None, "::1"),
            ("::ffff:127.0.0.1", false, None, "::ffff:127.0.0.1"),
            ("fe80::1", true, Some("eth0"), "fe80::1%eth0"),
        ] {
            let address = address.parse().unwrap();
            let socket = Socket {
                protocol: Protocol::Udp,
                address,
                port: 53,
                v6_only,
                interface: 0,
                uid: 0,
                inode: 1,
            };
            assert_eq!(text(&socket, interface), expected);
        }
    }

    #[test]
    fn loopback_is_known_in_every_form() {
        for (address, expected) in [
            ("127.1.2.3", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
            ("::", false),
        ] {
            assert_eq!(is_loopback(address.parse().unwrap()), expected);
        }
    }
}
