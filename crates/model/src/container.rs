//! What a host tells of its containers beyond what is in them.

use crate::Micros;
use crate::report::ContainerRef;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Containers told of in one report at most.
pub const MAX_TOLD: usize = 4_096;
/// Labels of a container at most.
pub const MAX_LABELS: usize = 64;
/// Longest text of a container's details, and longest label with its value, bytes.
pub const MAX_DETAIL: usize = 1_024;

/// A container that runs, as the state files of its runtime tell. What they do not tell is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its id and name.
    #[serde(flatten)]
    pub named: ContainerRef,
    /// The image as it was named at the start: `registry.example/shop:1`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// The image's id: `sha256:` and 64 digits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image_id: String,
    /// Who runs it: `docker`, `podman`, `containerd`, `cri-o`, `runc`, `lxc` or `systemd-nspawn`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub runtime: String,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Micros>,
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}
