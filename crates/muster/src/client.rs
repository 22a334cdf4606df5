//! A client of a running server: signs by an access key, trusts one CA.

use crate::cli::asking::Connection;
use crate::files::{CredentialsFile, RunFile};
use muster_model::{Clock, Error, ErrorKind, Result, SystemClock};
use muster_vault::signature::{Request, Scheme, SecretKey, Signer, sign};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use zeroize::Zeroizing;

/// RFC 3986's unreserved characters stay.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Largest JSON answer that is read.
const LARGEST: u64 = 256 << 20;

/// A way to one server, in one project.
pub(crate) struct Client {
    http: ureq::Agent,
    endpoint: String,
    key: SecretKey,
    project: String,
}

impl Client {
    /// Finds the server: the one named, or the one that runs on the data folder.
    pub(crate) fn new(connection: &Connection, data_dir: &Path) -> Result<Self> {
        let file = match &connection.credentials {
            Some(path) => Some(named(path)?),
            None => CredentialsFile::read(&CredentialsFile::path(data_dir))?,
        };
        let endpoint = match (&connection.endpoint, &file) {
            (Some(endpoint), _) => endpoint.clone(),
            (None, Some(file)) if connection.credentials.is_some() => file.endpoint.clone(),
            (None, _) => running(data_dir)?,
        };
        let pick = |given: &Option<String>, known: Option<&str>, name: &'static str| {
            let value = given.clone().or_else(|| known.map(str::to_owned));
            value.ok_or_else(|| Error::invalid(name, "is needed, as there is no credentials.json"))
        };
        let access = pick(
            &connection.access_key,
            file.as_ref().map(|it| it.access_key.as_str()),
            "access_key",
        )?;
        let secret = match (&connection.secret_key, &file) {
            (Some(secret), _) => secret.as_bytes().to_vec(),
            (None, Some(file)) => file.secret_key.as_bytes().to_vec(),
            (None, None) => {
                return Err(Error::invalid("secret_key", "is needed (MUSTER_SECRET_KEY)"));
            }
        };
        let project = pick(
            &connection.project_id,
            file.as_ref().map(|it| it.project_id.as_str()),
            "project_id",
        )?;
        let usual = data_dir.join("tls/ca.pem");
        let ca = connection.ca_file.clone().or_else(|| usual.exists().then_some(usual));
        Ok(Self {
            http: http(ca.as_deref())?,
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            key: SecretKey::new(&access, Zeroizing::new(secret)),
            project,
        })
    }

    /// GETs JSON. `path` may hold `{project}`.
    pub(crate) fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Value> {
        json(&self.send("GET", path, query, None)?)
    }

    /// Sends JSON and reads JSON.
    pub(crate) fn send_json(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let body = body.map(|body| Zeroizing::new(body.to_string().into_bytes()));
        json(&self.send(method, path, &[], body.as_deref().map(Vec::as_slice))?)
    }

    /// Deletes what a query names.
    pub(crate) fn delete(&self, path: &str, query: &[(&str, String)]) -> Result<()> {
        self.send("DELETE", path, query, None).map(drop)
    }

    /// GETs bytes.
    pub(crate) fn download(&self, path: &str) -> Result<Vec<u8>> {
        self.send("GET", path, &[], None)
    }

    /// PUTs a stream of known length to an address of the server that carries its own proof.
    pub(crate) fn put(&self, uri: &str, body: &mut dyn Read, length: u64) -> Result<()> {
        let request = ureq::http::Request::builder()
            .method("PUT")
            .uri(format!("{}{uri}", self.endpoint))
            .header("content-type", "application/octet-stream")
            .header("content-length", length)
            .body(ureq::SendBody::from_reader(body))
            .map_err(|error| Error::invalid("endpoint", error))?;
        // As long as it takes while bytes flow.
        let request = self
            .http
            .configure_request(request)
            .timeout_global(None)
            .timeout_send_body(None)
            .timeout_recv_response(Some(Duration::from_secs(600)))
            .build();
        let mut answer =
            self.http.run(request).map_err(|error| unreachable(&self.endpoint, &error))?;
        let status = answer.status().as_u16();
        let bytes = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let bytes = bytes.map_err(|error| unreachable(&self.endpoint, &error))?;
        if (200..300).contains(&status) { Ok(()) } else { Err(refusal(status, &bytes)) }
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, String)],
        body: Option<&[u8]>,
    ) -> Result<Vec<u8>> {
        let path = path.replace("{project}", &self.project);
        let (path, fixed) = path.split_once('?').unwrap_or((&path, ""));
        let query: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, ENCODED)))
            .collect();
        let query = format!("{fixed}{}", query.join("&"));
        let host = self.endpoint.split_once("://").map_or(self.endpoint.as_str(), |(_, host)| host);
        let headers: [(&str, &[u8]); 2] =
            [("host", host.as_bytes()), ("content-type", b"application/json")];
        let signed = Request {
            method,
            path,
            query: &query,
            headers: &headers,
            body: body.unwrap_or_default(),
        };
        let signer =
            Signer { key: &self.key, scheme: Scheme::HmacSha256, scope: ("muster", "muster") };
        let proof = sign(&signer, &signed, SystemClock.now()).map_err(Error::internal)?;
        let mut url = format!("{}{path}", self.endpoint);
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        request = request.header("content-type", "application/json");
        for (name, value) in proof {
            request = request.header(name, value);
        }
        let request = request.body(body.unwrap_or_default().to_vec());
        let request = request.map_err(|error| Error::invalid("endpoint", error))?;
        let mut answer =
            self.http.run(request).map_err(|error| unreachable(&self.endpoint, &error))?;
        let status = answer.status().as_u16();
        let bytes = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let bytes = bytes.map_err(|error| unreachable(&self.endpoint, &error))?;
        if (200..300).contains(&status) { Ok(bytes) } else { Err(refusal(status, &bytes)) }
    }
}

