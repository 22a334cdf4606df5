//! A host as its agent describes it.

use serde::{Deserialize, Serialize};

/// What a host says of itself. Sent at enrolment and whenever it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostProfile {
    /// Host name, as `uname -n`.
    pub name: String,
    /// `/etc/machine-id`, empty where there is none. Copied by careless cloning: never an identity alone.
    #[serde(default)]
    pub machine_id: String,
    /// This boot (`/proc/sys/kernel/random/boot_id`): pids mean something only together with it.
    #[serde(default)]
    pub boot_id: String,
    /// Operating system for people, `Debian GNU/Linux 12 (bookworm)`.
    #[serde(default)]
    pub os_name: String,
    /// `ID` of os-release, `debian`.
    #[serde(default)]
    pub os_id: String,
    /// `VERSION_ID` of os-release, `12`.
    #[serde(default)]
    pub os_version: String,
    /// Kernel release, as `uname -r`.
    #[serde(default)]
    pub kernel: String,
    /// Machine architecture, as `uname -m`.
    #[serde(default)]
    pub arch: String,
    /// Addresses of all interfaces but loopback, the primary one first.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Logical processors.
    #[serde(default)]
    pub cpus: u32,
    /// Memory, bytes.
    #[serde(default)]
    pub memory_bytes: u64,
    /// Public keys its SSH server proves itself by, a line as in `authorized_keys` each, without comments.
    #[serde(default)]
    pub ssh_host_keys: Vec<String>,
    /// Whether its operator lets the agent change by which keys its accounts may be logged in to.
    #[serde(default)]
    pub allows_binding: bool,
    /// Whether its operator lets the agent keep containers from running programs unknown to their images.
    #[serde(default)]
    pub allows_blocking: bool,
    /// What its agent recognises in images that it looks into unasked ([`crate::image::ANALYSER`]); 0: it does not.
    #[serde(default)]
    pub scans_images: u32,
    /// The Kubernetes cluster it is a node of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Cluster>,
}

/// A Kubernetes cluster, as one of its nodes knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The same on all nodes: half of the SHA-256 of its CA's certificate, in hexadecimal digits.
    pub id: String,
    /// What the node calls it; often the same for many clusters.
    pub name: String,
    /// The address at which the node reaches its API server.
    pub server: String,
}

/// Whether an agent speaks for a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AgentStatus {
    /// The host is known, but no agent speaks for it.
    NotInstalled,
    /// None yet: it is being installed.
    Installing,
    /// None: its installation failed.
    InstallFailed,
    /// Heard of within three heartbeats.
    Online,
    /// Not heard of for longer.
    Offline,
}

impl AgentStatus {
    /// The HSS word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotInstalled => "not_installed",
            Self::Installing => "installing",
            Self::InstallFailed => "install_failed",
            Self::Online => "online",
            Self::Offline => "offline",
        }
    }
}
