//! `/proc/net/{tcp,udp,tcp6,udp6}` (proc_pid_net(5)): one socket a line, addresses as words in the
//! machine's byte order.

use super::{MAX_SOCKETS, Protocol, Socket};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The waiting sockets of one of the files. The header and lines that cannot be read are passed over.
pub fn sockets(protocol: Protocol, text: &[u8]) -> impl Iterator<Item = Socket> {
    text.split(|&byte| byte == b'\n')
        .filter_map(move |line| socket(protocol, line))
        .take(MAX_SOCKETS)
}

/// Whether a line is of a TCP socket in another state. The kernel lists listeners before all others, so
/// that nothing wanted comes after such a line.
pub fn is_past_listeners(line: &[u8]) -> bool {
    let mut fields = fields(line);
    fields.nth(3).is_some_and(|state| state.len() == 2 && state != b"0A" && state != b"st")
}

fn socket(protocol: Protocol, line: &[u8]) -> Option<Socket> {
    let mut fields = fields(line);
    let (address, port) = endpoint(fields.nth(1)?)?;
    let (_, peer) = endpoint(fields.next()?)?;
    let waiting: &[u8] = match protocol {
        Protocol::Tcp => b"0A",
        Protocol::Udp => b"07",
    };
    if fields.next()? != waiting || peer != 0 || port == 0 {
        return None;
    }
    let uid = decimal(fields.nth(3)?)?;
    let inode = decimal(fields.nth(1)?)?;
    let uid = u32::try_from(uid).ok()?;
    Some(Socket { protocol, address, port, v6_only: false, interface: 0, uid, inode })
}

fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty())
}

/// `0100007F:0016`, or the same with an address of four words.
fn endpoint(text: &[u8]) -> Option<(IpAddr, u16)> {
    let text = str::from_utf8(text).ok()?;
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| {
        let digits = address.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    let address = match address.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let mut octets = [0; 16];
            for (at, part) in octets.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(at)?);
            }
            Ipv6Addr::from(octets).into()
        }
        _ => return None,
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}

fn decimal(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    #[test]
    #[cfg(target_endian = "little")]
    fn listeners_are_read_and_connections_are_not() {
        let text = format!(
            "{HEADER}   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0 100 0 0 10 0\n   1: 0100007F:1F91 0100007F:0016 01 00000000:00000000 00:00000000 00000000     0        0 4243 1\n"
        );
        let found: Vec<_> = sockets(Protocol::Tcp, text.as_bytes()).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].address, found[0].port), (Ipv4Addr::LOCALHOST.into(), 8080));
        assert_eq!((found[0].uid, found[0].inode), (1000, 4242));
        let past: Vec<_> = text.lines().map(|line| is_past_listeners(line.as_bytes())).collect();
        assert_eq!(past, [false, false, true]);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn addresses_of_four_words_are_read() {
        let line = " 9: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000   102        0 77 2 0";
        let found: Vec<_> = sockets(Protocol::Udp, line.as_bytes()).collect();
        assert_eq!(
            (found[0].address, found[0].protocol_name()),
            (Ipv6Addr::LOCALHOST.into(), "UDP6")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = sockets(Protocol::Tcp, &bytes).count();
            let _ = is_past_listeners(&bytes);
        }

        #[test]
        fn any_text_of_the_right_form_is_survived(text in "( [0-9A-Fé:]{1,12}){1,12}") {
            let _ = sockets(Protocol::Udp, text.as_bytes()).count();
        }
    }
}
