//! The container a control group stands for.
//!
//! Every runtime writes the id into the path, each in its way and again in another when systemd manages the groups:
//!
//! | runtime | by itself | under systemd |
//! |---|---|---|
//! | Docker | `/docker/ID` | `/system.slice/docker-ID.scope` |
//! | Podman | `/libpod_parent/libpod-ID` | `/machine.slice/libpod-ID.scope` |
//! | Kubernetes with containerd | `/kubepods/besteffort/podUID/ID` | `.../cri-containerd-ID.scope` |
//! | Kubernetes with CRI-O | `/kubepods/.../crio-ID` | `.../crio-ID.scope` |
//! | containerd | `/NAMESPACE/ID` | `/system.slice/NAMESPACE-ID.scope` |
//! | runc, crun | `/ID` | `/system.slice/runc-ID.scope` |
//! | LXC | `/lxc/NAME`, `/lxc.payload.NAME` | |
//! | systemd-nspawn | | `/machine.slice/machine-NAME.scope`, `/machine.slice/systemd-nspawn@NAME.service` |
//!
//! The outermost id counts: what a container starts inside itself is unknown to the host's runtimes.

use crate::files::Files;
use std::path::PathBuf;

/// Who made a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Runtime {
    Docker,
    Podman,
    /// Of Kubernetes, by containerd.
    Cri,
    CriO,
    Containerd,
    Runc,
    Lxc,
    Nspawn,
    /// An id of 64 digits whose parent says nothing.
    Unknown,
}

impl Runtime {
    /// What it is called in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Cri | Self::Containerd => "containerd",
            Self::CriO => "cri-o",
            Self::Runc => "runc",
            Self::Lxc => "lxc",
            Self::Nspawn => "systemd-nspawn",
            Self::Unknown => "",
        }
    }
}

/// Where a process is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inside {
    pub(super) runtime: Runtime,
    /// The runtime's id: 64 digits, or what the operator called it.
    pub(super) id: String,
    /// containerd's namespace; empty for the others.
    pub(super) namespace: String,
}

/// Prefixes of a group's name before the id.
const PREFIXES: &[(&str, Runtime)] = &[
    ("docker-", Runtime::Docker),
    ("libpod-", Runtime::Podman),
    ("cri-containerd-", Runtime::Cri),
    ("crio-", Runtime::CriO),
    ("nerdctl-", Runtime::Containerd),
];

/// The container a path stands for. Where the path alone does not tell, the state files of containerd and runc do.
pub(super) fn inside(path: &str, files: &Files) -> Option<Inside> {
    by_path(path).or_else(|| by_state(path, files))
}

fn by_path(path: &str) -> Option<Inside> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let at = |place: usize| parts.get(place).copied().unwrap_or_default();
    let found = |runtime, id: &str| {
        let (id, namespace) = (id.to_owned(), String::new());
        Some(Inside { runtime, id, namespace })
    };
    for (place, part) in parts.iter().enumerate() {
        let parent = place.checked_sub(1).map(at).unwrap_or_default();
        let name = part.strip_suffix(".scope").unwrap_or(part);
        if is_id(name) {
            let runtime = match parent {
                "docker" => Runtime::Docker,
                "libpod_parent" => Runtime::Podman,
                _ if parent.starts_with("pod") || parent.contains("-pod") => Runtime::Cri,
                _ => Runtime::Unknown,
            };
            return found(runtime, name);
        }
        for (prefix, runtime) in PREFIXES {
            if let Some(id) = name.strip_prefix(prefix)
                && is_id(id)
            {
                return found(*runtime, id);
            }
        }
        let lxc = part
            .strip_prefix("lxc.payload.")
            .or_else(|| matches!(parent, "lxc" | "lxc.payload").then_some(*part));
        if let Some(name) = lxc.filter(|name| !name.is_empty()) {
            return found(Runtime::Lxc, name);
        }
        let nspawn = name.strip_prefix("machine-").filter(|_| parent == "machine.slice");
        let unit = part.strip_prefix("systemd-nspawn@").and_then(|it| it.strip_suffix(".service"));
        if let Some(name) = nspawn.or(unit) {
            return found(Runtime::Nspawn, &unescaped(name));
        }
    }
    None
}

/// Sixty-four hexadecimal digits.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// systemd writes what may not stand in a unit's name as `\x2d`.
fn unescaped(name: &str) -> String {
    name.replace("\\x2d", "-").replace("\\x5f", "_")
}

