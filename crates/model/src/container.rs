//! What a host tells of its containers beyond what is in them.

use crate::Micros;
use crate::report::{ContainerRef, Digest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Containers told of in one report at most.
pub const MAX_TOLD: usize = 4_096;
/// Labels of a container at most.
pub const MAX_LABELS: usize = 64;
/// Signs told of a container at most.
pub const MAX_SIGNS: usize = 64;
/// Paths at most that the containers of a project are not to change.
pub const MAX_PROTECTED: usize = 256;
/// Programs at most of an image when its containers begin to be kept from running others: agents are told all of them.
pub const MAX_ALLOWED: usize = 1_024;
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
    /// What tells that it can reach its host; looked for only where the host is protected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signs: Vec<Sign>,
}

impl Details {
    /// By what its image is known among programs: its id, or its name where no id is known; empty where neither is.
    pub fn image_key(&self) -> &str {
        if self.image_id.is_empty() { &self.image } else { &self.image_id }
    }
}

/// The only programs that the containers of an image may run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// The image, as by [`Details::image_key`].
    pub image: String,
    /// Where they lie in the containers, in order.
    pub programs: Vec<String>,
}

impl Allowed {
    /// A digest by which two lists are known to be the same.
    pub fn digest(list: &[Self]) -> Digest {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        // No path and no image's name has a NUL, and none is empty.
        for it in list {
            for text in std::iter::once(&it.image).chain(&it.programs) {
                context.update(text.as_bytes());
                context.update(&[0]);
            }
            context.update(&[0]);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Digest(bytes)
    }
}

/// A sign that a container can reach its host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sign {
    /// Which.
    pub kind: SignKind,
    /// By what it was seen: a mount, a capability, a namespace.
    pub evidence: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident: $($(#[$each:meta])* $variant:ident $word:literal;)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $type { $($(#[$each])* #[serde(rename = $word)] $variant,)* }

        impl $type {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its word, in reports and in the store.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// What this word stands for.
            pub fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.name() == word)
            }
        }
    };
}

words! {
    /// What there are signs of.
    SignKind:
    /// It has all rights of its host.
    Privileged "privileged";
    /// It has a right that leads out.
    Capability "capability";
    /// It shares a namespace with its host.
    HostNamespace "host_namespace";
    /// It sees a path of its host that is the host's own matter.
    HostMount "host_mount";
    /// It reaches the socket of a runtime.
    RuntimeSocket "runtime_socket";
    /// It can write control groups whose end runs a program on the host.
    ReleaseAgent "release_agent";
    /// It can set a program that the kernel starts on the host.
    KernelHelper "kernel_helper";
    /// A crash on the host starts a program of its own.
    CorePattern "core_pattern";
    /// The kernel got a module while it had the right to load one.
    KernelModule "kernel_module";
    /// A process of it is in a namespace of the host that it was not started in.
    EnteredHost "entered_host";
    /// It changed a file that containers are not to change.
    ProtectedFile "protected_file";
    /// It runs a program that no container of its image ran while the image was learned.
    UnknownProgram "unknown_program";
    /// It was kept from running such a program.
    BlockedProgram "blocked_program";
}

words! {
    /// How grave a sign is.
    Severity:
    /// Needs more to be one.
    Low "low";
    /// Part of a way out.
    Medium "medium";
    /// A way out.
    High "high";
    /// A way out that nothing stands in.
    Critical "critical";
}

impl SignKind {
    /// How grave it is.
    pub const fn severity(self) -> Severity {
        match self {
            Self::HostNamespace | Self::UnknownProgram => Severity::Medium,
            Self::Capability
            | Self::HostMount
            | Self::ReleaseAgent
            | Self::KernelHelper
            | Self::KernelModule
            | Self::ProtectedFile
            | Self::BlockedProgram => Severity::High,
            Self::Privileged | Self::RuntimeSocket | Self::CorePattern | Self::EnteredHost => {
                Severity::Critical
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_reports() {
        for kind in SignKind::ALL {
            let json = serde_json::to_string(kind).unwrap();
            assert_eq!(json, format!("\"{}\"", kind.name()));
            assert_eq!(SignKind::named(kind.name()), Some(*kind));
        }
    }

    #[test]
    fn lists_of_programs_differ_in_their_digests() {
        let list = |all: &[(&str, &[&str])]| {
            let each = all.iter().map(|(image, programs)| Allowed {
                image: (*image).to_owned(),
                programs: programs.iter().map(|it| (*it).to_owned()).collect(),
            });
            Allowed::digest(&each.collect::<Vec<_>>())
        };
        let lists: [&[(&str, &[&str])]; 5] = [
            &[],
            &[("a", &["/b", "/c"])],
            &[("a", &["/b"]), ("/c", &[])],
            &[("a", &["/c"])],
            &[("a", &[]), ("/b", &["/c"])],
        ];
        let digests: std::collections::HashSet<_> = lists.iter().map(|it| list(it).0).collect();
        assert_eq!(digests.len(), lists.len());
    }

    #[test]
    fn an_agent_that_tells_less_is_understood() {
        let told: Details = serde_json::from_str(r#"{"id":"a","name":"b","new":1}"#).unwrap();
        let named = ContainerRef { id: "a".into(), name: "b".into() };
        assert_eq!(told, Details { named, ..Details::default() });
    }
}
