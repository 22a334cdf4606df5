//! What an operator may set of composition analysis.

use super::scan::Bounds;
use crate::export::Zone;
use muster_model::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// `[sca]` of the configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScaSettings {
    /// Largest artifact in bytes, 1 MiB to 1 TiB.
    pub max_bytes: u64,
    /// Bytes of the disk that artifacts leave free: one for which more is needed is refused.
    pub keep_free_bytes: u64,
    /// How long an artifact is kept after its last task was made, in seconds: 3600 to a year.
    pub keep_secs: i64,
    /// How long a task and what it found is kept after its end, in seconds: an hour to ten years.
    pub keep_results_secs: i64,
    /// Analyses one process runs at a time, 1 to 64.
    pub parallel: usize,
    /// How long one analysis may take, in seconds: 10 to 86400.
    pub timeout_secs: u64,
    /// How much memory one analysis may take, in MiB: 256 to 65536.
    pub memory_mb: u64,
    /// Zone of the times on the wire, by its name in the time zone database.
    pub time_zone: String,
    /// How far artifacts are kept away from the server while they are taken apart.
    pub isolation: Isolation,
    /// The program that takes artifacts apart, and its arguments before the artifact's. The binary sets itself.
    #[serde(skip)]
    pub engine: Option<(PathBuf, Vec<String>)>,
}

/// How an artifact, which may be hostile, is kept away from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// In a process of its own that can read the artifact and nothing else, reach no network and take no more than
    /// its share. Where the kernel cannot do that, analyses are refused.
    Required,
    /// As far as the kernel can: a process of its own in any case.
    Preferred,
    /// In the server's own process. For tests: no configuration can ask for it.
    #[serde(skip)]
    Off,
}

impl ScaSettings {
    /// What one analysis may take; the processors are shared by those that run at a time.
    pub(super) fn bounds(&self) -> Bounds {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Bounds {
            timeout_secs: self.timeout_secs,
            memory_mb: self.memory_mb,
            threads: (processors / self.parallel.max(1)).clamp(1, 16),
        }
    }

    /// Checks what the types do not say.
    ///
    /// # Errors
    /// `Invalid`, naming the key and its limits.
    pub fn check(&self) -> Result<()> {
        if !((1 << 20)..=(1 << 40)).contains(&self.max_bytes) {
            return Err(Error::invalid("sca.max_bytes", "must be 1048576 to 1099511627776"));
        }
        if !(3600..=31_536_000).contains(&self.keep_secs) {
            return Err(Error::invalid("sca.keep_secs", "must be 3600 to 31536000"));
        }
        if !(3600..=315_360_000).contains(&self.keep_results_secs) {
            return Err(Error::invalid("sca.keep_results_secs", "must be 3600 to 315360000"));
        }
        if !(1..=64).contains(&self.parallel) {
            return Err(Error::invalid("sca.parallel", "must be 1 to 64"));
        }
        if !(10..=86_400).contains(&self.timeout_secs) {
            return Err(Error::invalid("sca.timeout_secs", "must be 10 to 86400"));
        }
        if !(256..=65_536).contains(&self.memory_mb) {
            return Err(Error::invalid("sca.memory_mb", "must be 256 to 65536"));
        }
        Zone::named(&self.time_zone)
            .map(drop)
            .map_err(|_| Error::invalid("sca.time_zone", "is no zone of the time zone database"))
    }
}

impl Default for ScaSettings {
    fn default() -> Self {
        Self {
            max_bytes: 3 << 30,
            keep_free_bytes: 1 << 30,
            keep_secs: 7 * 24 * 3600,
            keep_results_secs: 31_536_000,
            parallel: 1,
            timeout_secs: 1800,
            memory_mb: 4096,
            time_zone: "Asia/Shanghai".to_owned(),
            isolation: Isolation::Required,
            engine: None,
        }
    }
}
