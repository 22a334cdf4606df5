//! What is known of ports by their number: which service usually listens there, and whether that is a danger
//! where others can reach it. The one table; the agent judges by it and the API tells of it.
//!
//! Dangerous is what crosses the network in clear with its passwords, or by its defaults asks nobody who they
//! are, or hands out the machine. Numbers and services after IANA's registry and the products' own defaults.

/// The protocol beneath.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Why a service is dangerous when reachable from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// Passwords can be read on the way.
    Clear,
    /// Nobody is asked who they are.
    Open,
    /// It runs what it is sent.
    Code,
    /// It tells strangers about the system.
    Leaks,
    /// Made for networks whose members trust each other.
    Inside,
    /// It takes its peer for the web server in front.
    Trusts,
    /// It can be made to flood others.
    Amplifies,
}

impl Danger {
    /// In English.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Clear => "passwords and data cross the network in clear",
            Self::Open => "asks for no authentication by default",
            Self::Code => "lets whoever reaches it run code",
            Self::Leaks => "tells about the system to whoever asks",
            Self::Inside => "a protocol for trusted networks only",
            Self::Trusts => "trusts whoever reaches it with requests and files of the server",
            Self::Amplifies => {
                "answers larger than the question to whatever address the question bears"
            }
        }
    }

    /// In Chinese.
    pub const fn reason_zh(self) -> &'static str {
        match self {
            Self::Clear => "口令和数据在网络上明文传输",
            Self::Open => "默认不要求身份认证",
            Self::Code => "可被任何能访问者用来执行代码",
            Self::Leaks => "向任何询问者泄露系统信息",
            Self::Inside => "仅适用于可信网络的协议",
            Self::Trusts => "信任任何能访问者发来的请求，可读取服务器文件",
            Self::Amplifies => "可向任意地址返回大于请求的应答（放大攻击）",
        }
    }
}

/// A port and the service that usually listens on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownPort {
    /// Number.
    pub port: u16,
    /// Over what.
    pub transport: Transport,
    /// Name of the service.
    pub service: &'static str,
    /// Why it is dangerous; none for a service that authenticates or is meant for everyone.
    pub danger: Option<Danger>,
}

impl KnownPort {
    /// `danger` or `normal`, as the vendor has it.
    pub const fn status(&self) -> &'static str {
        if self.danger.is_some() { "danger" } else { "normal" }
    }

    /// What it is, in English.
    pub fn description(&self) -> String {
        match self.danger {
            Some(danger) => format!("{}: {}", self.service, danger.reason()),
            None => format!("well-known: {}", self.service),
        }
    }

    /// What it is, in Chinese.
    pub fn description_zh(&self) -> String {
        match self.danger {
            Some(danger) => format!("{}：{}", self.service, danger.reason_zh()),
            None => format!("常用服务：{}", self.service),
        }
    }
}

/// What usually listens on a port.
pub fn known_port(port: u16, transport: Transport) -> Option<&'static KnownPort> {
    RULES.iter().find(|rule| rule.port == port && rule.transport == transport)
}

/// A dangerous TCP service.
pub const fn tcp(port: u16, service: &'static str, danger: Danger) -> KnownPort {
    KnownPort { port, transport: Transport::Tcp, service, danger: Some(danger) }
}

const fn udp(port: u16, service: &'static str, danger: Danger) -> KnownPort {
    KnownPort { port, transport: Transport::Udp, service, danger: Some(danger) }
}

/// A TCP service that authenticates or is meant for everyone.
pub const fn good(port: u16, service: &'static str) -> KnownPort {
    KnownPort { port, transport: Transport::Tcp, service, danger: None }
}

const fn good_udp(port: u16, service: &'static str) -> KnownPort {
    KnownPort { port, transport: Transport::Udp, service, danger: None }
}

