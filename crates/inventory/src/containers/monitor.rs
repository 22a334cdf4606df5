//! The processes that stay beside containers as long as they run, and what they tell of the place of a runtime's files.
//!
//! | process | tells |
//! |---|---|
//! | `containerd-shim*` | its working directory is `STATE/io.containerd.runtime.v2.task/NAMESPACE/ID`; `work` in it leads to the same below `ROOT` |
//! | `conmon` | `-c ID` and `-b STORAGE/DRIVER-containers/ID/userdata` |
//!
//! So the files are found where k3s, MicroK8s or an operator put them, too. And a container that Podman starts for a user who may
//! not make control groups (version 1 of them, and version 2 without systemd) stays in that user's own: then it is told by its monitor alone.

use super::cgroup::{Inside, Runtime, is_id};
use crate::files::Files;
use crate::processes::Process;
use std::collections::{BTreeSet, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Parents gone through from a process upwards.
const MAX_PARENTS: usize = 256;

/// Where the runtime of a container keeps what it knows of it; none where the usual places have to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// containerd's folder of all that runs: `STATE/io.containerd.runtime.v2.task`.
    pub(super) tasks: Option<PathBuf>,
    /// The namespace in it.
    pub(super) namespace: String,
    /// containerd's data.
    pub(super) root: Option<PathBuf>,
    /// Podman's and CRI-O's: `STORAGE/DRIVER-containers`.
    pub(super) storage: Option<PathBuf>,
}

/// What the parent of a container's first process tells; `all` are the host's processes by pid.
pub(super) fn beside(first: &Process, all: &[Arc<Process>], files: &Files) -> Kept {
    let Some(parent) = by_pid(all, first.ppid) else { return Kept::default() };
    // The kernel cuts `containerd-shim-runc-v2` to this.
    if parent.comm == "containerd-shim" {
        return shim(&parent.cwd, files).unwrap_or_default();
    }
    let storage = watches(parent).and_then(|(_, bundle)| storage(bundle?));
    Kept { storage, ..Kept::default() }
}

fn shim(bundle: &Path, files: &Files) -> Option<Kept> {
    let namespace = bundle.parent()?;
    let tasks = namespace.parent()?;
    let is_tasks = |it: &OsStr| it.as_encoded_bytes().starts_with(b"io.containerd.runtime.");
    tasks.file_name().filter(|it| is_tasks(it))?;
    let below = bundle.strip_prefix(tasks.parent()?).ok()?;
    let work =
        files.link(bundle.join("work")).filter(|work| work.is_absolute() && work.ends_with(below));
    let root =
        work.and_then(|work| work.ancestors().nth(below.components().count()).map(Path::to_owned));
    Some(Kept {
        namespace: namespace.file_name()?.to_str()?.to_owned(),
        tasks: Some(tasks.to_owned()),
        root,
        storage: None,
    })
}

/// The container's id and its bundle, of a `conmon`.
fn watches(process: &Process) -> Option<(&str, Option<&str>)> {
    if process.comm != "conmon" {
        return None;
    }
    let after = |flag: &str| {
        let mut pairs = process.args.windows(2);
        pairs.find_map(|pair| match pair {
            [name, value] if name == flag => Some(value.as_str()),
            _ => None,
        })
    };
    Some((after("-c").filter(|id| is_id(id))?, after("-b")))
}

fn storage(bundle: &str) -> Option<PathBuf> {
    let containers = Path::new(bundle).parent()?.parent()?;
    let name = containers.file_name()?.to_str()?;
    (containers.is_absolute() && name.ends_with("-containers")).then(|| containers.to_owned())
}

fn by_pid(all: &[Arc<Process>], pid: u32) -> Option<&Arc<Process>> {
    all.get(all.binary_search_by_key(&pid, |process| process.pid).ok()?)
}

/// The containers that are told by their monitors alone.
#[derive(Debug, Default)]
pub(super) struct Watched<'a> {
    /// Monitors by pid.
    monitors: HashMap<u32, (&'a Process, &'a str)>,
    /// Ids that another user's monitor names, too.
    contested: BTreeSet<&'a str>,
}

impl<'a> Watched<'a> {
    /// `host` are the processes that are in no container by their control groups. An id that is taken by a container in a control
    /// group stays that one's, and one that several users' monitors name is that of the user whose was there first: what a user calls a
    /// process is up to him, and that somebody does is told.
    pub(super) fn by(host: &'a [Arc<Process>], is_taken: impl Fn(&str) -> bool) -> Self {
        let mut users: HashMap<&str, u32> = HashMap::new();
        let (mut monitors, mut contested) = (HashMap::new(), BTreeSet::new());
        let mut host: Vec<&Arc<Process>> = host.iter().filter(|it| watches(it).is_some()).collect();
        host.sort_by_key(|process| (process.start_ticks, process.pid));
        for process in host {
            let Some((id, _)) = watches(process).filter(|(id, _)| !is_taken(id)) else { continue };
            if *users.entry(id).or_insert(process.uid) != process.uid {
                contested.insert(id);
            } else {
                monitors.insert(process.pid, (process.as_ref(), id));
            }
        }
        Self { monitors, contested }
    }

