//! Networks of containers that exist on this machine alone, and what is published out of them.
//!
//! A container in such a network has all its addresses in those of bridges that no device of the machine is part of. What it
//! listens on is reached from elsewhere only where its runtime publishes it on an address of the host, which runtimes write down
//! (`containers/published.rs`); where that cannot be read Podman's monitor holds the host's ports, so that without one nothing is
//! published. Pods are left out, for their networks span hosts; so is what has IPv6 addresses that others know the way to.

use crate::containers::Container;
use crate::files::Files;
use crate::proc::Proc;
use crate::processes::Process;
use muster_formats::sockets::Protocol;
use muster_model::report::ContainerRef;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Networks of a host looked at.
const MAX_BRIDGES: usize = 1_024;
/// Entries of what is published on a host: any user may write down more of his own containers.
const MAX_PUBLISHED: usize = 65_536;
/// Descriptors of a monitor looked at.
const MAX_HELD: usize = 4_096;

/// The network of a container that nobody elsewhere reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inner {
    /// The bridges that it hangs on by name; none for one without any interface.
    pub(crate) bridges: Vec<String>,
    /// Out of it.
    pub(crate) published: Vec<Published>,
}

/// Ports in a row of a container that are reached by as many of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) protocol: Protocol,
    /// The first one in the container.
    pub(crate) port: u16,
    /// The host's address; the unspecified one for all of them.
    pub(crate) address: IpAddr,
    /// The host's first port.
    pub(crate) host_port: u16,
    /// How many, 1 or more.
    pub(crate) count: u16,
}

impl Published {
    /// The host's port that leads to a port of the container.
    pub(crate) fn of_container(&self, port: u16) -> Option<u16> {
        let nth = port.checked_sub(self.port).filter(|nth| *nth < self.count)?;
        self.host_port.checked_add(nth)
    }

    /// The port of the container to which one of the host leads.
    pub(crate) fn of_host(&self, port: u16) -> Option<u16> {
        let nth = port.checked_sub(self.host_port).filter(|nth| *nth < self.count)?;
        self.port.checked_add(nth)
    }
}

/// A container, and what is published of it.
type Lead = (Arc<ContainerRef>, Published);

/// Ports of the host that lead to containers.
#[derive(Debug, Default)]
pub(crate) struct Forwarded {
    /// By protocol and port of the host.
    single: HashMap<(Protocol, u16), Vec<Lead>>,
    /// Those of several ports.
    ranges: Vec<Lead>,
}

impl Forwarded {
    pub(crate) fn add(&mut self, to: &Arc<ContainerRef>, published: Published) {
        let list = if published.count == 1 {
            self.single.entry((published.protocol, published.host_port)).or_default()
        } else {
            &mut self.ranges
        };
        list.push((Arc::clone(to), published));
    }

    /// What is published on a port of the host, with the container it leads to.
    pub(crate) fn at(&self, protocol: Protocol, port: u16) -> impl Iterator<Item = &Lead> {
        let single = self.single.get(&(protocol, port)).into_iter().flatten();
        let fits = move |(_, it): &&Lead| it.protocol == protocol && it.of_host(port).is_some();
        single.chain(self.ranges.iter().filter(fits))
    }
}

/// A bridge that no device is part of, with the addresses behind it.
#[derive(Debug, PartialEq, Eq)]
struct Bridge {
    name: String,
    network: u32,
    mask: u32,
}

/// Such bridges of the host.
#[derive(Debug, Default)]
pub(crate) struct Bridges {
    all: Vec<Bridge>,
    /// Who is in a network namespace: several containers may share one.
    inside: HashMap<u64, Vec<ContainerRef>>,
    /// What is published of the containers by their ids, where that is known.
    published: BTreeMap<String, Vec<Published>>,
    /// Inodes of the host's waiting sockets, once somebody asks.
    waiting: OnceCell<HashSet<u64>>,
}

