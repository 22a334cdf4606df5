//! The server over HTTP: TLS with one trusted CA, bodies compressed and signed.

use super::Transport;
use crate::key::AgentKey;
use flate2::Compression;
use flate2::write::GzEncoder;
use muster_model::enrol::{CA_PATH, ENROL_PATH};
use muster_model::proof::{self, REPORT_PATH};
use muster_model::report::{EnrolReply, EnrolRequest, Reply, Report};
use muster_model::{Error, ErrorKind, Micros, Result};
use serde::de::DeserializeOwned;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsConfigBuilder};

/// Largest answer that is read.
const LARGEST_ANSWER: u64 = 4 << 20;
/// Smaller bodies are sent as they are.
const COMPRESS_FROM: usize = 1_024;
const TIMEOUT: Duration = Duration::from_secs(60);

/// The server at one address.
pub struct Http {
    server: String,
    client: ureq::Agent,
    key: Arc<AgentKey>,
}

impl Http {
    /// A way to `server` (`https://host:port`) that trusts only `ca` (PEM). Plain `http` is for loopback.
    ///
    /// # Errors
    /// `Invalid` when the address or the certificate is none.
    pub fn new(server: &str, ca: Option<&str>, key: Arc<AgentKey>) -> Result<Self> {
        let server = check_address(server)?;
        if server.starts_with("https:") && ca.is_none() {
            return Err(Error::invalid("ca", "an https server needs its CA certificate"));
        }
        let certificates = match ca {
            Some(pem) => vec![certificate(pem)?],
            None => Vec::new(),
        };
        let tls = tls().root_certs(RootCerts::Specific(Arc::new(certificates)));
        Ok(Self { server, client: client(tls.build()), key })
    }

    fn send<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
        proof: impl FnOnce(&[u8]) -> Option<proof::Proof>,
    ) -> Result<T> {
        let (body, compressed) = encode(body)?;
        let url = format!("{}{path}", self.server);
        let mut request = self.client.post(url).header("content-type", "application/json");
        if compressed {
            request = request.header("content-encoding", "gzip");
        }
        if let Some(proof) = proof(&body) {
            request = request
                .header(proof::AGENT, proof.agent)
                .header(proof::DATE, proof.date.0.to_string())
                .header(proof::COUNTER, proof.counter.to_string())
                .header(proof::SIGNATURE, hex::encode(proof.signature));
        }
        let mut answer = request.send(&body[..]).map_err(|error| unreachable(&error))?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(LARGEST_ANSWER).read_to_vec();
        let body = body.map_err(|error| unreachable(&error))?;
        if status == 200 {
            return serde_json::from_slice(&body).map_err(|error| {
                Error::new(ErrorKind::Unavailable, format!("the server's answer: {error}"))
            });
        }
        Err(refusal(status, &body))
    }
}

impl Transport for Http {
    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolReply> {
        self.send(ENROL_PATH, request, |_| None)
    }

    fn report(&mut self, report: &Report, date: Micros) -> Result<Reply> {
        let prove =
            |body: &[u8]| Some(self.key.prove("POST", REPORT_PATH, date, report.counter, body));
        self.send(REPORT_PATH, report, prove)
    }
}

/// Fetches the server's CA certificate (PEM) and compares it with the SHA-256 of its DER form from the
/// enrolment token: nothing else is believed of that connection.
///
/// # Errors
/// `Unavailable` when the server cannot be reached, `Unauthenticated` when it is another certificate.
pub fn fetch_ca(server: &str, sha256: &str) -> Result<String> {
    let server = check_address(server)?;
    let client = client(tls().disable_verification(true).build());
    let mut answer =
        client.get(format!("{server}{CA_PATH}")).call().map_err(|error| unreachable(&error))?;
    let pem = answer.body_mut().with_config().limit(64 << 10).read_to_string();
    let pem = pem.map_err(|error| unreachable(&error))?;
    check_ca(&pem, sha256)?;
    Ok(pem)
}

