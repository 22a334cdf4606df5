//! What a web server's configuration says it serves, whichever server it is.

/// One place of one site: a host name at an address and port, and below it a URL path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The first server name; `_` for a catch-all.
    pub domain: String,
    /// The other server names.
    pub aliases: Vec<String>,
    /// Port, 1 to 65535.
    pub port: u16,
    /// Address listened on: `0.0.0.0`, `::`, an address, or a host name as written.
    pub bind: String,
    /// URL path, beginning with `/`.
    pub url_path: String,
    /// Directory or file served there, as written: it may be relative and hold the server's variables.
    pub root: Option<String>,
    /// Where requests are passed on to, as written.
    pub upstream: Option<String>,
    /// Served by HTTPS.
    pub https: bool,
    /// Certificate file, as written.
    pub certificate: Option<String>,
    /// Configuration file that defines the site.
    pub file: String,
}

/// The name a site without a name is given.
pub const CATCH_ALL: &str = "_";

/// An address and port as `listen`-like directives write them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The address; `None` stands for all of them.
    pub host: Option<String>,
    /// The port, where one is written.
    pub port: Option<u16>,
}

impl Address {
    /// Reads `80`, `1.2.3.4`, `1.2.3.4:80`, `*:80`, `[::]:80`, `name`, `name:80`. A bare number is a
    /// port. `None` when the port is none, or for the address of a Unix socket.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.starts_with("unix:") {
            return None;
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                match rest {
                    "" => (host, None),
                    _ => (host, Some(rest.strip_prefix(':')?)),
                }
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None if text.bytes().all(|b| b.is_ascii_digit()) => ("", Some(text)),
                None => (text, None),
            },
        };
        let port = match port {
            None | Some("*") => None,
            Some(digits) => Some(digits.parse::<u16>().ok().filter(|port| *port != 0)?),
        };
        let host = (!matches!(host, "" | "*")).then(|| host.to_owned());
        Some(Self { host, port })
    }

    /// The address as rows show it: every IPv4 address where none is written.
    pub fn bind(&self) -> String {
        self.host.clone().unwrap_or_else(|| "0.0.0.0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: Option<&str>, port: Option<u16>) -> Option<Address> {
        Some(Address { host: host.map(str::to_owned), port })
    }

    #[test]
    fn every_way_to_write_an_address() {
        assert_eq!(Address::parse("8080"), address(None, Some(8080)));
        assert_eq!(Address::parse("*:80"), address(None, Some(80)));
        assert_eq!(Address::parse("*"), address(None, None));
        assert_eq!(Address::parse("*:*"), address(None, None));
        assert_eq!(Address::parse("127.0.0.1:81"), address(Some("127.0.0.1"), Some(81)));
        assert_eq!(Address::parse("[::]:443"), address(Some("::"), Some(443)));
        assert_eq!(Address::parse("[fe80::1]"), address(Some("fe80::1"), None));
        assert_eq!(Address::parse("localhost"), address(Some("localhost"), None));
        for broken in ["", "unix:/run/x", "1.2.3.4:99999", "[::1", "[::1]80", "a:0", "a:b:c"] {
            assert_eq!(Address::parse(broken), None, "{broken}");
        }
    }
}
