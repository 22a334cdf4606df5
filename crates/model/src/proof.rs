//! How an agent proves that a request is its own.
//!
//! Every request but the enrolment carries four headers and is signed with the agent's Ed25519 key over
//! its method, path, date, counter and the SHA-256 of the body as sent. The counter makes each request
//! usable once, whatever the clocks say; the date tells a message that was late on its way (lower counter,
//! earlier date) from a second holder of the key (lower counter, later date).

use crate::{Error, Micros, Result};

/// Where [`crate::report::Report`] goes (POST).
pub const REPORT_PATH: &str = "/muster/agent/v1/report";

/// Header with the agent's id: the SHA-256 of its public key, lower hexadecimal.
pub const AGENT: &str = "muster-agent";
/// Header with the agent's date: microseconds since 1970, never going back.
pub const DATE: &str = "muster-date";
/// Header with the counter of [`crate::report::Report`].
pub const COUNTER: &str = "muster-counter";
/// Header with the signature, 128 lower hexadecimal digits.
pub const SIGNATURE: &str = "muster-signature";

/// The four headers of a request and what they speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Agent id.
    pub agent: String,
    /// Date by the agent's clock.
    pub date: Micros,
    /// Counter.
    pub counter: u64,
    /// Ed25519 signature.
    pub signature: [u8; 64],
}

impl Proof {
    /// Reads the four headers; `get` gives the value of one.
    ///
    /// # Errors
    /// `Unauthenticated` when one is missing or malformed.
    pub fn read<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Self> {
        let header = |name: &'static str| {
            get(name).ok_or_else(|| Error::unauthenticated(format!("header {name} is missing")))
        };
        let wrong = |name: &str| Error::unauthenticated(format!("header {name} is malformed"));
        let agent = header(AGENT)?;
        if agent.len() != 64 || !agent.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong(AGENT));
        }
        let mut signature = [0; 64];
        hex::decode_to_slice(header(SIGNATURE)?, &mut signature).map_err(|_| wrong(SIGNATURE))?;
        Ok(Self {
            agent: agent.to_ascii_lowercase(),
            date: Micros(header(DATE)?.parse().map_err(|_| wrong(DATE))?),
            counter: header(COUNTER)?.parse().map_err(|_| wrong(COUNTER))?,
            signature,
        })
    }
}

/// The bytes that are signed.
pub fn signed_bytes(
    method: &str,
    path: &str,
    date: Micros,
    counter: u64,
    body_sha256: &[u8],
) -> Vec<u8> {
    let body = hex::encode(body_sha256);
    format!("muster-agent-1\n{method}\n{path}\n{}\n{counter}\n{body}", date.0).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_or_refused_by_name() {
        let agent = "a".repeat(64);
        let signature = "0f".repeat(64);
        let get = |name: &str| match name {
            AGENT => Some(agent.as_str()),
            DATE => Some("5"),
            COUNTER => Some("7"),
            SIGNATURE => Some(signature.as_str()),
            _ => None,
        };
        let proof = Proof::read(get).unwrap();
        assert_eq!((proof.date, proof.counter, proof.signature[0]), (Micros(5), 7, 15));
        for missing in [AGENT, DATE, COUNTER, SIGNATURE] {
            let error = Proof::read(|name| (name != missing).then(|| get(name)).flatten());
            assert!(error.unwrap_err().message().contains(missing));
            let error = Proof::read(|name| if name == missing { Some("x") } else { get(name) });
            assert!(error.unwrap_err().message().contains("malformed"));
        }
    }

    #[test]
    fn every_part_is_signed() {
        let base = signed_bytes("POST", "/r", Micros(1), 2, &[3]);
        for other in [
            signed_bytes("PUT", "/r", Micros(1), 2, &[3]),
            signed_bytes("POST", "/s", Micros(1), 2, &[3]),
            signed_bytes("POST", "/r", Micros(2), 2, &[3]),
            signed_bytes("POST", "/r", Micros(1), 3, &[3]),
            signed_bytes("POST", "/r", Micros(1), 2, &[4]),
        ] {
            assert_ne!(base, other);
        }
    }
}