/// Compares a CA certificate (PEM) with the SHA-256 of its DER form.
///
/// # Errors
/// `Unauthenticated` when it is another one or none at all.
pub fn check_ca(pem: &str, sha256: &str) -> Result<()> {
    let other = || {
        Error::unauthenticated("the server does not hold the CA certificate the token was made for")
    };
    let certificate = certificate(pem).map_err(|_| other())?;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
    if hex::encode(hash) == sha256 { Ok(()) } else { Err(other()) }
}

fn certificate(pem: &str) -> Result<Certificate<'static>> {
    Certificate::from_pem(pem.as_bytes())
        .map_err(|_| Error::invalid("ca", "is not a certificate in PEM form"))
}

fn tls() -> TlsConfigBuilder {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    TlsConfig::builder().unversioned_rustls_crypto_provider(Arc::new(provider))
}

fn client(tls: TlsConfig) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        // Only configured connections: no proxy from the environment.
        .proxy(None)
        .timeout_global(Some(TIMEOUT))
        .user_agent(concat!("muster-agent/", env!("CARGO_PKG_VERSION")))
        .build();
    config.new_agent()
}

/// `https` anywhere, `http` on this machine only.
fn check_address(server: &str) -> Result<String> {
    let server = server.trim_end_matches('/');
    let wrong = |why| Err(Error::invalid("server", why));
    let Some((scheme, rest)) = server.split_once("://") else {
        return wrong("must read like https://host:port");
    };
    let host = match rest.strip_prefix('[') {
        Some(v6) => v6.split(']').next(),
        None => rest.split([':', '/']).next(),
    };
    let host = host.unwrap_or_default();
    let loopback = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match scheme {
        "https" => Ok(server.to_owned()),
        "http" if loopback => Ok(server.to_owned()),
        "http" => wrong("plain http is for loopback addresses only: use https"),
        _ => wrong("must start with https://"),
    }
}

fn encode(body: &impl serde::Serialize) -> Result<(Vec<u8>, bool)> {
    let json = serde_json::to_vec(body).map_err(Error::internal)?;
    if json.len() < COMPRESS_FROM {
        return Ok((json, false));
    }
    let mut gzip = GzEncoder::new(Vec::with_capacity(json.len() / 6), Compression::fast());
    gzip.write_all(&json).map_err(Error::internal)?;
    Ok((gzip.finish().map_err(Error::internal)?, true))
}

fn unreachable(error: &ureq::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the server cannot be reached: {error}"))
}

/// An answer that is not 200.
fn refusal(status: u16, body: &[u8]) -> Error {
    #[derive(serde::Deserialize)]
    struct Refusal {
        error_msg: String,
    }
    let message = serde_json::from_slice::<Refusal>(body)
        .map_or_else(|_| format!("the server answered {status}"), |refusal| refusal.error_msg);
    Error::new(ErrorKind::of_status(status), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_leaves_the_machine_for_nobody() {
        for good in ["https://muster.example:1", "http://127.0.0.1:8317/", "http://[::1]:1"] {
            assert!(check_address(good).is_ok(), "{good}");
        }
        for bad in ["http://10.0.0.1", "http://localhost.example", "ftp://x", "muster", ""] {
            assert_eq!(check_address(bad).unwrap_err().parameter(), Some("server"), "{bad}");
        }
    }

    #[test]
    fn https_without_a_ca_trusts_nobody() {
        let key = Arc::new(AgentKey::generate().unwrap());
        let error = Http::new("https://x", None, key).err().unwrap();
        assert_eq!(error.parameter(), Some("ca"));
    }

    #[test]
    fn refusals_keep_the_servers_words() {
        let error = refusal(409, br#"{"error_code":"x","error_msg":"cloned","request_id":"1"}"#);
        assert_eq!((error.kind(), error.message()), (ErrorKind::Conflict, "cloned"));
        assert_eq!(refusal(502, b"<html>").kind(), ErrorKind::Unavailable);
    }
}
