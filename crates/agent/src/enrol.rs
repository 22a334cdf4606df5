//! Joining a server with a one-time token.

use crate::state::{Enrolment, StateDir};
use crate::transport::Transport;
use crate::transport::http::{Http, check_ca, fetch_ca};
use muster_model::host::HostProfile;
use muster_model::report::{EnrolRequest, PROTOCOL};
use muster_model::{EnrolToken, Error, Micros, Result};
use std::sync::Arc;

/// Joins `server` over HTTP. The CA certificate comes from `ca` (PEM) or from the server itself; either
/// must be the one the token was made for.
///
/// # Errors
/// `Conflict` when this folder holds an enrolment already, `Invalid` for a malformed or expired token,
/// otherwise what the server said.
pub fn join(
    state: &StateDir,
    server: &str,
    token: &str,
    ca: Option<String>,
    profile: HostProfile,
    now: Micros,
) -> Result<Enrolment> {
    let parsed = EnrolToken::parse(token)?;
    if parsed.expires <= now {
        return Err(Error::invalid("token", "has expired: make a new one"));
    }
    let ca = match (&parsed.ca_sha256, ca) {
        (Some(sha256), Some(ca)) => {
            check_ca(&ca, sha256)?;
            Some(ca)
        }
        (Some(sha256), None) => Some(fetch_ca(server, sha256)?),
        (None, ca) => ca,
    };
    let key = Arc::new(state.key()?);
    let mut transport = Http::new(server, ca.as_deref(), key)?;
    join_over(state, &mut transport, server, token, ca, profile)
}

/// Joins over any transport.
///
/// # Errors
/// As [`join`].
pub fn join_over(
    state: &StateDir,
    transport: &mut impl Transport,
    server: &str,
    token: &str,
    ca: Option<String>,
    host: HostProfile,
) -> Result<Enrolment> {
    if let Some(enrolment) = state.enrolment()? {
        let message = format!("already enrolled at {} as {}", enrolment.server, enrolment.host_id);
        return Err(Error::conflict(message));
    }
    let key = state.key()?;
    let request = EnrolRequest {
        protocol: PROTOCOL,
        token: token.trim().to_owned(),
        public_key: key.public_key(),
        host,
    };
    let reply = transport.enrol(&request)?;
    let enrolment = Enrolment {
        server: server.trim_end_matches('/').to_owned(),
        host_id: reply.host_id,
        agent_id: reply.agent_id,
        ca,
    };
    state.save_enrolment(&enrolment)?;
    Ok(enrolment)
}
