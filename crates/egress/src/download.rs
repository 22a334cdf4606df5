//! Fetching files, however large.

use crate::door::{Egress, failed};
use muster_model::{Error, ErrorKind, Result};
use std::io::Read;
use std::time::Duration;

/// Longest silence before a download is given up.
const SILENCE: Duration = Duration::from_secs(60);
/// Longest wait for the beginning of an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer whose body is still to be read.
pub struct Download {
    /// Status.
    pub status: u16,
    /// `Content-Length`, where it stands.
    pub length: Option<u64>,
    /// `ETag` where it is a strong one, else `Last-Modified`: what names this state of the file.
    pub validator: Option<String>,
    /// Where a redirect leads; it is not followed.
    pub location: Option<String>,
    /// `Content-Range`, of a partial answer.
    pub range: Option<String>,
    /// The body as it comes, unpacked by nobody.
    pub body: Box<dyn Read>,
}

impl Egress {
    /// GETs a file. Blocks; reading the body blocks too, and fails after a minute of silence.
    ///
    /// # Errors
    /// `Invalid` for what is no URL, `Forbidden` for an address the rules close, `Unavailable` when nobody answers.
    pub fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Download> {
        self.check("url", url)?;
        let mut request = self.client.get(url).header("accept-encoding", "identity");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .config()
            .timeout_global(None)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(SILENCE))
            .build();
        let answer = request.call().map_err(|error| {
            let error = failed(error);
            Error::new(error.kind(), format!("{url}: {}", error.message()))
        })?;
        let header = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
        };
        let tag = header("etag").filter(|tag| tag.starts_with('"'));
        let length = header("content-length").and_then(|length| length.parse().ok());
        let (location, range) = (header("location"), header("content-range"));
        let validator = tag.or_else(|| header("last-modified"));
        let status = answer.status().as_u16();
        let body = Box::new(answer.into_body().into_with_config().limit(u64::MAX).reader());
        Ok(Download { status, length, validator, location, range, body })
    }
}

impl Download {
    /// The error of an answer that is none of the expected.
    pub fn refused(&self, url: &str) -> Error {
        let message = match (&self.location, self.status) {
            (Some(to), 300..=399) => {
                format!("{url}: leads to {to}; redirects are not followed, name that address")
            }
            (_, status) => format!("{url}: answered with status {status}"),
        };
        Error::new(ErrorKind::Unavailable, message)
    }
}
