//! What an operator may set of the audit.

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
        Ok(())
    }

    pub(crate) const fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { wait_ms: 2_000 }
    }
}
