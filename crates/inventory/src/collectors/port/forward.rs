//! Ports of the host behind which is a container.

use super::lists::Waiting;
use crate::networks::Forwarded;
use crate::processes::Process;
use muster_model::fact::Evidence;
use std::net::IpAddr;

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
    forwarded: &[Forwarded],
    evidence: &mut Evidence,
) {
    let passes_on = holder.is_some_and(|it| PROGRAMS.contains(&it.comm.as_str()));
    if !passes_on || waiting.netns.is_some() {
        return;
    }
    let socket = &waiting.socket;
    let fits = |it: &&Forwarded| {
        it.published.protocol == socket.protocol && it.published.host_port == socket.port
    };
    // Of one port different addresses may lead to different containers.
    let exact = forwarded.iter().filter(fits).find(|it| it.published.address == socket.address);
    let any =
        || forwarded.iter().filter(fits).find(|it| covers(it.published.address, socket.address));
    let Some(Forwarded { to, published }) = exact.or_else(any) else { return };
    let mut told = serde_json::Map::new();
    told.insert("container_id".to_owned(), to.id.clone().into());
    told.insert("container_name".to_owned(), to.name.clone().into());
    told.insert("port".to_owned(), published.port.into());
    evidence.insert("leads_to".to_owned(), told.into());
}

/// Whether what is published on one address may be held on another: without an address it is on all of them.
fn covers(published: IpAddr, held: IpAddr) -> bool {
    published.is_unspecified() || held.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::Published;
    use muster_formats::sockets::{Protocol, Socket};
    use muster_model::report::ContainerRef;

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
        let to = |name: &str| ContainerRef { id: format!("id-{name}"), name: name.to_owned() };
        let at = |name: &str, address: &str, protocol| Forwarded {
            to: to(name),
            published: Published {
                protocol,
                port: 80,
                address: address.parse().unwrap(),
                host_port: 8080,
            },
        };
        let all = [
            at("any", "0.0.0.0", Protocol::Tcp),
            at("one", "192.0.2.1", Protocol::Tcp),
            at("local", "127.0.0.1", Protocol::Udp),
        ];
        let told = |comm: &str, protocol, address: &str, port, netns| {
            let address = address.parse().unwrap();
            let socket =
                Socket { protocol, address, port, v6_only: false, interface: 0, uid: 0, inode: 1 };
            let waiting = Waiting { socket, netns, address: String::new() };
            let mut evidence = Evidence::new();
            note(&waiting, Some(&process(comm)), &all, &mut evidence);
            let told = evidence.get("leads_to")?;
            assert_eq!(told["port"], 80);
            Some(told["container_name"].as_str()?.to_owned())
        };
        let (tcp, udp) = (Protocol::Tcp, Protocol::Udp);
        for (comm, protocol, address, port, netns, expected) in [
            ("docker-proxy", tcp, "0.0.0.0", 8080, None, Some("any")),
            ("docker-proxy", tcp, "::", 8080, None, Some("any")),
            ("docker-proxy", tcp, "192.0.2.1", 8080, None, Some("one")),
            ("docker-proxy", tcp, "192.0.2.2", 8080, None, Some("any")),
            ("conmon", udp, "127.0.0.1", 8080, None, Some("local")),
            ("conmon", udp, "127.0.0.2", 8080, None, None),
            ("nginx", tcp, "0.0.0.0", 8080, None, None),
            ("conmon", tcp, "0.0.0.0", 8081, None, None),
            ("conmon", tcp, "0.0.0.0", 8080, Some(4), None),
        ] {
            let found = told(comm, protocol, address, port, netns);
            assert_eq!(found.as_deref(), expected, "{comm} {address} {port}");
        }
    }
}
