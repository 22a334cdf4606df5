//! Messages to a syslog (RFC 5424): by UDP (RFC 5426), TCP with counted octets (RFC 6587), or the socket of this machine.

use crate::Egress;
use muster_model::{Error, ErrorKind, Micros, Result};
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

/// How long a connection and each write may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longest value of a parameter in bytes; what is longer is cut off.
const MAX_VALUE: usize = 255;

/// Where a syslog listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogTarget(Way);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    Udp(String, u16),
    Tcp(String, u16),
    Unix(PathBuf),
}

/// What part of a system a message is of, by RFC 5424's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facility {
    /// 3, system daemons.
    Daemon,
    /// 13, log audit.
    Audit,
}

/// How much a message matters, by RFC 5424's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// 3.
    Error,
    /// 4.
    Warning,
    /// 5.
    Notice,
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct SyslogMessage<'a> {
    /// What it is of.
    pub facility: Facility,
    /// How much it matters.
    pub severity: Severity,
    /// When it was made.
    pub at: Micros,
    /// What kind of message, `CERT_EXPIRING`: letters, digits, `_`.
    pub kind: &'a str,
    /// Named values; names are letters, digits and `_`.
    pub values: &'a [(&'a str, String)],
    /// For people.
    pub text: &'a str,
}

impl SyslogTarget {
    /// Reads `udp://host:514`, `tcp://host:601` or `unix:/dev/log`.
    ///
    /// # Errors
    /// `Invalid` naming `parameter`.
    pub fn parse(parameter: &str, text: &str) -> Result<Self> {
        let network = |rest: &str, port| crate::host_and_port(rest, Some(port));
        let way = if let Some(rest) = text.strip_prefix("udp://") {
            network(rest, 514).map(|(host, port)| Way::Udp(host, port))
        } else if let Some(rest) = text.strip_prefix("tcp://") {
            network(rest, 601).map(|(host, port)| Way::Tcp(host, port))
        } else {
            let path = text.strip_prefix("unix:").map(PathBuf::from);
            path.filter(|path| path.is_absolute()).map(Way::Unix)
        };
        way.map(Self).ok_or_else(|| {
            let form = "must be udp://host:514, tcp://host:601 or unix:/dev/log";
            Error::invalid(parameter.to_owned(), form)
        })
    }
}

impl SyslogMessage<'_> {
    /// The message on the wire.
    fn encode(&self) -> Vec<u8> {
        let severity = match self.severity {
            Severity::Error => 3,
            Severity::Warning => 4,
            Severity::Notice => 5,
        };
        let facility = match self.facility {
            Facility::Daemon => 3,
            Facility::Audit => 13,
        };
        let priority = facility * 8 + severity;
        // The receiver knows where it came from; names of hosts are not ours to tell.
        let (at, pid, kind) = (self.at.iso(), std::process::id(), self.kind);
        let mut out = format!("<{priority}>1 {at} - muster {pid} {kind} ");
        // 32473 is the number of examples (RFC 5612): there is none for Muster.
        out.push_str("[muster@32473");
        for (name, value) in self.values {
            out.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        }
        // The mark says that what follows is UTF-8.
        out.push_str("] \u{feff}");
        out.extend(self.text.chars().map(|c| if c.is_control() { ' ' } else { c }));
        out.into_bytes()
    }
}

