//! Signs that a container can reach its host, or does.
//!
//! The kernel is asked, not the runtime: what a container may do follows from its first process's capabilities,
//! namespaces and mounts, whoever started it and however. The measure is the sweep's own process, which runs on the host:
//! a namespace it shares with the container is the host's, and a mount of the container with a device that is mounted on
//! the host, too, is a path of the host.

mod entered;
mod files;
mod helpers;

pub(crate) use helpers::Modules;

use super::Container;
use crate::files::root::{Root, unescape};
use crate::proc::Proc;
use muster_model::Micros;
use muster_model::container::{MAX_DETAIL, MAX_SIGNS, Sign, SignKind};
use std::collections::BTreeSet;

/// Capabilities that lead out of a container, or let it change what is the host's, with their numbers.
const CAPABILITIES: &[(u32, &str)] = &[
    (2, "CAP_DAC_READ_SEARCH"),
    (12, "CAP_NET_ADMIN"),
    (16, "CAP_SYS_MODULE"),
    (17, "CAP_SYS_RAWIO"),
    (19, "CAP_SYS_PTRACE"),
    (21, "CAP_SYS_ADMIN"),
    (22, "CAP_SYS_BOOT"),
    (33, "CAP_MAC_ADMIN"),
    (34, "CAP_SYSLOG"),
    (39, "CAP_BPF"),
];
/// That of loading modules into the kernel.
const LOADS_MODULES: u64 = 1 << 16;
/// Those that only a privileged container has together.
const OF_PRIVILEGED: u64 = 1 << 16 | 1 << 17 | 1 << 21;
/// Namespaces a container has for itself.
const NAMESPACES: &[&str] = &["ipc", "mnt", "net", "pid", "uts"];
/// Paths of the host that nobody needs in a container who does not want to leave it: these, and what is below them.
const TREES: &[&str] = &["/boot", "/etc", "/proc", "/root", "/sys"];
/// Paths that are dangerous as a whole; below them is what containers rightly have.
const WHOLE: &[&str] = &[
    "/",
    "/bin",
    "/dev",
    "/home",
    "/lib",
    "/run",
    "/sbin",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/sbin",
    "/var",
    "/var/lib",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/run",
];
/// Sockets by which whoever reaches them rules all containers.
const SOCKETS: &[&str] =
    &["docker.sock", "containerd.sock", "crio.sock", "podman.sock", "cri-dockerd.sock"];

/// What beside the container itself is looked at.
pub(crate) struct Seen<'s> {
    /// Modules that the kernel has got while it ran.
    pub(crate) loaded: &'s BTreeSet<String>,
    /// Paths in it that it is not to change.
    pub(crate) files: &'s [String],
    /// The host's files.
    pub(crate) host: &'s Root,
}

/// What tells of a container that it can leave, or has left, each sign once.
pub(crate) fn of(proc: &Proc, container: &Container, seen: &Seen<'_>, now: Micros) -> Vec<Sign> {
    let Some(first) = container.first() else { return Vec::new() };
    let text = |pid: &str, name: &str| proc.text(format!("{pid}/{name}")).unwrap_or_default();
    let pid = first.pid.to_string();
    let mut signs = BTreeSet::new();
    let mounted = text(&pid, "mountinfo");
    // In a user namespace of its own a container has no rights of the host, whatever they are called.
    if shares(proc, &pid, "user").is_some() {
        let mounts: Vec<Mount> = mounts(&mounted).collect();
        signs.extend(helpers::writable(&mounts));
        let (own, its) = (text("self", "status"), text(&pid, "status"));
        if let (Some(all), Some(has)) =
            (capabilities(&own, "CapBnd:"), capabilities(&its, "CapEff:"))
        {
            signs.extend(by_capabilities(all, has));
            let module = |name: &String| (SignKind::KernelModule, name.clone());
            let able = has & LOADS_MODULES != 0;
            signs.extend(seen.loaded.iter().filter(|_| able).map(module));
        }
    }
    for name in NAMESPACES {
        if let Some(namespace) = shares(proc, &pid, name) {
            signs.insert((SignKind::HostNamespace, namespace));
        }
    }
    signs.extend(by_mounts(&text("self", "mountinfo"), &mounted));
    signs.extend(helpers::set(proc, &mounted));
    signs.extend(files::changed(&mounted, seen.host, seen.files));
    signs.extend(entered::entered(proc, container, now));
    // Who has all rights can set these, too: that is one finding, not three.
    if signs.iter().any(|(kind, _)| *kind == SignKind::Privileged) {
        let implied = [SignKind::KernelHelper, SignKind::ReleaseAgent];
        signs.retain(|(kind, _)| !implied.contains(kind));
    }
    // It may have ended meanwhile, and another process have its number.
    if !crate::processes::is_still(proc, first) {
        return Vec::new();
    }
    let sign = |(kind, evidence): (SignKind, String)| Sign {
        kind,
        evidence: evidence.chars().take(MAX_DETAIL / 4).collect(),
    };
    signs.into_iter().take(MAX_SIGNS).map(sign).collect()
}

