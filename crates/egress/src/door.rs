//! Requests that go out.

use crate::EgressSettings;
use crate::rules::Rules;
use muster_model::{Error, ErrorKind, Result};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Uri;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// Where systems keep the certificates of the CAs they trust.
const SYSTEM_CAS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];
/// Longest URL in bytes.
const MAX_URL: usize = 2048;
/// How long one exchange may take in all.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Largest answer that is read, in bytes.
const MAX_ANSWER: u64 = 64 * 1024;

/// Outgoing requests under one set of rules.
pub struct Egress {
    pub(crate) client: ureq::Agent,
    rules: Rules,
    /// The CAs that are trusted.
    pub(crate) roots: Arc<Vec<Certificate<'static>>>,
}

/// What the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// The beginning of the body, as text.
    pub body: String,
}

impl Egress {
    /// The door as the operator set it.
    ///
    /// # Errors
    /// `Invalid`, naming the setting at fault.
    pub fn new(settings: &EgressSettings) -> Result<Self> {
        let rules = settings.rules()?;
        let roots = match &settings.ca_file {
            Some(file) => {
                certificates(file).map_err(|error| Error::invalid("egress.ca_file", error))?
            }
            None => SYSTEM_CAS
                .iter()
                .find_map(|file| certificates(Path::new(file)).ok())
                .unwrap_or_default(),
        };
        let roots = Arc::new(roots);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider)
            .root_certs(RootCerts::Specific(Arc::clone(&roots)))
            .build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("muster/", env!("CARGO_PKG_VERSION")))
            .build();
        let resolver = Judge { rules: rules.clone(), names: DefaultResolver::default() };
        let client = ureq::Agent::with_parts(config, DefaultConnector::default(), resolver);
        Ok(Self { client, rules, roots })
    }

    /// Checks a URL somebody names as far as that is possible without resolving it: its form, and its host if that
    /// is an address. `parameter` is the name of what is checked.
    ///
    /// # Errors
    /// `Invalid` naming `parameter` and what is wrong.
    pub fn check(&self, parameter: &str, url: &str) -> Result<()> {
        let wrong = |why: &str| Err(Error::invalid(parameter.to_owned(), why));
        if url.len() > MAX_URL {
            return wrong("must have at most 2048 bytes");
        }
        let Ok(uri) = url.parse::<Uri>() else { return wrong("must be a URL") };
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return wrong("must start with http:// or https://");
        }
        let Some(authority) = uri.authority() else { return wrong("must name a host") };
        if authority.as_str().contains('@') {
            return wrong("must hold no user or password");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = host.parse() {
            return self.rules.judge(address).or_else(|error| wrong(error.message()));
        }
        Ok(())
    }

    /// The address a name leads to, once all it leads to were judged. Blocks.
    ///
    /// # Errors
    /// `Forbidden` for an address the rules close, `Unavailable` for a name that leads nowhere.
    pub(crate) fn resolve(&self, host: &str, port: u16) -> Result<SocketAddr> {
        let nowhere = |error: &dyn std::fmt::Display| {
            Error::new(ErrorKind::Unavailable, format!("{host} cannot be resolved: {error}"))
        };
        let found = (host, port).to_socket_addrs().map_err(|error| nowhere(&error))?;
        let addresses: Vec<SocketAddr> = found.collect();
        for address in &addresses {
            self.rules.judge(address.ip())?;
        }
        // Servers of one's own network listen on IPv4 more often than on both.
        let first = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
        first.copied().ok_or_else(|| nowhere(&"it has no address"))
    }

    /// POSTs JSON. Blocks.
    ///
    /// # Errors
    /// `Forbidden` for an address the rules close, `Unavailable` when nobody answers.
    pub fn post_json(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
        self.check("url", url)?;
        let mut request = self.client.post(url).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send(body).map_err(failed)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(MAX_ANSWER).lossy_utf8(true);
        Ok(Answer { status, body: body.read_to_string().unwrap_or_default() })
    }
}

/// Resolves a name and lets through only what the rules open. All of a name's addresses must be open: one that
/// is not is no accident.
#[derive(Debug)]
struct Judge {
    rules: Rules,
    names: DefaultResolver,
}

impl Resolver for Judge {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> std::result::Result<ResolvedSocketAddrs, ureq::Error> {
        let addresses = self.names.resolve(uri, config, timeout)?;
        for address in addresses.iter() {
            if let Err(error) = self.rules.judge(address.ip()) {
                let closed = io::Error::new(io::ErrorKind::PermissionDenied, error.message());
                return Err(ureq::Error::Io(closed));
            }
        }
        Ok(addresses)
    }
}

pub(crate) fn failed(error: ureq::Error) -> Error {
    match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Error::new(ErrorKind::Forbidden, error.to_string())
        }
        error => Error::new(ErrorKind::Unavailable, format!("no answer: {error}")),
    }
}

fn certificates(file: &Path) -> io::Result<Vec<Certificate<'static>>> {
    let pem = std::fs::read(file)?;
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        Err(io::Error::other("holds no certificate in PEM form"))
    } else {
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;

    fn egress(allow: &[&str]) -> Egress {
        let allow = allow.iter().map(|&text| text.to_owned()).collect();
        Egress::new(&EgressSettings { allow, ca_file: None }).unwrap()
    }

    /// Answers one request and hands out what it was.
    fn listener(answer: &'static str) -> (String, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut got, mut part) = (Vec::new(), [0; 4096]);
            while !got.ends_with(b"{}") {
                let n = stream.read(&mut part).unwrap();
                got.extend_from_slice(&part[..n]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(got).unwrap()
        });
        (format!("http://localhost:{port}/hook?x=1"), served)
    }

    #[test]
    fn a_name_that_leads_inside_is_refused_unless_allowed() {
        let (url, served) = listener("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        let refused = egress(&[]).post_json(&url, &[], b"{}").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Forbidden);
        assert!(refused.message().contains("[egress] allow"), "{}", refused.message());
        let open = egress(&["127.0.0.0/8", "::1"]);
        let answer = open.post_json(&url, &[("signature", "abc")], b"{}").unwrap();
        assert_eq!(answer, Answer { status: 200, body: "ok".to_owned() });
        let got = served.join().unwrap().to_lowercase();
        assert!(
            got.starts_with("post /hook?x=1 ") && got.contains("\r\nsignature: abc\r\n"),
            "{got}"
        );
    }

    #[test]
    fn a_redirect_is_an_answer_and_not_followed() {
        let to =
            "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
        let (url, served) = listener(to);
        let open = egress(&["127.0.0.0/8", "::1"]);
        assert_eq!(open.post_json(&url, &[], b"{}").unwrap().status, 302);
        served.join().unwrap();
    }

    #[test]
    fn urls_that_cannot_be_meant_are_named() {
        let door = egress(&["127.0.0.0/8"]);
        for url in [
            "",
            "x",
            "/hook",
            "ftp://a/",
            "file:///etc/passwd",
            "http://",
            "http://a:b@c/",
            "http://10.0.0.1/",
            "http://169.254.169.254/",
            "http://[fe80::1]/",
            "http://[::1]:1/",
            &format!("http://a/{}", "x".repeat(MAX_URL)),
        ] {
            let error = door.check("callbackUrl", url).unwrap_err();
            assert!(error.message().contains("callbackUrl"), "{url}: {}", error.message());
        }
        for url in ["http://127.0.0.1:1/", "https://example.com/a?b", "http://example.com:8080"] {
            door.check("callbackUrl", url).unwrap();
        }
    }
}
