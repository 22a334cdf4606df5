//! How far a port in a container's own network can be reached from.

use super::address;
use crate::networks::{Inner, Published};
use muster_formats::sockets::Socket;

/// From where.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// From elsewhere too, as far as is known.
    Anyone,
    /// From this machine and its containers alone, and why.
    Machine(String),
}

/// What is published of a socket's port, with the port of the host.
fn of_socket(socket: Socket, inner: &Inner) -> impl Iterator<Item = (&Published, u16)> {
    let fits = move |it: &&Published| it.protocol == socket.protocol;
    let published = inner.published.iter().filter(fits);
    published.filter_map(move |it| Some((it, it.of_container(socket.port)?)))
}

/// The addresses of the host that a port is published on, as `0.0.0.0:8080`, in their order.
pub(super) fn published(socket: Socket, inner: &Inner) -> String {
    let mut all: Vec<String> = of_socket(socket, inner)
        .map(|(it, port)| std::net::SocketAddr::new(it.address, port).to_string())
        .collect();
    all.sort();
    all.dedup();
    all.join(" ")
}

/// How far the port of a socket in such a network can be reached from.
pub(super) fn of(socket: Socket, inner: &Inner) -> Reach {
    let mut published = of_socket(socket, inner).peekable();
    if published.peek().is_none() {
        return Reach::Machine(match inner.bridges.as_slice() {
            [] => "its network has no interface".to_owned(),
            bridges => format!("it is open inside {}, and not published", bridges.join(", ")),
        });
    }
    if published.all(|(it, _)| address::is_loopback(it.address)) {
        return Reach::Machine("it is published on the loopback address".to_owned());
    }
    Reach::Anyone
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_formats::sockets::Protocol;

    #[test]
    fn what_is_not_published_is_reached_from_the_machine_alone() {
        let at = |address: &str, host_port| Published {
            protocol: Protocol::Tcp,
            port: 80,
            address: address.parse().unwrap(),
            host_port,
            count: 1,
        };
        let inner = |published| Inner { bridges: vec!["docker0".to_owned()], published };
        let socket = |protocol, port| Socket {
            protocol,
            address: "0.0.0.0".parse().unwrap(),
            port,
            v6_only: false,
            interface: 0,
            uid: 0,
            inode: 1,
        };
        let web = socket(Protocol::Tcp, 80);
        let local = inner(vec![at("127.0.0.1", 8080)]);
        let open = inner(vec![at("::", 8081), at("0.0.0.0", 8080), at("127.0.0.1", 8082)]);
        assert_eq!(of(web, &open), Reach::Anyone);
        assert_eq!(published(web, &open), "0.0.0.0:8080 127.0.0.1:8082 [::]:8081");
        for (socket, inner, why) in [
            (web, &local, "loopback"),
            (socket(Protocol::Udp, 80), &open, "inside docker0"),
            (socket(Protocol::Tcp, 81), &open, "not published"),
            (web, &Inner { bridges: vec![], published: vec![] }, "no interface"),
        ] {
            let Reach::Machine(said) = of(socket, inner) else { panic!("{why}") };
            assert!(said.contains(why), "{said}");
        }
    }
}
