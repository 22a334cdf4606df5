//! The agent's configuration: one TOML file, unknown keys refused.

use muster_model::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that can be configured. Every key has a default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the agent keeps its key, its enrolment and its spool. Default `/var/lib/muster-agent`.
    pub state_dir: Option<PathBuf>,
    /// What may be spent.
    pub limits: Limits,
    /// What the server may ask.
    pub allow: Allow,
    /// When to sweep.
    pub schedule: ScheduleConfig,
    /// Which images are looked for beside those in the stores of Docker, Podman and containerd.
    pub images: ImagesConfig,
    /// What is watched between sweeps.
    pub live: LiveConfig,
    /// Switches and periods by kind.
    pub kinds: BTreeMap<Kind, KindConfig>,
}

/// What the agent may spend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Share of one core on average, percent; 100 is no limit.
    pub cpu_percent: f64,
    /// CPU time that may be spent in one go after a rest, milliseconds.
    pub cpu_burst_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { cpu_percent: 2.0, cpu_burst_ms: 3_000 }
    }
}

/// What the server may ask of this agent. The list is closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Allow {
    /// A sweep outside the schedule.
    pub collect: bool,
    /// To change by which SSH keys accounts of this host may be logged in to: whoever commands the server can then let
    /// himself in. Off unless it is switched on here.
    pub bind: bool,
    /// To keep containers from running programs that their image is not known for: whoever commands the server can then stop
    /// them from starting anything. Off unless it is switched on here.
    pub block: bool,
}

impl Default for Allow {
    fn default() -> Self {
        Self { collect: true, bind: false, block: false }
    }
}

/// When to sweep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleConfig {
    /// Local times of day without scheduled sweeps, `"22:00-06:00"`. Heartbeats go on.
    pub quiet: Vec<String>,
}

/// Images on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImagesConfig {
    /// Folders that are OCI layouts, or that hold some.
    pub layouts: Vec<PathBuf>,
    /// Whether images are looked into that nobody asked for, one at a time and within `limits.cpu_percent`; which ones says
    /// the server.
    pub scan: bool,
}

impl Default for ImagesConfig {
    fn default() -> Self {
        Self { layouts: Vec::new(), scan: true }
    }
}

/// What is watched between sweeps, so that changes are told within seconds. What is off, or not to be had, is seen by the
/// next sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LiveConfig {
    /// Starts and ends of processes and containers; programs that run shorter than the time between two sweeps.
    pub processes: bool,
    /// Folders of accounts, packages and of what starts by itself.
    pub files: bool,
    /// Sockets that wait for others.
    pub listeners: bool,
    /// Kilobytes of events the kernel keeps while the agent is busy, 4 to 65536.
    pub buffer_kb: usize,
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self { processes: true, files: true, listeners: true, buffer_kb: 4_096 }
    }
}

impl LiveConfig {
    /// Whether anything is watched.
    pub const fn any(&self) -> bool {
        self.processes || self.files || self.listeners
    }
}

/// One kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KindConfig {
    /// Collected at all. Switching a kind off withdraws what the server holds of it.
    pub enabled: bool,
    /// Seconds between two sweeps, 10 to 604800. Default: 30 for processes and ports, 300
    /// for the rest.
    pub every_secs: Option<u64>,
}

impl Default for KindConfig {
    fn default() -> Self {
        Self { enabled: true, every_secs: None }
    }
}

impl Config {
    /// Reads the file; a missing one is the defaults.
    ///
    /// # Errors
    /// `Invalid` for unknown keys and values out of range, `Unavailable` when it cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error::new(
                muster_model::ErrorKind::Unavailable,
                format!("{}: {error}", path.display()),
            )),
        }
    }

    /// Reads the text of a configuration file.
    ///
    /// # Errors
    /// `Invalid` for unknown keys and values out of range.
    pub fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text)
            .map_err(|error| Error::invalid("configuration", error.to_string().trim_end()))?;
        config.check()?;
        Ok(config)
    }

    /// Checks the ranges the types do not say.
    ///
    /// # Errors
    /// `Invalid`, naming the key.
    pub fn check(&self) -> Result<()> {
        crate::schedule::Schedule::new(self)?;
        if !(0.01..=100.0).contains(&self.limits.cpu_percent) {
            return Err(Error::invalid("limits.cpu_percent", "must be 0.01 to 100"));
        }
        if self.images.layouts.iter().any(|it| !it.is_absolute()) {
            return Err(Error::invalid("images.layouts", "must be absolute paths"));
        }
        if self.limits.cpu_burst_ms > 600_000 {
            return Err(Error::invalid("limits.cpu_burst_ms", "must be 600000 or less"));
        }
        if !(4..=65_536).contains(&self.live.buffer_kb) {
            return Err(Error::invalid("live.buffer_kb", "must be 4 to 65536"));
        }
        Ok(())
    }

    /// Where the agent keeps what it must not lose.
    pub fn state_dir(&self) -> PathBuf {
        self.state_dir.clone().unwrap_or_else(|| "/var/lib/muster-agent".into())
    }

    /// The settings of one kind.
    pub fn kind(&self, kind: Kind) -> KindConfig {
        self.kinds.get(&kind).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_sets_what_it_names_and_nothing_else() {
        let config = Config::parse(
            "[kinds.process]\nevery_secs = 60\n[kinds.users]\nenabled = false\n[allow]\ncollect = false",
        )
        .unwrap();
        assert_eq!(config.kind(Kind::Process).every_secs, Some(60));
        assert!(!config.kind(Kind::Users).enabled && config.kind(Kind::App).enabled);
        assert!(!config.allow.collect);
        assert_eq!(config.limits, Limits::default());
    }

    #[test]
    fn what_is_wrong_is_refused_by_name() {
        for (text, name) in [
            ("sever = 'x'", "sever"),
            ("[kinds.proces]\nenabled = true", "proces"),
            ("[kinds.process]\nevery = 1", "every"),
            ("[kinds.process]\nevery_secs = 1", "kinds.process.every_secs"),
            ("[limits]\ncpu_percent = 0", "limits.cpu_percent"),
            ("[live]\nbuffer_kb = 3", "live.buffer_kb"),
            ("[live]\nfanotify = true", "fanotify"),
            ("[schedule]\nquiet = ['25:00-01:00']", "schedule.quiet"),
            ("[schedule]\nquiet = ['nine']", "schedule.quiet"),
            ("[images]\nlayouts = ['srv']", "images.layouts"),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert!(error.message().contains(name), "{}", error.message());
        }
    }
}