fn escaped(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars().filter(|c| !c.is_control()) {
        if out.len() >= MAX_VALUE {
            break;
        }
        if matches!(c, '"' | '\\' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

impl Egress {
    /// Hands a message over. A syslog acknowledges nothing: by UDP it may be lost on the way. Blocks.
    ///
    /// # Errors
    /// `Forbidden` for an address the rules close; `Unavailable` when nobody listens.
    pub fn send_syslog(&self, target: &SyslogTarget, message: &SyslogMessage<'_>) -> Result<()> {
        let bytes = message.encode();
        let failed = |error: std::io::Error| {
            Error::new(ErrorKind::Unavailable, format!("the syslog cannot be reached: {error}"))
        };
        match &target.0 {
            Way::Udp(host, port) => {
                let to = self.resolve(host, *port)?;
                let from = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(from).map_err(failed)?;
                socket.send_to(&bytes, to).map(drop).map_err(failed)
            }
            Way::Tcp(host, port) => {
                let to = self.resolve(host, *port)?;
                let mut stream = TcpStream::connect_timeout(&to, TIMEOUT).map_err(failed)?;
                stream.set_write_timeout(Some(TIMEOUT)).map_err(failed)?;
                let framed = [format!("{} ", bytes.len()).as_bytes(), &bytes].concat();
                stream.write_all(&framed).and_then(|()| stream.flush()).map_err(failed)
            }
            Way::Unix(path) => {
                let socket = UnixDatagram::unbound().map_err(failed)?;
                socket.set_write_timeout(Some(TIMEOUT)).map_err(failed)?;
                socket.send_to(&bytes, path).map(drop).map_err(failed)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EgressSettings;
    use std::io::Read;
    use std::net::TcpListener;

    fn open() -> Egress {
        let allow = vec!["127.0.0.0/8".to_owned(), "::1".to_owned()];
        Egress::new(&EgressSettings { allow, ca_file: None }).unwrap()
    }

    fn message<'a>(values: &'a [(&'a str, String)]) -> SyslogMessage<'a> {
        SyslogMessage {
            facility: Facility::Daemon,
            severity: Severity::Warning,
            at: Micros(1_767_225_600_000_001),
            kind: "CERT_EXPIRING",
            values,
            text: "a\nb",
        }
    }

    fn expected() -> String {
        let pid = std::process::id();
        format!(
            "<28>1 2026-01-01T00:00:00.000001Z - muster {pid} CERT_EXPIRING \
             [muster@32473 name=\"x\\\"\\]\\\\\"] \u{feff}a b"
        )
    }

    #[test]
    fn every_way_carries_the_same_message() {
        let values = [("name", "x\"]\\\r".to_owned())];
        let (door, message) = (open(), message(&values));
        let mut buffer = [0; 4096];

        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let url = format!("udp://{}", udp.local_addr().unwrap());
        door.send_syslog(&SyslogTarget::parse("s", &url).unwrap(), &message).unwrap();
        let n = udp.recv(&mut buffer).unwrap();
        assert_eq!(String::from_utf8_lossy(&buffer[..n]), expected());

        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("tcp://{}", tcp.local_addr().unwrap());
        door.send_syslog(&SyslogTarget::parse("s", &url).unwrap(), &message).unwrap();
        let mut text = String::new();
        tcp.accept().unwrap().0.read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("{} {}", expected().len(), expected()));

        let dir = std::env::temp_dir().join(format!("syslog-{}", std::process::id()));
        let unix = UnixDatagram::bind(&dir).unwrap();
        let url = format!("unix:{}", dir.display());
        door.send_syslog(&SyslogTarget::parse("s", &url).unwrap(), &message).unwrap();
        let n = unix.recv(&mut buffer).unwrap();
        std::fs::remove_file(&dir).unwrap();
        assert_eq!(String::from_utf8_lossy(&buffer[..n]), expected());
        let gone = door.send_syslog(&SyslogTarget::parse("s", &url).unwrap(), &message);
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::Unavailable);
    }

    #[test]
    fn only_what_the_rules_open_is_called() {
        let closed = Egress::new(&EgressSettings::default()).unwrap();
        for url in ["udp://127.0.0.1:514", "tcp://localhost", "udp://169.254.169.254"] {
            let target = SyslogTarget::parse("s", url).unwrap();
            let refused = closed.send_syslog(&target, &message(&[])).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Forbidden, "{url}");
        }
        for url in ["", "udp://", "tls://a", "unix:dev/log", "tcp://a:0x", "/dev/log"] {
            assert!(SyslogTarget::parse("certificates.syslog", url).is_err(), "{url}");
        }
    }
}
