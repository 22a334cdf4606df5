//! The kernel's list of sockets by netlink (sock_diag(7), `linux/inet_diag.h`). Only the sockets in the
//! wanted states are given out, which makes it far cheaper than `/proc/net` on a host with many
//! connections. Numbers are in the machine's own byte order.

use super::{Protocol, Socket};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const HEADER: usize = 16;
const MESSAGE: usize = 72;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST_DUMP: u16 = 0x301;
const NLM_F_DUMP_INTR: u16 = 0x10;
const SKV6ONLY: u16 = 11;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;
const TCP_LISTEN: u32 = 1 << 10;
/// A UDP socket without a peer is in the state that means closed for TCP.
const TCP_CLOSE: u32 = 1 << 7;

/// The address family to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// How an answer stands after a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    More,
    /// That was all. `consistent` is false when sockets came or went meanwhile, so that some may be
    /// missing or listed twice.
    Done {
        /// Nothing changed meanwhile.
        consistent: bool,
    },
    /// The kernel refused, with this error number (positive; 2 where it lacks the protocol's module).
    Refused(i32),
}

/// The request for all waiting sockets of a family and protocol.
pub fn request(family: Family, protocol: Protocol) -> Vec<u8> {
    let family = match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    };
    let (number, states) = match protocol {
        Protocol::Tcp => (IPPROTO_TCP, TCP_LISTEN),
        Protocol::Udp => (IPPROTO_UDP, TCP_CLOSE),
    };
    let mut out = Vec::with_capacity(72);
    out.extend(72u32.to_ne_bytes());
    out.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    out.extend(NLM_F_REQUEST_DUMP.to_ne_bytes());
    out.extend([0; 8]);
    out.extend([family, number, 0, 0]);
    out.extend(states.to_ne_bytes());
    // The rest would name one socket; zeros name none.
    out.resize(72, 0);
    out
}

/// Reads one datagram of the answer. Sockets that are connected are passed over, as are messages of other
/// kinds.
pub fn answer(protocol: Protocol, datagram: &[u8], each: &mut dyn FnMut(Socket)) -> Progress {
    let mut rest = datagram;
    let mut consistent = true;
    while let Some((length, ty, flags)) = header(rest) {
        let Some((message, after)) = rest.split_at_checked(length.next_multiple_of(4)) else {
            // The last message need not be padded.
            return finish(protocol, ty, rest.get(HEADER..length), consistent, each);
        };
        rest = after;
        consistent &= flags & NLM_F_DUMP_INTR == 0;
        let progress = finish(protocol, ty, message.get(HEADER..length), consistent, each);
        if progress != Progress::More {
            return progress;
        }
    }
    Progress::More
}

fn header(bytes: &[u8]) -> Option<(usize, u16, u16)> {
    let length = usize::try_from(u32_at(bytes, 0)?).ok()?;
    (length >= HEADER && length <= bytes.len()).then_some((
        length,
        u16_at(bytes, 4)?,
        u16_at(bytes, 6)?,
    ))
}

fn finish(
    protocol: Protocol,
    ty: u16,
    body: Option<&[u8]>,
    consistent: bool,
    each: &mut dyn FnMut(Socket),
) -> Progress {
    let body = body.unwrap_or_default();
    match ty {
        NLMSG_DONE => Progress::Done { consistent },
        NLMSG_ERROR => {
            let number = u32_at(body, 0).map_or(0, |word| i32::from_ne_bytes(word.to_ne_bytes()));
            Progress::Refused(number.saturating_neg())
        }
        SOCK_DIAG_BY_FAMILY => {
            if let Some(socket) = socket(protocol, body) {
                each(socket);
            }
            Progress::More
        }
        _ => Progress::More,
    }
}