impl Bridges {
    /// Reads the host's routes; `files` are the host's, `containers` all it runs.
    pub(crate) fn read(
        proc: &Proc,
        files: &Files,
        containers: &BTreeMap<String, Container>,
    ) -> Self {
        let mut inside: HashMap<u64, Vec<ContainerRef>> = HashMap::new();
        let (mut published, mut left) = (BTreeMap::new(), MAX_PUBLISHED);
        for (id, container) in containers {
            if let Some(told) = crate::containers::published(container, files) {
                left = left.checked_sub(told.len()).unwrap_or_else(|| {
                    let message = format!("more than {MAX_PUBLISHED} ports are published");
                    files.trouble("containers.too_many_ports", id, message);
                    0
                });
                if left > 0 {
                    published.insert(id.clone(), told);
                }
            }
            if let Some(first) = container.first() {
                inside.entry(first.netns).or_default().push(container.details.named.clone());
            }
        }
        let routes = proc.text("1/net/route").unwrap_or_default();
        let direct = routes.lines().skip(1).filter_map(direct);
        let is_inner = |bridge: &Bridge| {
            let folder = format!("/sys/class/net/{}", bridge.name);
            let is_device =
                |port: &str| files.stat(format!("/sys/class/net/{port}/device")).is_some();
            files.stat(format!("{folder}/bridge")).is_some()
                && !files
                    .list(format!("{folder}/brif"))
                    .into_iter()
                    .any(|port| port.name.to_str().is_none_or(is_device))
        };
        let all = direct.take(MAX_BRIDGES).filter(is_inner).collect();
        Self { all, inside, published, waiting: OnceCell::new() }
    }

    /// All that is published of these containers.
    pub(crate) fn forwarded(&self, containers: &BTreeMap<String, Container>) -> Forwarded {
        let mut forwarded = Forwarded::default();
        for (id, published) in &self.published {
            let Some(container) = containers.get(id) else { continue };
            let to = Arc::new(container.details.named.clone());
            published.iter().for_each(|it| forwarded.add(&to, it.clone()));
        }
        forwarded
    }

    /// The network of a container, if nobody elsewhere reaches it and what is published out of it is known.
    pub(crate) fn inner(
        &self,
        container: &Container,
        all: &[Arc<Process>],
        proc: &Proc,
    ) -> Option<Inner> {
        let first = container.first()?;
        let host = all.iter().find(|process| process.pid == 1)?;
        if first.netns == 0 || first.netns == host.netns {
            return None;
        }
        let bridges = self.around(
            &proc.text(format!("{}/net/fib_trie", first.pid)).ok()?,
            &proc.text(format!("{}/net/if_inet6", first.pid)).unwrap_or_default(),
        )?;
        // A network that several containers share is published by one of them.
        let mut published = Vec::new();
        for ContainerRef { id, name } in self.inside.get(&first.netns).into_iter().flatten() {
            // The name of a pod's container has its namespace in front.
            if name.contains('/') {
                return None;
            }
            // What a user wrote down does not count against a port that is held.
            let told = self.published.get(id).filter(|told| !told.is_empty()).cloned();
            let told = told.or_else(|| {
                let nothing = self.published.get(id).cloned();
                self.monitored(id, all, proc).unwrap_or(nothing)
            });
            published.extend(told?);
        }
        Some(Inner { bridges, published })
    }

    /// If the monitor of a Podman container is there: nothing, if it holds no port of the host, and else not known.
    fn monitored(
        &self,
        id: &str,
        all: &[Arc<Process>],
        proc: &Proc,
    ) -> Option<Option<Vec<Published>>> {
        let is_monitor = |process: &&Arc<Process>| {
            process.comm == "conmon" && process.args.windows(2).any(|pair| pair == ["-c", id])
        };
        let monitor = all.iter().find(is_monitor)?;
        let waiting = self.waiting.get_or_init(|| waiting(proc));
        let held = proc.names(format!("{}/fd", monitor.pid));
        let holds = held.iter().take(MAX_HELD).any(|fd| {
            let link = proc.link(format!("{}/fd/{}", monitor.pid, fd.to_string_lossy()));
            let inode = link.as_deref().and_then(|link| link.to_str()).and_then(|link| {
                link.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok()
            });
            inode.is_some_and(|inode| waiting.contains(&inode))
        });
        Some((!holds).then(Vec::new))
    }

    /// The bridges that all of these addresses are behind.
    fn around(&self, fib_trie: &str, if_inet6: &str) -> Option<Vec<String>> {
        if if_inet6.lines().any(is_global) {
            return None;
        }
        let mut bridges = Vec::new();
        for address in addresses(fib_trie).filter(|address| !address.is_loopback()) {
            let number = u32::from(address);
            let bridge = self.all.iter().find(|it| number & it.mask == it.network)?;
            if !bridges.contains(&bridge.name) {
                bridges.push(bridge.name.clone());
            }
        }
        Some(bridges)
    }
}