/// Containers under names an operator chose: there is a folder of that name where the runtime keeps its state.
fn by_state(path: &str, files: &Files) -> Option<Inside> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let inside = |runtime, id: &str, namespace: &str| {
        let (id, namespace) = (id.to_owned(), namespace.to_owned());
        Inside { runtime, id, namespace }
    };
    if let [namespace, id, ..] = parts.as_slice()
        && is_plain(namespace)
        && is_plain(id)
        && files.stat(containerd(namespace, id)).is_some()
    {
        return Some(inside(Runtime::Containerd, id, namespace));
    }
    let first = parts.first().filter(|part| is_plain(part))?;
    for runtime in ["runc", "crun"] {
        if files.stat(format!("/run/{runtime}/{first}")).is_some() {
            return Some(inside(Runtime::Runc, first, ""));
        }
    }
    // Under systemd the name is `SLICE/PREFIX-ID.scope`; of containerd the prefix is the namespace.
    let scope = parts.iter().find_map(|part| part.strip_suffix(".scope"))?;
    let (prefix, id) = scope.split_once('-').filter(|(a, b)| is_plain(a) && is_plain(b))?;
    if files.stat(containerd(prefix, id)).is_some() {
        return Some(inside(Runtime::Containerd, id, prefix));
    }
    let known = matches!(prefix, "runc" | "crun");
    let known = known && files.stat(format!("/run/{prefix}/{id}")).is_some();
    known.then(|| inside(Runtime::Runc, id, ""))
}

/// Where containerd has the folders of what runs, by namespace and id, if not elsewhere.
pub(super) const TASKS: &str = "/run/containerd/io.containerd.runtime.v2.task";

fn containerd(namespace: &str, id: &str) -> PathBuf {
    [TASKS, namespace, id].iter().collect()
}

/// A name that is one and leads nowhere else.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn every_runtime_writes_its_ids_its_own_way() {
        for (path, runtime, id) in [
            ("/docker/{}", Runtime::Docker, ID),
            ("/system.slice/docker-{}.scope", Runtime::Docker, ID),
            ("/docker/{}/init.scope", Runtime::Docker, ID),
            ("/docker/{}/kubelet/kubepods/pod1/ffff", Runtime::Docker, ID),
            ("/libpod_parent/libpod-{}", Runtime::Podman, ID),
            ("/machine.slice/libpod-{}.scope/container", Runtime::Podman, ID),
            (
                "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{}.scope/container",
                Runtime::Podman,
                ID,
            ),
            ("/kubepods/besteffort/pod5a1/{}", Runtime::Cri, ID),
            (
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod5a1.slice/cri-containerd-{}.scope",
                Runtime::Cri,
                ID,
            ),
            ("/kubepods.slice/kubepods-pod5a1.slice/crio-{}.scope", Runtime::CriO, ID),
            ("/system.slice/nerdctl-{}.scope", Runtime::Containerd, ID),
            ("/somewhere/{}", Runtime::Unknown, ID),
            ("/lxc/web", Runtime::Lxc, "web"),
            ("/lxc.payload.web/init.scope", Runtime::Lxc, "web"),
            ("/machine.slice/machine-my\\x2ddeb.scope", Runtime::Nspawn, "my-deb"),
            ("/machine.slice/systemd-nspawn@deb.service/payload", Runtime::Nspawn, "deb"),
        ] {
            let inside = by_path(&path.replace("{}", ID)).expect(path);
            assert_eq!((inside.runtime, inside.id.as_str()), (runtime, id), "{path}");
        }
    }

    #[test]
    fn the_rest_is_the_host() {
        for path in [
            "",
            "/",
            "/user.slice/user-0.slice/session-1.scope",
            "/system.slice/docker.service",
            "/system.slice/containerd.service",
            "/machine.slice/libpod-conmon-{}.scope",
            "/lxc.monitor.web",
            "/docker/0123",
            "/lxc",
        ] {
            assert_eq!(by_path(&path.replace("{}", ID)), None, "{path}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for name in ["", "..", ".hidden", "a/b", "a b", "a\\x2db"] {
            assert!(!is_plain(name), "{name}");
        }
        assert!(is_plain("t3") && is_plain("my_web-1.0"));
    }
}
