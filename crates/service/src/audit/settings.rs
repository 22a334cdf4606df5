//! What an operator may set of the audit.

use muster_egress::SyslogTarget;
use muster_model::{Error, Result};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// `[audit]` of the configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditSettings {
    /// How long a secret waits for its record to be on the disk before it is refused: 50 to 60000
    /// milliseconds.
    pub wait_ms: u64,
    /// Syslog that gets a copy of every record: `udp://host:514`, `tcp://host:601`, `unix:/dev/log`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syslog: Option<String>,
    /// Where copies of the records are POSTed as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
}

impl AuditSettings {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// `Invalid`, naming the key and its limits.
    pub fn check(&self) -> Result<()> {
        if !(50..=60_000).contains(&self.wait_ms) {
            return Err(Error::invalid("audit.wait_ms", "must be 50 to 60000"));
        }
        if let Some(syslog) = &self.syslog {
            SyslogTarget::parse("audit.syslog", syslog)?;
        }
        Ok(())
    }

    pub(crate) const fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { wait_ms: 2_000, syslog: None, webhook: None }
    }
}
