//! Whether a port is dangerous, normal or unknown, and why.
//!
//! Dangerous is what can be reached from elsewhere and either crosses the network in clear with its
//! passwords, or by its defaults asks nobody who they are, or hands out the machine. Normal are ports that
//! only this machine can reach, and services known to authenticate. The table is by port, and a second one by
//! program finds the same services where they listen on another port.

use super::address;
use muster_formats::sockets::{Protocol, Socket};

/// What is said of a port.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assessment {
    /// `danger`, `normal`, `unknown`.
    pub(super) status: &'static str,
    pub(super) reason: String,
}

struct Rule {
    port: u16,
    protocol: Protocol,
    service: &'static str,
    /// Why it is dangerous when reachable from elsewhere; none for a normal one.
    danger: Option<&'static str>,
}

const CLEAR: &str = "passwords and data cross the network in clear";
const OPEN: &str = "asks for no authentication by default";
const CODE: &str = "lets whoever reaches it run code";
const LEAKS: &str = "tells about the system to whoever asks";
const INSIDE: &str = "a protocol for trusted networks only";

const fn tcp(port: u16, service: &'static str, danger: &'static str) -> Rule {
    Rule { port, protocol: Protocol::Tcp, service, danger: Some(danger) }
}

const fn udp(port: u16, service: &'static str, danger: &'static str) -> Rule {
    Rule { port, protocol: Protocol::Udp, service, danger: Some(danger) }
}

const fn good(port: u16, service: &'static str) -> Rule {
    Rule { port, protocol: Protocol::Tcp, service, danger: None }
}

const fn good_udp(port: u16, service: &'static str) -> Rule {
    Rule { port, protocol: Protocol::Udp, service, danger: None }
}

const RULES: &[Rule] = &[
    // Login and files in clear.
    tcp(21, "FTP", CLEAR),
    tcp(23, "telnet", CLEAR),
    udp(69, "TFTP", OPEN),
    tcp(79, "finger", LEAKS),
    tcp(110, "POP3", CLEAR),
    tcp(143, "IMAP", CLEAR),
    tcp(512, "rexec", CLEAR),
    tcp(513, "rlogin", CLEAR),
    tcp(514, "rsh", CLEAR),
    tcp(873, "rsync", OPEN),
    // Made for the local network.
    tcp(7, "echo", INSIDE),
    udp(7, "echo", INSIDE),
    udp(19, "chargen", INSIDE),
    tcp(19, "chargen", INSIDE),
    tcp(111, "rpcbind", LEAKS),
    udp(111, "rpcbind", LEAKS),
    tcp(135, "MS-RPC", INSIDE),
    udp(137, "NetBIOS name service", INSIDE),
    udp(138, "NetBIOS datagrams", INSIDE),
    tcp(139, "NetBIOS session", INSIDE),
    udp(161, "SNMP", CLEAR),
    tcp(445, "SMB", INSIDE),
    udp(1900, "SSDP", LEAKS),
    tcp(2049, "NFS", INSIDE),
    udp(2049, "NFS", INSIDE),
    tcp(3260, "iSCSI", INSIDE),
    udp(5353, "mDNS", LEAKS),
    udp(5355, "LLMNR", LEAKS),
    udp(177, "XDMCP", CLEAR),
    // Remote screens.
    tcp(5555, "Android debug bridge", CODE),
    tcp(5900, "VNC", CLEAR),
    tcp(5901, "VNC", CLEAR),
    tcp(6000, "X11", INSIDE),
    // Remote code.
    tcp(1090, "Java RMI", CODE),
    tcp(1099, "Java RMI registry", CODE),
    tcp(2375, "Docker API without TLS", CODE),
    tcp(5005, "Java debugger", CODE),
    tcp(8009, "AJP", "trusts whoever reaches it with requests and files of the server"),
    tcp(9229, "Node.js debugger", CODE),
    tcp(10255, "kubelet without authentication", LEAKS),
    tcp(7077, "Spark master", CODE),
    tcp(8088, "YARN resource manager", CODE),
    tcp(8265, "Ray dashboard", CODE),
    tcp(4040, "Spark driver", LEAKS),
    tcp(4369, "Erlang port mapper", LEAKS),
    tcp(25672, "Erlang distribution", CODE),
    tcp(61616, "ActiveMQ OpenWire", CODE),
    // Databases and stores without authentication by default.
    tcp(2181, "ZooKeeper", OPEN),
    tcp(2379, "etcd", OPEN),
    tcp(2380, "etcd between members", OPEN),
    tcp(5984, "CouchDB", OPEN),
    tcp(6379, "Redis", OPEN),
    tcp(6380, "Redis", OPEN),
    tcp(7000, "Cassandra between nodes", OPEN),
    tcp(7199, "Cassandra JMX", CODE),
    tcp(8086, "InfluxDB", OPEN),
    tcp(8123, "ClickHouse", OPEN),
    tcp(8500, "Consul", OPEN),
    tcp(9042, "Cassandra", OPEN),
    tcp(9090, "Prometheus", LEAKS),
    tcp(9092, "Kafka", OPEN),
    tcp(9160, "Cassandra Thrift", OPEN),
    tcp(9200, "Elasticsearch or OpenSearch", OPEN),
    tcp(9300, "Elasticsearch between nodes", OPEN),
    tcp(11211, "Memcached", OPEN),
    udp(
        11211,
        "Memcached",
        "answers larger than the question to whatever address the question bears",
    ),
    tcp(15672, "RabbitMQ management", CLEAR),
    tcp(26379, "Redis Sentinel", OPEN),
    tcp(27017, "MongoDB", OPEN),
    tcp(27018, "MongoDB", OPEN),
    tcp(27019, "MongoDB", OPEN),
    tcp(50070, "HDFS name node", OPEN),
    tcp(50075, "HDFS data node", OPEN),
    tcp(16010, "HBase master", OPEN),
    // Known, with authentication or meant for everyone.
    good(22, "SSH"),
    good(25, "SMTP"),
    good(53, "DNS"),
    good_udp(53, "DNS"),
    good_udp(67, "DHCP server"),
    good_udp(68, "DHCP client"),
    good(80, "HTTP"),
    good(88, "Kerberos"),
    good_udp(88, "Kerberos"),
    good_udp(123, "NTP"),
    good_udp(323, "chrony control"),
    good(389, "LDAP"),
    good(443, "HTTPS"),
    good_udp(443, "HTTP/3"),
    good(465, "SMTP over TLS"),
    good_udp(500, "IKE"),
    good_udp(514, "syslog"),
    good_udp(546, "DHCPv6 client"),
    good(587, "mail submission"),
    good(636, "LDAP over TLS"),
    good(853, "DNS over TLS"),
    good(993, "IMAP over TLS"),
    good(995, "POP3 over TLS"),
    good_udp(1194, "OpenVPN"),
    good(1433, "SQL Server"),
    good(1521, "Oracle"),
    good(2376, "Docker API over TLS"),
    good(2377, "Docker Swarm"),
    good(3306, "MySQL or MariaDB"),
    good(3389, "RDP"),
    good_udp(4500, "IPsec"),
    good(5432, "PostgreSQL"),
    good(5671, "AMQP over TLS"),
    good(5672, "AMQP"),
    good(6443, "Kubernetes API"),
    good(8080, "HTTP"),
    good(8443, "HTTPS"),
    good(10250, "kubelet"),
    good_udp(51820, "WireGuard"),
];