/// A network that a line of `/proc/net/route` says is right behind an interface. Numbers are in the machine's byte order.
fn direct(line: &str) -> Option<Bridge> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [name, network, gateway, _, _, _, _, mask, ..] = fields.as_slice() else { return None };
    let number = |text: &str| u32::from_str_radix(text, 16).ok().map(u32::swap_bytes);
    let (network, mask) = (number(network)?, number(mask)?);
    (number(gateway)? == 0 && mask != 0).then(|| Bridge { name: (*name).to_owned(), network, mask })
}

/// The addresses of a network namespace, from its `/proc/net/fib_trie`.
fn addresses(fib_trie: &str) -> impl Iterator<Item = Ipv4Addr> {
    let mut last = None;
    fib_trie.lines().filter_map(move |line| {
        let line = line.trim_start();
        if let Some(address) = line.strip_prefix("|-- ") {
            last = address.trim().parse().ok();
        }
        line.starts_with("/32 host LOCAL").then_some(last).flatten()
    })
}

/// Whether a line of `/proc/net/if_inet6` has an address that others may know the way to.
fn is_global(line: &str) -> bool {
    let mut fields = line.split_whitespace();
    let (address, scope) = (fields.next().unwrap_or_default(), fields.nth(2));
    scope == Some("00") && !address.starts_with("fc") && !address.starts_with("fd")
}

/// The host's waiting sockets by inode.
fn waiting(proc: &Proc) -> HashSet<u64> {
    let files = [
        (Protocol::Tcp, "tcp"),
        (Protocol::Tcp, "tcp6"),
        (Protocol::Udp, "udp"),
        (Protocol::Udp, "udp6"),
    ];
    let of = |(protocol, name)| {
        let text = proc.text(format!("1/net/{name}")).unwrap_or_default();
        let sockets = muster_formats::sockets::proc_net::sockets(protocol, text.as_bytes());
        sockets.map(|socket| socket.inode).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
        eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
        eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n\
        docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";

    #[test]
    fn networks_are_told_by_the_routes_to_them() {
        let found: Vec<Bridge> = ROUTES.lines().skip(1).filter_map(direct).collect();
        let named = |name: &str, network: [u8; 4], mask: [u8; 4]| Bridge {
            name: name.to_owned(),
            network: u32::from_be_bytes(network),
            mask: u32::from_be_bytes(mask),
        };
        assert_eq!(
            found,
            [
                named("eth0", [10, 0, 0, 0], [255, 255, 255, 0]),
                named("docker0", [172, 17, 0, 0], [255, 255, 0, 0])
            ]
        );
    }

    #[test]
    fn a_container_is_inside_only_with_all_its_addresses() {
        let docker0 = ROUTES.lines().filter_map(direct).filter(|it| it.name == "docker0");
        let bridges = Bridges { all: docker0.collect(), ..Bridges::default() };
        let trie = |address: &str| {
            format!(
                "Local:\n  +-- 127.0.0.0/8 2 0 2\n     |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 127.255.255.255\n        \
                 /32 link BROADCAST\n  |-- {address}\n     /32 host LOCAL\n"
            )
        };
        let link = "fe80000000000000a8bb00fffe000001 02 40 20 80     eth0\n";
        let (own, global) = (link.replace("fe80", "fd00"), link.replace("fe80", "2001"));
        let own = own.replace(" 20 80", " 00 80");
        let global = global.replace(" 20 80", " 00 80");
        for (address, six, expected) in [
            ("172.17.0.2", link, true),
            ("172.17.0.2", own.as_str(), true),
            ("172.17.0.2", global.as_str(), false),
            ("172.18.0.2", link, false),
            ("10.0.0.7", "", false),
        ] {
            let found = bridges.around(&trie(address), six);
            assert_eq!(found, expected.then(|| vec!["docker0".to_owned()]), "{address} {six}");
        }
        assert_eq!(bridges.around("", ""), Some(vec![]));
        let both = format!("{}{}", trie("172.17.0.2"), trie("10.0.0.7"));
        assert_eq!(bridges.around(&both, ""), None);
    }
}
