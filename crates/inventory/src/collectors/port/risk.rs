//! Whether a port is dangerous, normal or unknown, and why.
//!
//! Dangerous is what can be reached from elsewhere and either crosses the network in clear with its
//! passwords, or by its defaults asks nobody who they are, or hands out the machine. Normal are ports that
//! only this machine can reach, and services known to authenticate. The table by port is
//! [`muster_model::known_port`]; one by program finds the same services where they listen on another port.

use super::address;
use super::reach::Reach;
use muster_formats::sockets::{Protocol, Socket};
use muster_model::known_port::{Danger, KnownPort, Transport, good, known_port, tcp};

/// What is said of a port.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assessment {
    /// `danger`, `normal`, `unknown`.
    pub(super) status: &'static str,
    pub(super) reason: String,
}

/// Programs that are the same danger on whatever port they listen, by how their name begins: a version may
/// follow.
const PROGRAMS: &[(&str, KnownPort)] = &[
    ("in.telnetd", tcp(23, "telnet", Danger::Clear)),
    ("telnetd", tcp(23, "telnet", Danger::Clear)),
    ("in.rlogind", tcp(513, "rlogin", Danger::Clear)),
    ("in.rshd", tcp(514, "rsh", Danger::Clear)),
    ("vsftpd", tcp(21, "FTP", Danger::Clear)),
    ("proftpd", tcp(21, "FTP", Danger::Clear)),
    ("pure-ftpd", tcp(21, "FTP", Danger::Clear)),
    ("redis-server", tcp(6379, "Redis", Danger::Open)),
    ("redis-check-rdb", tcp(6379, "Redis", Danger::Open)),
    ("valkey-server", tcp(6379, "Valkey", Danger::Open)),
    ("memcached", tcp(11211, "Memcached", Danger::Open)),
    ("mongod", tcp(27017, "MongoDB", Danger::Open)),
    ("mongos", tcp(27017, "MongoDB", Danger::Open)),
    ("etcd", tcp(2379, "etcd", Danger::Open)),
    ("clickhouse-server", tcp(8123, "ClickHouse", Danger::Open)),
    ("influxd", tcp(8086, "InfluxDB", Danger::Open)),
    ("consul", tcp(8500, "Consul", Danger::Open)),
    ("php-fpm", tcp(9000, "FastCGI", Danger::Code)),
    ("Xvnc", tcp(5900, "VNC", Danger::Clear)),
    ("x11vnc", tcp(5900, "VNC", Danger::Clear)),
    ("sshd", good(22, "SSH")),
    ("dropbear", good(22, "SSH")),
    ("mysqld", good(3306, "MySQL")),
    ("mariadbd", good(3306, "MariaDB")),
    ("postgres", good(5432, "PostgreSQL")),
    ("nginx", good(80, "HTTP by nginx")),
    ("apache2", good(80, "HTTP by Apache")),
    ("httpd", good(80, "HTTP by Apache")),
];

/// The assessment of a socket held by a program of this name, that can be reached so far.
pub(super) fn assess(socket: Socket, program: &str, reach: &Reach) -> Assessment {
    let normal = |reason: String| Assessment { status: "normal", reason };
    if address::is_loopback(socket.address) {
        return normal("can be reached from this machine only".to_owned());
    }
    match reach {
        Reach::Anyone => {}
        Reach::Machine(why) => {
            return normal(format!("can be reached from this machine only: {why}"));
        }
    }
    let transport = match socket.protocol {
        Protocol::Tcp => Transport::Tcp,
        Protocol::Udp => Transport::Udp,
    };
    let by_program = || {
        let is_version =
            |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
        PROGRAMS.iter().map(|(name, rule)| (program.strip_prefix(name), rule)).find_map(
            |(rest, rule)| {
                let fits = rule.transport == transport && rest.is_some_and(is_version);
                fits.then_some(rule)
            },
        )
    };
    // What really listens says more than the number: a web server may use any.
    match by_program().or_else(|| known_port(socket.port, transport)) {
        Some(known) => Assessment { status: known.status(), reason: known.description() },
        None => Assessment { status: "unknown", reason: "no rule knows this port".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assessed(protocol: Protocol, address: &str, port: u16, program: &str) -> Assessment {
        let address = address.parse().unwrap();
        let socket =
            Socket { protocol, address, port, v6_only: false, interface: 0, uid: 0, inode: 1 };
        assess(socket, program, &Reach::Anyone)
    }

    #[test]
    fn danger_is_what_can_be_reached() {
        for (protocol, address, port, program, expected) in [
            (Protocol::Tcp, "0.0.0.0", 23, "", "danger"),
            (Protocol::Tcp, "127.0.0.1", 23, "", "normal"),
            (Protocol::Tcp, "::", 6379, "redis-server", "danger"),
            (Protocol::Tcp, "10.0.0.5", 7001, "redis-server", "danger"),
            (Protocol::Tcp, "0.0.0.0", 9000, "nginx", "normal"),
            (Protocol::Tcp, "0.0.0.0", 9000, "php-fpm8.2", "danger"),
            (Protocol::Tcp, "0.0.0.0", 9000, "etcdctl", "unknown"),
            (Protocol::Tcp, "0.0.0.0", 22, "sshd", "normal"),
            (Protocol::Udp, "0.0.0.0", 22, "", "unknown"),
            (Protocol::Tcp, "0.0.0.0", 34567, "app", "unknown"),
        ] {
            let found = assessed(protocol, address, port, program);
            assert_eq!(found.status, expected, "{address}:{port} {program}");
            assert!(!found.reason.is_empty());
        }
    }
}