/// The namespace, `pid:[4026531836]`, if the process has the same one as we.
fn shares(proc: &Proc, pid: &str, name: &str) -> Option<String> {
    let of = |pid: &str| proc.link(format!("{pid}/ns/{name}"));
    let its = of(pid)?;
    (of("self")? == its).then(|| its.to_string_lossy().into_owned())
}

/// A set of capabilities of a `status` file.
fn capabilities(status: &str, line: &str) -> Option<u64> {
    let set = status.lines().find_map(|it| it.strip_prefix(line))?;
    u64::from_str_radix(set.trim(), 16).ok()
}

/// `all`: what a process of this host can have at most.
fn by_capabilities(all: u64, has: u64) -> Vec<(SignKind, String)> {
    if has & all == all && has & OF_PRIVILEGED == OF_PRIVILEGED {
        return vec![(SignKind::Privileged, format!("CapEff {has:016x}"))];
    }
    let added = CAPABILITIES.iter().filter(|(number, _)| has >> number & 1 == 1);
    added.map(|(_, name)| (SignKind::Capability, (*name).to_owned())).collect()
}

/// A line of a `mountinfo`.
struct Mount {
    device: String,
    /// What of the file system is mounted.
    root: String,
    point: String,
    writable: bool,
    fs: String,
}

fn mounts(text: &str) -> impl Iterator<Item = Mount> + '_ {
    text.lines().filter_map(|line| {
        let (head, tail) = line.split_once(" - ")?;
        let mut head = head.split(' ').skip(2);
        let (device, root, point) = (head.next()?, head.next()?, head.next()?);
        Some(Mount {
            device: device.to_owned(),
            root: unescape(root),
            point: unescape(point),
            writable: head.next()?.split(',').any(|option| option == "rw"),
            fs: tail.split(' ').next()?.to_owned(),
        })
    })
}

/// `host` and `own`: the `mountinfo` of a process of the host and of one of the container.
fn by_mounts(host: &str, own: &str) -> Vec<(SignKind, String)> {
    let host: Vec<Mount> = mounts(host).collect();
    let mut signs = Vec::new();
    let mut groups = Vec::new();
    for mount in mounts(own) {
        let mode = if mount.writable { "rw" } else { "ro" };
        // Only the first version of control groups runs a program of the container's choice on the host.
        if mount.fs == "cgroup" && mount.writable {
            groups.push(mount.point.clone());
        }
        // Every container has these, and where it shares the namespace behind them they are the host's.
        if matches!(mount.point.as_str(), "/proc" | "/sys") {
            continue;
        }
        let Some(path) = on_host(&host, &mount) else { continue };
        let evidence = format!("{path} on {} {mode}", mount.point);
        let file = path.rsplit('/').next().unwrap_or_default();
        if SOCKETS.contains(&file) {
            signs.push((SignKind::RuntimeSocket, evidence));
        } else if is_dangerous(&path) {
            signs.push((SignKind::HostMount, evidence));
        }
    }
    // There is a mount a hierarchy, and all are one way out.
    if !groups.is_empty() {
        groups.sort();
        signs.push((SignKind::ReleaseAgent, format!("rw {}", groups.join(" "))));
    }
    signs
}