const RULES: &[KnownPort] = &[
    // Login and files in clear.
    tcp(21, "FTP", Danger::Clear),
    tcp(23, "telnet", Danger::Clear),
    udp(69, "TFTP", Danger::Open),
    tcp(79, "finger", Danger::Leaks),
    tcp(110, "POP3", Danger::Clear),
    tcp(143, "IMAP", Danger::Clear),
    tcp(512, "rexec", Danger::Clear),
    tcp(513, "rlogin", Danger::Clear),
    tcp(514, "rsh", Danger::Clear),
    tcp(873, "rsync", Danger::Open),
    // Made for the local network.
    tcp(7, "echo", Danger::Inside),
    udp(7, "echo", Danger::Inside),
    udp(19, "chargen", Danger::Inside),
    tcp(19, "chargen", Danger::Inside),
    tcp(111, "rpcbind", Danger::Leaks),
    udp(111, "rpcbind", Danger::Leaks),
    tcp(135, "MS-RPC", Danger::Inside),
    udp(137, "NetBIOS name service", Danger::Inside),
    udp(138, "NetBIOS datagrams", Danger::Inside),
    tcp(139, "NetBIOS session", Danger::Inside),
    udp(161, "SNMP", Danger::Clear),
    tcp(445, "SMB", Danger::Inside),
    udp(1900, "SSDP", Danger::Leaks),
    tcp(2049, "NFS", Danger::Inside),
    udp(2049, "NFS", Danger::Inside),
    tcp(3260, "iSCSI", Danger::Inside),
    udp(5353, "mDNS", Danger::Leaks),
    udp(5355, "LLMNR", Danger::Leaks),
    udp(177, "XDMCP", Danger::Clear),
    // Remote screens.
    tcp(5555, "Android debug bridge", Danger::Code),
    tcp(5900, "VNC", Danger::Clear),
    tcp(5901, "VNC", Danger::Clear),
    tcp(6000, "X11", Danger::Inside),
    // Remote code.
    tcp(1090, "Java RMI", Danger::Code),
    tcp(1099, "Java RMI registry", Danger::Code),
    tcp(2375, "Docker API without TLS", Danger::Code),
    tcp(5005, "Java debugger", Danger::Code),
    tcp(8009, "AJP", Danger::Trusts),
    tcp(9229, "Node.js debugger", Danger::Code),
    tcp(10255, "kubelet without authentication", Danger::Leaks),
    tcp(7077, "Spark master", Danger::Code),
    tcp(8088, "YARN resource manager", Danger::Code),
    tcp(8265, "Ray dashboard", Danger::Code),
    tcp(4040, "Spark driver", Danger::Leaks),
    tcp(4369, "Erlang port mapper", Danger::Leaks),
    tcp(25672, "Erlang distribution", Danger::Code),
    tcp(61616, "ActiveMQ OpenWire", Danger::Code),
    // Databases and stores without authentication by default.
    tcp(2181, "ZooKeeper", Danger::Open),
    tcp(2379, "etcd", Danger::Open),
    tcp(2380, "etcd between members", Danger::Open),
    tcp(5984, "CouchDB", Danger::Open),
    tcp(6379, "Redis", Danger::Open),
    tcp(6380, "Redis", Danger::Open),
    tcp(7000, "Cassandra between nodes", Danger::Open),
    tcp(7199, "Cassandra JMX", Danger::Code),
    tcp(8086, "InfluxDB", Danger::Open),
    tcp(8123, "ClickHouse", Danger::Open),
    tcp(8500, "Consul", Danger::Open),
    tcp(9042, "Cassandra", Danger::Open),
    tcp(9090, "Prometheus", Danger::Leaks),
    tcp(9092, "Kafka", Danger::Open),
    tcp(9160, "Cassandra Thrift", Danger::Open),
    tcp(9200, "Elasticsearch or OpenSearch", Danger::Open),
    tcp(9300, "Elasticsearch between nodes", Danger::Open),
    tcp(11211, "Memcached", Danger::Open),
    udp(11211, "Memcached", Danger::Amplifies),
    tcp(15672, "RabbitMQ management", Danger::Clear),
    tcp(26379, "Redis Sentinel", Danger::Open),
    tcp(27017, "MongoDB", Danger::Open),
    tcp(27018, "MongoDB", Danger::Open),
    tcp(27019, "MongoDB", Danger::Open),
    tcp(50070, "HDFS name node", Danger::Open),
    tcp(50075, "HDFS data node", Danger::Open),
    tcp(16010, "HBase master", Danger::Open),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_has_two_rules() {
        let mut keys: Vec<_> = RULES.iter().map(|rule| (rule.port, rule.transport)).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), RULES.len());
    }

    #[test]
    fn a_port_is_described_in_both_languages() {
        let telnet = known_port(23, Transport::Tcp).unwrap();
        assert_eq!(telnet.status(), "danger");
        assert!(telnet.description().starts_with("telnet: passwords"));
        assert!(telnet.description_zh().contains("明文"));
        assert_eq!(known_port(22, Transport::Tcp).unwrap().status(), "normal");
        assert_eq!(known_port(22, Transport::Udp), None);
    }
}