    /// Says of which containers somebody pretends to be the monitor.
    pub(super) fn tell(&self, files: &Files) {
        for id in &self.contested {
            files.trouble(
                "containers.contested",
                *id,
                "several users' monitors name this container",
            );
        }
    }

    /// Nobody is watched.
    pub(super) fn is_empty(&self) -> bool {
        self.monitors.is_empty()
    }

    /// The container a process is in: the outermost of those whose monitors are among its parents. Before the runtime has entered the
    /// container's own mounts it is not in it.
    pub(super) fn inside(&self, process: &Process, all: &[Arc<Process>]) -> Option<Inside> {
        let mut found = None;
        let mut parent = process.ppid;
        for _ in 0..MAX_PARENTS {
            let Some(at) = by_pid(all, parent) else { break };
            if let Some((monitor, id)) = self.monitors.get(&at.pid)
                && process.mntns != monitor.mntns
                && process.mntns != 0
            {
                found = Some(*id);
            }
            parent = at.ppid;
        }
        let (id, namespace) = (found?.to_owned(), String::new());
        Some(Inside { runtime: Runtime::Podman, id, namespace })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Micros;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn process(pid: u32, ppid: u32, uid: u32, mntns: u64, args: &[&str]) -> Arc<Process> {
        let comm = args[0].chars().take(15).collect();
        let args = args.iter().map(|&it| it.to_owned()).collect();
        Arc::new(Process {
            pid,
            ppid,
            start: Micros(0),
            uid,
            gid: uid,
            comm,
            exe: "/x".into(),
            exe_deleted: false,
            args,
            cwd: "/".into(),
            kernel: false,
            netns: 0,
            mntns,
            cgroup: "/".to_owned(),
            start_ticks: if uid == 1002 { 9 } else { 5 },
            revision: 0,
        })
    }

    #[test]
    fn whoever_has_a_monitor_among_its_parents_is_in_the_container() {
        let all = [
            process(1, 0, 0, 1, &["init"]),
            // A later one, though its number is a lower one.
            process(2, 1, 1002, 4, &["conmon", "-c", ID]),
            process(10, 1, 1001, 2, &["conmon", "-c", ID, "-b", "/s/vfs-containers/x/userdata"]),
            process(11, 10, 1001, 2, &["runc"]),
            process(12, 10, 1001, 3, &["httpd"]),
            process(13, 12, 1001, 3, &["sh"]),
            process(20, 1, 1002, 4, &["conmon", "-c", ID]),
            process(21, 20, 1002, 5, &["sleep"]),
            process(30, 1, 1002, 4, &["conmon", "-c", "short"]),
            process(31, 30, 1002, 6, &["sleep"]),
        ];
        let watched = Watched::by(&all, |_| false);
        let told = |pid| watched.inside(by_pid(&all, pid).unwrap(), &all).map(|it| it.id);
        assert_eq!([12, 13].map(told), [Some(ID.to_owned()), Some(ID.to_owned())]);
        for pid in [1, 10, 11, 20, 21, 30, 31] {
            assert_eq!(told(pid), None, "{pid}");
        }
        assert_eq!(watched.contested, [ID].into());
        assert!(Watched::by(&all, |id| id == ID).is_empty());
    }

    #[test]
    fn monitors_tell_where_the_files_are() {
        let bundle = format!("var/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/{ID}");
        let (files, folder) = crate::files::of(&[(&format!("{bundle}/config.json"), "{}")]);
        let work = format!("/data/k3s/io.containerd.runtime.v2.task/k8s.io/{ID}");
        std::os::unix::fs::symlink(work, folder.path().join(&bundle).join("work")).unwrap();
        let shim = Process {
            cwd: Path::new("/").join(&bundle),
            ..(*process(5, 1, 0, 1, &["containerd-shim-runc-v2"])).clone()
        };
        let conmon = ["conmon", "-c", ID, "-b", "/data/podman/vfs-containers/ID/userdata"];
        let all = [Arc::new(shim), process(6, 1, 0, 1, &conmon), process(7, 1, 0, 1, &["sh"])];
        let kept = |ppid| beside(&process(9, ppid, 0, 2, &["httpd"]), &all, &files);
        let tasks = "/var/run/k3s/containerd/io.containerd.runtime.v2.task";
        let expected = Kept {
            tasks: Some(tasks.into()),
            namespace: "k8s.io".to_owned(),
            root: Some("/data/k3s".into()),
            storage: None,
        };
        assert_eq!(kept(5), expected);
        assert_eq!(kept(6).storage.as_deref(), Some(Path::new("/data/podman/vfs-containers")));
        assert_eq!((kept(7), kept(8)), (Kept::default(), Kept::default()));
    }

    #[test]
    fn folders_of_another_form_tell_nothing() {
        for bundle in ["", "/", "/a", "/x/k8s.io/ID", "relative"] {
            assert_eq!(shim(Path::new(bundle), &crate::files::of(&[]).0), None, "{bundle}");
        }
        for bundle in ["", "/", "vfs-containers/ID/userdata", "/storage/containers/ID/userdata"] {
            assert_eq!(storage(bundle), None, "{bundle}");
        }
    }
}
