//! The waiting sockets of every network namespace.
//!
//! The kernel is asked by netlink, by a socket made in the namespace: `/proc/PID/net/tcp` walks through the table of all
//! connections of the machine for every namespace, which takes ten times as long. Another namespace is entered by a thread that
//! ends with it. Where that is not allowed, and in a proc directory that is not this machine's own, there are only files.

use super::address;
use crate::host::Host;
use crate::proc::Proc;
use muster_formats::sockets::inet_diag::{self, Family, Progress};
use muster_formats::sockets::{MAX_SOCKETS, Protocol, Socket, proc_net};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::netdevice::index_to_name;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

/// Longest file in a `net` folder, bytes: a million sockets.
const MAX_FILE: u64 = 192 << 20;
/// A list during which sockets came or went is asked for again, this often at most.
const TRIES: u32 = 3;

pub(crate) const PROTOCOLS: [Protocol; 2] = [Protocol::Tcp, Protocol::Udp];

/// A waiting socket.
pub(super) struct Waiting {
    pub(super) socket: Socket,
    /// Inode number of its network namespace, if that is not the host's.
    pub(super) netns: Option<u64>,
    /// The address as ss prints it.
    pub(super) address: String,
}

impl Waiting {
    pub(super) const fn protocol(&self) -> &'static str {
        self.socket.protocol_name()
    }
}

/// All of them.
pub(super) fn waiting(host: &Host<'_>) -> Vec<Waiting> {
    let mut found = Vec::new();
    // The oldest process of each namespace stands for it.
    let mut namespaces = BTreeMap::new();
    for process in host.processes().iter().filter(|process| process.netns != 0) {
        let slot = namespaces.entry(process.netns).or_insert(process);
        if process.start < slot.start {
            *slot = process;
        }
    }
    let proc = host.proc();
    let own = proc.is_own().then(|| namespace(proc)).flatten();
    let first = host.everyone().iter().find(|process| process.pid == 1).map(|init| init.netns);
    let host_netns = first.filter(|netns| *netns != 0).or(own);
    if namespaces.is_empty() {
        read_files(host, "net", None, &mut found);
    }
    for (netns, process) in namespaces {
        let foreign = (Some(netns) != host_netns).then_some(netns);
        let fd = if Some(netns) == own { diag() } else { diag_in(proc, process.pid, netns) };
        if fd.and_then(|fd| ask(&fd, foreign, &mut found)).is_ok() {
            continue;
        }
        read_files(host, &format!("{}/net", process.pid), foreign, &mut found);
    }
    found
}

/// The network namespace of this program.
pub(crate) fn namespace(proc: &Proc) -> Option<u64> {
    let target = proc.link("self/ns/net")?;
    target.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}

/// What the kernel is asked by about the namespace this program is in.
pub(crate) fn diag() -> Result<OwnedFd, Errno> {
    let fd = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(netlink::SOCK_DIAG),
    )?;
    set_socket_timeout(&fd, Timeout::Recv, Some(Duration::from_secs(5)))?;
    Ok(fd)
}

/// The same about the namespace of a process: a socket stays in the one it was made in.
fn diag_in(proc: &Proc, pid: u32, netns: u64) -> Result<OwnedFd, Errno> {
    if !proc.is_own() {
        return Err(Errno::NOSYS);
    }
    let make = || enter(proc, pid, netns).and_then(|()| diag());
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("netns".to_owned()).spawn_scoped(scope, make);
        thread.map_err(|_| Errno::AGAIN)?.join().unwrap_or(Err(Errno::AGAIN))
    })
}

/// Moves the calling thread into the network namespace of a process, if it still is this one.
pub(crate) fn enter(proc: &Proc, pid: u32, netns: u64) -> Result<(), Errno> {
    let namespace = proc.open_file(format!("{pid}/ns/net"));
    let namespace = namespace.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    if rustix::fs::fstat(&namespace)?.st_ino != netns {
        return Err(Errno::SRCH);
    }
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
}

/// The waiting sockets of a namespace.
pub(crate) fn list_all(fd: &OwnedFd, protocols: &[Protocol]) -> Result<Vec<Socket>, Errno> {
    let mut sockets = Vec::new();
    for protocol in protocols {
        for family in [Family::V4, Family::V6] {
            sockets.extend(list(fd, family, *protocol)?);
        }
    }
    Ok(sockets)
}

/// Asks the kernel about a namespace.
fn ask(fd: &OwnedFd, netns: Option<u64>, found: &mut Vec<Waiting>) -> Result<(), Errno> {
    let sockets = list_all(fd, &PROTOCOLS)?;
    let mut interfaces = HashMap::new();
    found.extend(sockets.into_iter().map(|socket| {
        let name = (socket.interface != 0).then(|| {
            let name = || index_to_name(fd, socket.interface);
            interfaces
                .entry(socket.interface)
                .or_insert_with(|| name().unwrap_or_else(|_| socket.interface.to_string()))
        });
        let address = address::text(&socket, name.map(|name| name.as_str()));
        Waiting { socket, netns, address }
    }));
    Ok(())
}

fn list(fd: &OwnedFd, family: Family, protocol: Protocol) -> Result<Vec<Socket>, Errno> {
    let mut buffer = vec![0; 32 * 1024];
    let mut tries = 0;
    loop {
        tries += 1;
        let mut sockets = Vec::new();
        rustix::net::send(fd, &inet_diag::request(family, protocol), SendFlags::empty())?;
        let consistent = loop {
            let (read, _) = rustix::net::recv(fd, buffer.as_mut_slice(), RecvFlags::empty())?;
            let datagram = buffer.get(..read).unwrap_or_default();
            let progress = inet_diag::answer(protocol, datagram, &mut |socket| {
                if sockets.len() < MAX_SOCKETS {
                    sockets.push(socket);
                }
            });
            match progress {
                Progress::More => {}
                Progress::Done { consistent } => break consistent,
                Progress::Refused(error) => return Err(Errno::from_raw_os_error(error)),
            }
        };
        if consistent || tries == TRIES {
            return Ok(sockets);
        }
    }
}

/// Reads the four files of a `net` folder. Those of a protocol the kernel lacks are not there.
fn read_files(host: &Host<'_>, folder: &str, netns: Option<u64>, found: &mut Vec<Waiting>) {
    for (protocol, name) in [
        (Protocol::Tcp, "tcp"),
        (Protocol::Udp, "udp"),
        (Protocol::Tcp, "tcp6"),
        (Protocol::Udp, "udp6"),
    ] {
        let Ok(file) = host.proc().open_file(format!("{folder}/{name}")) else { continue };
        let mut reader = BufReader::with_capacity(64 * 1024, file.take(MAX_FILE));
        let mut line = Vec::new();
        loop {
            line.clear();
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) if protocol == Protocol::Tcp && proc_net::is_past_listeners(&line) => break,
                Ok(_) => {}
                Err(error) => {
                    host.trouble("file.unreadable", format!("{folder}/{name}"), error.to_string());
                    break;
                }
            }
            for socket in proc_net::sockets(protocol, &line) {
                let address = address::text(&socket, None);
                found.push(Waiting { socket, netns, address });
            }
        }
    }
}