/// Which path of the host a container's mount shows: by the mount of the same device that lies nearest above it.
fn on_host(host: &[Mount], mount: &Mount) -> Option<String> {
    let below = |it: &&Mount| it.device == mount.device && is_below(&mount.root, &it.root);
    let nearest = host.iter().filter(below).max_by_key(|it| it.root.len())?;
    let rest = mount.root.get(nearest.root.trim_end_matches('/').len()..)?;
    let path = format!("{}/{}", nearest.point.trim_end_matches('/'), rest.trim_matches('/'));
    Some(if path.len() > 1 { path.trim_end_matches('/').to_owned() } else { path })
}

fn is_below(path: &str, tree: &str) -> bool {
    let rest = path.strip_prefix(tree.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_dangerous(path: &str) -> bool {
    // The groups are their own matter.
    let tree = TREES.iter().any(|tree| is_below(path, tree)) && !is_below(path, "/sys/fs/cgroup");
    tree || WHOLE.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel writes them, of a host whose `/run` is a file system of its own.
    const HOST: &str = "22 27 0:21 / /proc rw,relatime - proc proc rw\n\
        23 27 0:22 / /sys rw,relatime - sysfs sysfs rw\n\
        27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
        28 27 0:25 / /run rw - tmpfs tmpfs rw\n\
        29 27 254:0 /srv/data /mnt/data\\040disk rw shared:2 - ext4 /dev/vda rw\n\
        46 42 0:40 / /var/lib/containers/storage/overlay/39/merged rw - overlay overlay rw\n";

    fn signs(own: &str) -> Vec<String> {
        by_mounts(HOST, own).into_iter().map(|(kind, text)| format!("{kind:?} {text}")).collect()
    }

    #[test]
    fn what_every_container_has_is_no_sign() {
        let own = "76 49 0:40 / / rw,relatime - overlay overlay rw\n\
            79 76 0:43 / /proc rw - proc proc rw\n\
            81 76 0:22 / /sys ro - sysfs sysfs rw\n\
            84 76 254:0 /var/lib/docker/containers/1/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda rw\n\
            85 76 254:0 /var/lib/docker/volumes/shop/_data /data rw - ext4 /dev/vda rw\n\
            86 76 254:0 /etcetera /x rw - ext4 /dev/vda rw\n\
            87 76 0:99 /etc /y rw - ext4 /dev/vdb rw\n\
            88 81 0:29 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n\
            89 81 0:30 /a /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
            nonsense\n";
        assert_eq!(signs(own), [] as [&str; 0]);
    }

    #[test]
    fn paths_of_the_host_are_seen_under_whatever_name() {
        let own = "77 76 254:0 / /host rw,relatime - ext4 /dev/vda rw\n\
            78 76 254:0 /etc/shadow /a\\040b ro - ext4 /dev/vda rw\n\
            79 76 0:21 / /hostproc rw - proc proc rw\n\
            80 76 0:25 /docker.sock /var/run/docker.sock rw - tmpfs tmpfs rw\n\
            81 76 0:30 /a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
            81 76 0:31 /a /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
            82 76 254:0 /srv/data/x /x rw - ext4 /dev/vda rw\n";
        assert_eq!(
            signs(own),
            [
                "HostMount / on /host rw",
                "HostMount /etc/shadow on /a b ro",
                "HostMount /proc on /hostproc rw",
                "RuntimeSocket /run/docker.sock on /var/run/docker.sock rw",
                "ReleaseAgent rw /sys/fs/cgroup/cpu /sys/fs/cgroup/memory",
            ]
        );
    }

    #[test]
    fn privileged_is_who_has_all_there_is() {
        let all = 0x1ff_feff_ffff;
        let told = |has| by_capabilities(all, has);
        // As Docker and Podman give by default.
        assert_eq!(told(0xa804_25fb), []);
        assert_eq!(told(0x8004_25fb), []);
        assert_eq!(told(all), [(SignKind::Privileged, "CapEff 000001fffeffffff".to_owned())]);
        assert_eq!(told(1 << 21), [(SignKind::Capability, "CAP_SYS_ADMIN".to_owned())]);
        // Where the host itself has little, all of it is not much.
        assert_eq!(by_capabilities(0, 0), []);
        let status = "Name:\tx\nCapEff:\t000001fffeffffff\nCapBnd:\t1\n";
        assert_eq!(capabilities(status, "CapEff:"), Some(all));
        assert_eq!(capabilities(status, "CapAmb:"), None);
    }
}
