//! How many sockets there are in a network namespace, as the kernel counts them (`net/sockstat` of proc(5)).

use crate::proc::Proc;

/// What is counted for each namespace. The other numbers of the file are the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counts {
    /// Sockets of every sort: also of IPv6, whose connections are not among the next.
    used: u64,
    /// Listeners and connections by TCP over IPv4.
    tcp: u64,
}

impl Counts {
    /// Those of the namespace a process is in.
    pub(super) fn of(proc: &Proc, pid: u32) -> Option<Self> {
        let mut buffer = [0; 1024];
        Self::parse(proc.head(pid, "net/sockstat", &mut buffer)?)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let number = |line: &str| {
            let rest = text.lines().find_map(|it| it.strip_prefix(line))?;
            rest.split(' ').next()?.parse().ok()
        };
        Some(Self { used: number("sockets: used ")?, tcp: number("TCP: inuse ")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::path::Path;

    #[test]
    fn what_is_counted_is_read_and_nothing_else() {
        let text = |used: u8, tcp: u8, memory: u8| {
            format!(
                "sockets: used {used}\nTCP: inuse {tcp} orphan 0 tw 9 alloc 4 mem {memory}\nUDP: inuse 0\n"
            )
        };
        let of = |used, tcp, memory| Counts::parse(text(used, tcp, memory).as_bytes()).unwrap();
        assert_eq!(of(15, 1, 3), of(15, 1, 4));
        assert_ne!(of(15, 1, 3), of(16, 1, 3));
        assert_ne!(of(15, 1, 3), of(15, 2, 3));
        for damaged in ["", "sockets: used x\nTCP: inuse 1\n", "sockets: used 1\n"] {
            assert_eq!(Counts::parse(damaged.as_bytes()), None, "{damaged}");
        }
    }

    #[test]
    fn the_kernel_counts_a_listener_of_either_family() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let count = || Counts::of(&proc, std::process::id()).unwrap();
        for address in ["127.0.0.1:0", "[::1]:0"] {
            // Others on this machine make sockets, too: what is looked for is a difference by ours.
            let seen = (0..100).any(|_| {
                let before = count();
                let Ok(listener) = TcpListener::bind(address) else { return true };
                let with = count();
                drop(listener);
                before != with && count() == before
            });
            assert!(seen, "{address}");
        }
    }
}
