//! Ports of the host behind which is a container.

use super::lists::Waiting;
use crate::networks::Forwarded;
use crate::processes::Process;
use muster_formats::sockets::Socket;
use muster_model::fact::Evidence;
use std::net::{IpAddr, Ipv6Addr};

/// Programs that hold a port of the host for a container, by their names as the kernel cuts them.
const PROGRAMS: &[&str] = &[
    "docker-proxy",
    "conmon",
    "rootlessport",
    "rootlesskit",
    "rootlesskit-doc",
    "slirp4netns",
    "pasta",
    "pasta.avx2",
    "passt",
];

/// Notes to which container's port a port of the host leads, if its holder is a program that passes on what comes.
pub(super) fn note(
    waiting: &Waiting,
    holder: Option<&Process>,
    forwarded: &Forwarded,
    evidence: &mut Evidence,
) {
    let passes_on = holder.is_some_and(|it| PROGRAMS.contains(&it.comm.as_str()));
    if !passes_on || waiting.netns.is_some() {
        return;
    }
    let socket = waiting.socket;
    let at = || forwarded.at(socket.protocol, socket.port);
    // Of one port different addresses may lead to different containers.
    let exact = at().find(|(_, it)| it.address == socket.address);
    let any = || at().find(|(_, it)| covers(it.address, socket));
    let Some((to, published)) = exact.or_else(any) else { return };
    let mut told = serde_json::Map::new();
    told.insert("container_id".to_owned(), to.id.clone().into());
    told.insert("container_name".to_owned(), to.name.clone().into());
    told.insert("port".to_owned(), published.of_host(socket.port).into());
    evidence.insert("leads_to".to_owned(), told.into());
}

/// Whether what is published on one address may be held by a socket of another: without an address it is on all of its family, and
/// one socket may hold both families.
fn covers(published: IpAddr, held: Socket) -> bool {
    let both = held.address == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && !held.v6_only;
    published.is_unspecified() && (both || published.is_ipv4() == held.address.is_ipv4())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::Published;
    use muster_formats::sockets::Protocol;
    use muster_model::report::ContainerRef;
    use std::sync::Arc;

    fn process(comm: &str) -> Process {
        Process {
            pid: 1,
            ppid: 0,
            start: muster_model::Micros(0),
            uid: 0,
            gid: 0,
            comm: comm.into(),
            exe: "/x".into(),
            exe_deleted: false,
            args: Vec::new(),
            cwd: "/".into(),
            kernel: false,
            netns: 0,
            mntns: 0,
            cgroup: String::new(),
            start_ticks: 0,
            revision: 0,
        }
    }

    #[test]
    fn only_what_passes_on_leads_to_a_container() {
        let mut all = Forwarded::default();
        let mut add = |name: &str, address: &str, protocol, count| {
            let (id, name) = (format!("id-{name}"), name.to_owned());
            let address = address.parse().unwrap();
            let published = Published { protocol, port: 80, address, host_port: 8080, count };
            all.add(&Arc::new(ContainerRef { id, name }), published);
        };
        add("any", "0.0.0.0", Protocol::Tcp, 1);
        add("one", "192.0.2.1", Protocol::Tcp, 1);
        add("six", "2001:db8::1", Protocol::Tcp, 1);
        add("local", "127.0.0.1", Protocol::Udp, 1);
        add("range", "::", Protocol::Udp, 10);
        let told = |comm: &str, protocol, address: &str, port, netns| {
            let address = address.parse().unwrap();
            let socket =
                Socket { protocol, address, port, v6_only: false, interface: 0, uid: 0, inode: 1 };
            let waiting = Waiting { socket, netns, address: String::new() };
            let mut evidence = Evidence::new();
            note(&waiting, Some(&process(comm)), &all, &mut evidence);
            let told = evidence.get("leads_to")?;
            Some(format!("{} {}", told["container_name"].as_str()?, told["port"]))
        };
        let (tcp, udp) = (Protocol::Tcp, Protocol::Udp);
        for (comm, protocol, address, port, netns, expected) in [
            ("docker-proxy", tcp, "0.0.0.0", 8080, None, Some("any 80")),
            ("docker-proxy", tcp, "::", 8080, None, Some("any 80")),
            ("docker-proxy", tcp, "192.0.2.1", 8080, None, Some("one 80")),
            ("docker-proxy", tcp, "192.0.2.2", 8080, None, Some("any 80")),
            ("docker-proxy", tcp, "2001:db8::1", 8080, None, Some("six 80")),
            ("docker-proxy", tcp, "::1", 8080, None, None),
            ("conmon", udp, "127.0.0.1", 8080, None, Some("local 80")),
            ("conmon", udp, "127.0.0.2", 8080, None, None),
            ("conmon", udp, "::", 8089, None, Some("range 89")),
            ("conmon", udp, "::1", 8089, None, Some("range 89")),
            ("conmon", udp, "::", 8090, None, None),
            ("nginx", tcp, "0.0.0.0", 8080, None, None),
            ("conmon", tcp, "0.0.0.0", 8081, None, None),
            ("conmon", tcp, "0.0.0.0", 8080, Some(4), None),
        ] {
            let found = told(comm, protocol, address, port, netns);
            assert_eq!(found.as_deref(), expected, "{comm} {address} {port}");
        }
    }
}
