//! Sockets that wait for others: TCP listeners and unconnected UDP sockets, as the kernel lists them by
//! netlink ([`inet_diag`]) and in `/proc/net` ([`proc_net`]).

pub mod inet_diag;
pub mod proc_net;

use std::net::IpAddr;

/// Most sockets read from one list.
pub const MAX_SOCKETS: usize = 1 << 20;

/// The protocol of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A waiting socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Its protocol.
    pub protocol: Protocol,
    /// The address it is bound to; the unspecified one for all.
    pub address: IpAddr,
    /// The port it is bound to.
    pub port: u16,
    /// Takes IPv6 only, although bound to the unspecified address. Unknown in `/proc/net`: false.
    pub v6_only: bool,
    /// Number of the interface it is bound to, 0 for none. Unknown in `/proc/net`: 0.
    pub interface: u32,
    /// The user that made it.
    pub uid: u32,
    /// Inode number, by which `/proc/PID/fd` names it. 0 for one the kernel holds itself.
    pub inode: u64,
}

impl Socket {
    /// `TCP`, `UDP`, `TCP6`, `UDP6`.
    pub const fn protocol_name(&self) -> &'static str {
        match (self.protocol, self.address) {
            (Protocol::Tcp, IpAddr::V4(_)) => "TCP",
            (Protocol::Udp, IpAddr::V4(_)) => "UDP",
            (Protocol::Tcp, IpAddr::V6(_)) => "TCP6",
            (Protocol::Udp, IpAddr::V6(_)) => "UDP6",
        }
    }
}