/// Programs that are the same danger on whatever port they listen, by how their name begins: a version may
/// follow.
const PROGRAMS: &[(&str, Rule)] = &[
    ("in.telnetd", tcp(23, "telnet", CLEAR)),
    ("telnetd", tcp(23, "telnet", CLEAR)),
    ("in.rlogind", tcp(513, "rlogin", CLEAR)),
    ("in.rshd", tcp(514, "rsh", CLEAR)),
    ("vsftpd", tcp(21, "FTP", CLEAR)),
    ("proftpd", tcp(21, "FTP", CLEAR)),
    ("pure-ftpd", tcp(21, "FTP", CLEAR)),
    ("redis-server", tcp(6379, "Redis", OPEN)),
    ("redis-check-rdb", tcp(6379, "Redis", OPEN)),
    ("valkey-server", tcp(6379, "Valkey", OPEN)),
    ("memcached", tcp(11211, "Memcached", OPEN)),
    ("mongod", tcp(27017, "MongoDB", OPEN)),
    ("mongos", tcp(27017, "MongoDB", OPEN)),
    ("etcd", tcp(2379, "etcd", OPEN)),
    ("clickhouse-server", tcp(8123, "ClickHouse", OPEN)),
    ("influxd", tcp(8086, "InfluxDB", OPEN)),
    ("consul", tcp(8500, "Consul", OPEN)),
    ("php-fpm", tcp(9000, "FastCGI", CODE)),
    ("Xvnc", tcp(5900, "VNC", CLEAR)),
    ("x11vnc", tcp(5900, "VNC", CLEAR)),
    ("sshd", good(22, "SSH")),
    ("dropbear", good(22, "SSH")),
    ("mysqld", good(3306, "MySQL")),
    ("mariadbd", good(3306, "MariaDB")),
    ("postgres", good(5432, "PostgreSQL")),
    ("nginx", good(80, "HTTP by nginx")),
    ("apache2", good(80, "HTTP by Apache")),
    ("httpd", good(80, "HTTP by Apache")),
];

/// The assessment of a socket held by a program of this name.
pub(super) fn assess(socket: Socket, program: &str) -> Assessment {
    if address::is_loopback(socket.address) {
        let reason = "can be reached from this machine only".to_owned();
        return Assessment { status: "normal", reason };
    }
    let by_port =
        |port| RULES.iter().find(|rule| rule.port == port && rule.protocol == socket.protocol);
    let by_program = || {
        let is_version =
            |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
        PROGRAMS.iter().map(|(name, rule)| (program.strip_prefix(name), rule)).find_map(
            |(rest, rule)| {
                let fits = rule.protocol == socket.protocol && rest.is_some_and(is_version);
                fits.then_some(rule)
            },
        )
    };
    // What really listens says more than the number: a web server may use any.
    match by_program().or_else(|| by_port(socket.port)) {
        Some(Rule { service, danger: Some(why), .. }) => {
            Assessment { status: "danger", reason: format!("{service}: {why}") }
        }
        Some(Rule { service, danger: None, .. }) => {
            Assessment { status: "normal", reason: format!("well-known: {service}") }
        }
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
        assess(socket, program)
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

    #[test]
    fn no_port_has_two_rules() {
        let mut keys: Vec<_> = RULES.iter().map(|rule| (rule.port, rule.protocol)).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), RULES.len());
    }
}
