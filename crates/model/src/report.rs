//! What an agent and the server say to each other.
//!
//! An agent keeps a state: for every *scope* (a kind, in a container or on the host) a set of rows. It
//! sends one digest a scope, and only where the server holds another digest the difference to it. The
//! server never has to trust an order of messages: a difference applies to exactly one base, and anything
//! else makes it ask for the scope in full. So a lost, repeated or reordered message, and a server or an
//! agent that lost its state, all converge.
//!
//! The digest is the agent's own and opaque to the server, which stores it in the same transaction as the
//! rows it stands for. Facts are hashed again by the server: an agent cannot name content it did not send.

use crate::container::Allowed;
use crate::host::HostProfile;
use crate::{Diagnostic, Fact, FactHash, Kind, Micros, container, image};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of these messages. The server serves this one and the two before it.
pub const PROTOCOL: u16 = 1;

/// A container as its host names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContainerRef {
    /// The runtime's id.
    pub id: String,
    /// The runtime's name for people.
    pub name: String,
}

/// What belongs to the occurrence of a fact on one host and not to its content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Volatile {
    /// Process that runs, holds or has loaded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Start of that process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Micros>,
    /// Last change of the file's inode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctime: Option<Micros>,
    /// Last change of the file's content; of a package its last installation or update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime: Option<Micros>,
    /// Last read of the file. Not part of the digest: it moves with every look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atime: Option<Micros>,
}

/// One occurrence of a fact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The content.
    pub fact: Fact,
    /// Which of several occurrences of the same content in the same scope, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seq: u32,
    /// What is not content.
    #[serde(default)]
    pub volatile: Volatile,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(seq: &u32) -> bool {
    *seq == 0
}

/// Names a row of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowKey {
    /// [`Fact::hash`] of its content.
    pub fact: FactHash,
    /// [`Row::seq`].
    pub seq: u32,
}

impl Row {
    /// The row's name in its scope.
    pub fn key(&self) -> RowKey {
        RowKey { fact: self.fact.hash(), seq: self.seq }
    }
}

/// SHA-256 over the sorted rows of a scope: see [`digest`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(#[serde(with = "hex_bytes")] pub [u8; 32]);

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The digest of a scope's rows, which must be sorted by key. `atime` does not count.
pub fn digest<'a>(rows: impl IntoIterator<Item = (&'a RowKey, &'a Volatile)>) -> Digest {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for (key, volatile) in rows {
        context.update(&key.fact.0);
        context.update(&key.seq.to_le_bytes());
        context.update(&i64::from(volatile.pid.unwrap_or(0)).to_le_bytes());
        for time in [volatile.started, volatile.ctime, volatile.mtime] {
            context.update(&time.map_or(i64::MIN, |at| at.0).to_le_bytes());
        }
    }
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    Digest(bytes)
}

/// Which set of rows a message speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// The kind.
    pub kind: Kind,
    /// The container, or none for the host itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerRef>,
}

/// What the agent has to say of a scope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "body")]
pub enum Body {
    /// Only the digest: nothing changed since the server's last answer, as far as the agent knows.
    Same,
    /// The difference from the state whose digest is `base`.
    Delta {
        /// The state the difference starts from.
        base: Digest,
        /// New rows, and rows whose volatile part changed.
        added: Vec<Row>,
        /// Rows that are gone.
        removed: Vec<RowKey>,
    },
    /// Every row.
    Full {
        /// The rows.
        rows: Vec<Row>,
    },
    /// The scope itself is gone (its container was removed, or its collector switched off).
    Gone,
}

/// One scope in a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScopeReport {
    /// Which set of rows.
    pub scope: Scope,
    /// Digest of the state after this message.
    pub digest: Digest,
    /// When the sweep that saw this state ended.
    pub swept_at: Micros,
    /// The difference.
    #[serde(flatten)]
    pub body: Body,
}

/// What a sweep cost the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// CPU time of the agent since its last report, microseconds.
    pub cpu_us: u64,
    /// Resident memory now, bytes.
    pub rss_bytes: u64,
}