fn socket(protocol: Protocol, body: &[u8]) -> Option<Socket> {
    let be16 = |at: usize| Some(u16::from_be_bytes(*body.get(at..)?.first_chunk()?));
    let address = body.get(8..24)?.first_chunk::<16>()?;
    let address = match *body.first()? {
        AF_INET => IpAddr::V4(Ipv4Addr::from(*address.first_chunk::<4>()?)),
        AF_INET6 => IpAddr::V6(Ipv6Addr::from(*address)),
        _ => return None,
    };
    let (port, peer) = (be16(4)?, be16(6)?);
    if peer != 0 || port == 0 {
        return None;
    }
    Some(Socket {
        protocol,
        address,
        port,
        v6_only: attribute(body.get(MESSAGE..)?, SKV6ONLY)
            .is_some_and(|value| value.first() == Some(&1)),
        interface: u32_at(body, 40)?,
        uid: u32_at(body, 64)?,
        inode: u64::from(u32_at(body, 68)?),
    })
}

/// The value of an attribute: length, type, value, padding to four bytes.
fn attribute(mut rest: &[u8], wanted: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(u16_at(rest, 0)?);
        if length < 4 {
            return None;
        }
        if u16_at(rest, 2)? == wanted {
            return rest.get(4..length);
        }
        rest = rest.get(length.next_multiple_of(4)..)?;
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message(ty: u16, flags: u16, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(u32::try_from(HEADER + body.len()).unwrap().to_ne_bytes());
        out.extend(ty.to_ne_bytes());
        out.extend(flags.to_ne_bytes());
        out.extend([0; 8]);
        out.extend(body);
        out.resize(out.len().next_multiple_of(4), 0);
        out
    }

    fn listener(address: Ipv6Addr, port: u16, peer: u16, v6_only: u8) -> Vec<u8> {
        let mut body = vec![AF_INET6, 10, 0, 0];
        body.extend(port.to_be_bytes());
        body.extend(peer.to_be_bytes());
        body.extend(address.octets());
        body.extend([0; 16]);
        body.extend(3u32.to_ne_bytes());
        body.extend([0; 20]);
        body.extend(33u32.to_ne_bytes());
        body.extend(4711u32.to_ne_bytes());
        // An attribute of an odd length before the wanted one.
        for (ty, value) in [(8u16, 1u8), (SKV6ONLY, v6_only)] {
            body.extend(5u16.to_ne_bytes());
            body.extend(ty.to_ne_bytes());
            body.extend([value, 0, 0, 0]);
        }
        body
    }

    #[test]
    fn waiting_sockets_are_read_and_connected_ones_are_not() {
        let mut datagram =
            message(SOCK_DIAG_BY_FAMILY, 0, &listener(Ipv6Addr::UNSPECIFIED, 22, 0, 1));
        datagram.extend(message(SOCK_DIAG_BY_FAMILY, 0, &listener(Ipv6Addr::LOCALHOST, 53, 9, 0)));
        let mut found = Vec::new();
        let progress = answer(Protocol::Tcp, &datagram, &mut |socket| found.push(socket));
        assert_eq!(progress, Progress::More);
        assert_eq!(
            found,
            [Socket {
                protocol: Protocol::Tcp,
                address: Ipv6Addr::UNSPECIFIED.into(),
                port: 22,
                v6_only: true,
                interface: 3,
                uid: 33,
                inode: 4711,
            }]
        );
        assert_eq!(found[0].protocol_name(), "TCP6");
    }

    #[test]
    fn the_end_and_a_refusal_are_told_apart() {
        let end =
            |ty, flags, body: &[u8]| answer(Protocol::Udp, &message(ty, flags, body), &mut |_| {});
        assert_eq!(end(NLMSG_DONE, 0, &[0; 4]), Progress::Done { consistent: true });
        assert_eq!(end(NLMSG_DONE, NLM_F_DUMP_INTR, &[0; 4]), Progress::Done { consistent: false });
        assert_eq!(end(NLMSG_ERROR, 0, &(-2i32).to_ne_bytes()), Progress::Refused(2));
    }

    proptest! {
        #[test]
        fn any_datagram_is_survived(bytes: Vec<u8>) {
            let _ = answer(Protocol::Tcp, &bytes, &mut |_| {});
        }

        #[test]
        fn any_body_is_survived(body: Vec<u8>) {
            let _ = answer(Protocol::Tcp, &message(SOCK_DIAG_BY_FAMILY, 0, &body), &mut |_| {});
        }
    }
}
