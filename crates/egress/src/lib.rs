//! The only door for outgoing connections: callbacks, webhooks, updates.
//!
//! Whoever may name an address makes this server connect to it. So a name is resolved once and what it
//! resolved to is judged ([`rules`]) and then connected; redirects are not followed; no proxy of the
//! environment gets in between. Blocking: called where blocking is allowed.
#![forbid(unsafe_code)]

pub mod network;
pub mod rules;

mod door;
mod download;
mod mail;
mod syslog;

pub use door::{Answer, Egress};
pub use download::Download;
pub use mail::{Mail, MailServer};
pub use network::Network;
pub use rules::Rules;
pub use syslog::{Facility, Severity, SyslogMessage, SyslogTarget};

use muster_model::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use ureq::http::uri::Authority;

/// `[egress]` of the configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EgressSettings {
    /// Networks inside that may be connected to, as `10.1.0.0/16` or `fd00::/8`. Addresses of the internet need
    /// no entry; link-local and metadata addresses cannot be allowed.
    pub allow: Vec<String>,
    /// Certificates of the CAs that are trusted, PEM. Default: those of this system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl EgressSettings {
    /// The networks of `allow`.
    ///
    /// # Errors
    /// `Invalid`, naming the entry.
    pub fn rules(&self) -> Result<Rules> {
        let network = |text: &String| {
            Network::parse(text).ok_or_else(|| {
                Error::invalid("egress.allow", format!("{text} is no network like 10.1.0.0/16"))
            })
        };
        Ok(Rules::new(self.allow.iter().map(network).collect::<Result<_>>()?))
    }
}

/// A host, without the brackets of an IPv6 address, and its port; `usual` where none is given.
fn host_and_port(text: &str, usual: Option<u16>) -> Option<(String, u16)> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let port = match text.strip_prefix(host)? {
        "" => usual?,
        rest => rest.strip_prefix(':')?.parse().ok()?,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
}