/// From agent to server: heartbeat and inventory in one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`PROTOCOL`] of the agent.
    pub protocol: u16,
    /// The agent's version.
    pub agent_version: String,
    /// Strictly grows over the life of an agent's key; a second holder of the key is found by it.
    pub counter: u64,
    /// The host, whenever it differs from what was last acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostProfile>,
    /// The scopes, one entry each at most. A report that names the host's own scope of a kind names every
    /// scope of that kind: the server asks in full for any other it holds, and is told that it is gone.
    pub scopes: Vec<ScopeReport>,
    /// What the agent cost since its last report.
    #[serde(default)]
    pub cost: Cost,
    /// What troubles the sweeps now, at most 100, whenever it differs from what was last acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnostics: Option<Vec<Diagnostic>>,
    /// Every container that runs, at most [`container::MAX_TOLD`], whenever that differs from what was last
    /// acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<Vec<container::Details>>,
    /// Every image on the host's disks, at most [`image::MAX_TOLD`] with [`image::MAX_ALL_LAYERS`] layers in all, whenever
    /// that differs from what was last acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<image::Image>>,
    /// What is in images, that was asked for by [`Reply::scan`]: one at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<image::Contents>,
    /// [`Allowed::digest`] of what containers are held to on this host; none where its operator does not allow that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocking: Option<Digest>,
    /// Tasks done since the last report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<TaskDone>,
}

/// What the server may ask of an agent. The list is closed, and the agent may refuse each locally.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Task {
    /// Sweep these kinds now.
    Collect {
        /// Name of the task, to be given back in [`TaskDone`].
        id: String,
        /// The kinds.
        kinds: Vec<Kind>,
    },
    /// Change by which SSH keys an account of the host may be logged in to. Only asked of an agent whose host
    /// says [`HostProfile::allows_binding`].
    Bind {
        /// As above.
        id: String,
        /// The account.
        account: String,
        /// The key that is to let in, a line of `authorized_keys`; or empty.
        add: String,
        /// Keys that are not to let in, a line each.
        remove: Vec<String>,
    },
}

/// How a task ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDone {
    /// Its name.
    pub id: String,
    /// Why it was refused or failed as a whole; none if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Kinds of it that could not be swept, with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<Kind, String>,
}

/// From server to agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Scopes the server wants in full.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub full: Vec<Scope>,
    /// The server holds no profile of this host: send it again.
    #[serde(default)]
    pub want_host: bool,
    /// What to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Task>,
    /// Whether the host is protected: signs of escapes are looked for in its containers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guard: bool,
    /// Paths that containers are not to change; looked at where the host is protected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected_files: Vec<String>,
    /// What the containers of images may run, and nothing else; none: as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocking: Option<Vec<Allowed>>,
    /// Ids of images whose software is to be told, in the order in which they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scan: Vec<String>,
    /// The same where nobody waits for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scan_at_leisure: Vec<String>,
    /// Seconds until the next report is due.
    pub next_secs: u32,
}

/// From a new agent to the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// [`PROTOCOL`] of the agent.
    pub protocol: u16,
    /// The one-time token.
    pub token: String,
    /// The agent's public key: Ed25519, 32 bytes, hexadecimal. Its hash becomes the agent's id.
    pub public_key: String,
    /// The host.
    pub host: HostProfile,
}

/// The server's answer to [`EnrolRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    /// The host's id.
    pub host_id: String,
    /// The agent's id.
    pub agent_id: String,
}

impl Serialize for FactHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for FactHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hex_bytes::deserialize(deserializer).map(Self)
    }
}

/// Fixed-length bytes as hexadecimal text.
mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        let mut bytes = [0; N];
        hex::decode_to_slice(text.as_ref(), &mut bytes).map_err(|_| {
            de::Error::custom(format_args!("expected {} hexadecimal digits", N * 2))
        })?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;

    fn row(name: &str, pid: u32) -> Row {
        let mut fact = Fact::new(Kind::App);
        fact.set(Column::Name, name.to_owned());
        Row { fact, seq: 0, volatile: Volatile { pid: Some(pid), ..Volatile::default() } }
    }

    #[test]
    fn the_digest_sees_pids_but_not_access_times() {
        let mut one = row("a", 1);
        let key = one.key();
        let before = digest([(&key, &one.volatile)]);
        one.volatile.atime = Some(Micros(5));
        assert_eq!(before, digest([(&key, &one.volatile)]));
        one.volatile.pid = Some(2);
        assert_ne!(before, digest([(&key, &one.volatile)]));
    }

    #[test]
    fn a_scope_report_survives_its_json() {
        let row = row("a", 1);
        let report = ScopeReport {
            scope: Scope { kind: Kind::App, container: None },
            digest: digest([(&row.key(), &row.volatile)]),
            swept_at: Micros(7),
            body: Body::Delta {
                base: Digest([1; 32]),
                added: vec![row.clone()],
                removed: vec![row.key()],
            },
        };
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<ScopeReport>(&json).unwrap(), report);
    }
}