/// Credentials the user named: their file must be there.
fn named(path: &Path) -> Result<CredentialsFile> {
    CredentialsFile::read(path)?
        .ok_or_else(|| Error::invalid("credentials", format!("{} is not there", path.display())))
}

/// The server that runs on a data folder.
fn running(data_dir: &Path) -> Result<String> {
    let run = RunFile::read(data_dir)?.ok_or_else(|| {
        Error::new(
            ErrorKind::Unavailable,
            format!(
                "no server runs on {} (start one with `muster up`, or give --endpoint)",
                data_dir.display()
            ),
        )
    })?;
    Ok(run.endpoint)
}

fn http(ca: Option<&Path>) -> Result<ureq::Agent> {
    let mut certificates = Vec::new();
    if let Some(path) = ca {
        let pem = std::fs::read(path)
            .map_err(|error| Error::invalid("ca_file", format!("{}: {error}", path.display())))?;
        let certificate = Certificate::from_pem(&pem)
            .map_err(|_| Error::invalid("ca_file", "is not a certificate in PEM form"))?;
        certificates.push(certificate);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(certificates)))
        .unversioned_rustls_crypto_provider(provider)
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        // Only configured connections: no proxy from the environment.
        .proxy(None)
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_global(Some(Duration::from_secs(300)))
        .allow_non_standard_methods(true)
        .build();
    Ok(config.new_agent())
}

fn json(bytes: &[u8]) -> Result<Value> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|error| {
        Error::new(ErrorKind::Unavailable, format!("the server's answer is not JSON: {error}"))
    })
}

fn unreachable(endpoint: &str, error: &ureq::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{endpoint} cannot be reached: {error}"))
}

/// An answer that is not a success, in the flat or in the identity service's form.
fn refusal(status: u16, body: &[u8]) -> Error {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = body.get("error_msg").or_else(|| body.pointer("/error/message"));
    let message = message
        .and_then(Value::as_str)
        .map_or_else(|| format!("the server answered {status}"), str::to_owned);
    Error::new(ErrorKind::of_status(status), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_error_forms_are_understood() {
        let flat = refusal(404, br#"{"error_code":"x","error_msg":"gone"}"#);
        assert_eq!((flat.kind(), flat.message()), (ErrorKind::NotFound, "gone"));
        let iam = refusal(401, br#"{"error":{"code":401,"message":"who?"}}"#);
        assert_eq!((iam.kind(), iam.message()), (ErrorKind::Unauthenticated, "who?"));
        assert_eq!(refusal(502, b"<html>").kind(), ErrorKind::Unavailable);
    }
}
