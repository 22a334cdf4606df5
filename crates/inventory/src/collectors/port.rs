//! Listening ports: TCP listeners and unconnected UDP sockets of every network namespace, one row for each
//! address and port however many sockets and processes share it.

mod address;
mod forward;
mod holders;
pub(crate) mod lists;
mod reach;
mod risk;

use crate::collector::{Collector, Findings};
use crate::host::Host;
use crate::processes::Process;
use holders::Holders;
use muster_model::Kind;
use muster_model::asset::Port;
use muster_model::fact::Evidence;
use muster_model::report::Volatile;
use reach::Reach;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The ports.
pub(crate) struct Ports;

impl Collector for Ports {
    fn kind(&self) -> Kind {
        Kind::Port
    }

    fn needs_processes(&self) -> bool {
        true
    }

    /// A socket has no time stamp.
    fn always(&self) -> bool {
        true
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        let waiting = lists::waiting(host);
        let inodes = waiting.iter().map(|waiting| waiting.socket.inode).filter(|&inode| inode != 0);
        let holders = host.remember(|known: &mut Holders| known.find(host, inodes.collect()));
        // Sockets that share a port are one row, with the first of their holders.
        let mut ports = BTreeMap::new();
        for waiting in &waiting {
            let holder = holders.get(&waiting.socket.inode).map(|process| Arc::as_ref(process));
            let key = (waiting.netns, waiting.protocol(), &waiting.address, waiting.socket.port);
            let slot = ports.entry(key).or_insert((waiting, holder));
            slot.1 = first(slot.1, holder);
        }
        let own = |holder: &Process| {
            host.processes().binary_search_by_key(&holder.pid, |process| process.pid).is_ok()
        };
        let mut nobody = 0u32;
        for (waiting, holder) in ports.into_values() {
            // In a network that is shared a port belongs to the place of its process. One that nobody holds is the
            // host's, or the container's where the network is its own.
            let ours = holder.map_or(waiting.netns.is_some() || !host.is_container(), own);
            if !ours {
                continue;
            }
            nobody += u32::from(holder.is_none() && waiting.socket.inode != 0);
            let volatile = Volatile {
                pid: holder.map(|process| process.pid),
                started: holder.map(|process| process.start),
                ..Volatile::default()
            };
            out.push(port(waiting, holder, host), volatile);
        }
        if nobody > 0 {
            let message = format!("no process was found for {nobody} ports");
            host.trouble("port.no_process", "", message);
        }
    }
}

/// Of two processes that hold a port the one that was there first: the parent of its workers.
fn first<'a>(one: Option<&'a Process>, other: Option<&'a Process>) -> Option<&'a Process> {
    one.into_iter().chain(other).min_by_key(|process| holders::rank(process))
}

fn port(waiting: &lists::Waiting, holder: Option<&Process>, host: &Host<'_>) -> Port {
    let mut evidence = Evidence::new();
    if let Some(forwarded) = host.forwarded() {
        forward::note(waiting, holder, forwarded, &mut evidence);
    }
    if let Some(netns) = waiting.netns {
        evidence.insert("netns".to_owned(), netns.into());
    }
    let path = holder.map(|process| process.exe.to_string_lossy().into_owned()).unwrap_or_default();
    let program = path.rsplit('/').next().unwrap_or_default();
    // Of a network that only the host is in none of the sockets is.
    let inner = host.inner_network().filter(|_| waiting.netns.is_some());
    let published = inner.map(|inner| reach::published(waiting.socket, inner)).unwrap_or_default();
    if !published.is_empty() {
        evidence.insert("published".to_owned(), published.clone().into());
    }
    let reach = inner.map_or(Reach::Anyone, |inner| reach::of(waiting.socket, inner));
    let risk = risk::assess(waiting.socket, program, &reach);
    Port {
        port: waiting.socket.port,
        protocol: waiting.protocol().to_owned(),
        bind_addr: waiting.address.clone(),
        status: risk.status.to_owned(),
        reason: risk.reason,
        path,
        evidence,
    }
}
