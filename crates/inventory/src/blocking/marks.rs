//! On which mounts the kernel asks.
//!
//! A file system that only the container has is marked as a whole: whatever the container mounts of it again is meant, too.
//! Of one that others have as well only the container's own mount is marked.

use crate::containers::Container;
use crate::files::root::Root;
use crate::proc::Proc;
use nix::sys::fanotify::{Fanotify, MarkFlags, MaskFlags};
use rustix::fd::AsRawFd;
use rustix::fs::{CWD, OFlags};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// From these nothing is executed that the container could have written.
const NO_FILES: &[&str] =
    &["proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "debugfs", "tracefs", "bpf"];

/// The containers whose mounts are marked, by id.
#[derive(Default)]
pub(super) struct Marks(HashMap<String, Marked>);

struct Marked {
    /// Of the process that was there first and its mounts.
    state: u64,
    mounts: Vec<(PathBuf, MarkFlags)>,
    /// `/proc/PID/root`.
    root: PathBuf,
}

impl Marks {
    /// Marks the mounts of these containers, as far as they are not marked, and unmarks those of others.
    pub(super) fn settle(
        &mut self,
        fanotify: &Fanotify,
        proc: &Proc,
        containers: &[&Container],
        troubles: &mut BTreeSet<String>,
    ) {
        let ids: BTreeSet<&str> =
            containers.iter().map(|it| it.details.named.id.as_str()).collect();
        self.0.retain(|id, marked| {
            let stays = ids.contains(id.as_str());
            if !stays {
                marked.unmark(fanotify);
            }
            stays
        });
        let host = proc.text("self/mountinfo").unwrap_or_default();
        for container in containers {
            let Some(first) = container.first() else { continue };
            let Ok(text) = proc.text(format!("{}/mountinfo", first.pid)) else { continue };
            let mut hasher = DefaultHasher::new();
            (first.pid, first.start_ticks, &text).hash(&mut hasher);
            let state = hasher.finish();
            let named = &container.details.named;
            if self.0.get(&named.id).is_some_and(|marked| marked.state == state) {
                continue;
            }
            let root = PathBuf::from(format!("/proc/{}/root", first.pid));
            let mounts = to_mark(&text, &host);
            let Ok(inside) = Root::of_process(&root, &text) else { continue };
            // It may have ended meanwhile, and another process have its number.
            if !crate::processes::is_still(proc, first) {
                continue;
            }
            let failed = mounts.iter().filter_map(|(point, kind)| {
                let why = mark(fanotify, &inside, point, MarkFlags::FAN_MARK_ADD | *kind).err()?;
                Some(format!("{} of container {}: {why}", point.display(), named.name))
            });
            let failed: Vec<String> = failed.collect();
            // Tried again with the next sweep.
            if failed.is_empty() {
                self.0.insert(named.id.clone(), Marked { state, mounts, root });
            } else {
                troubles.extend(failed);
            }
        }
    }
}

impl Marked {
    /// Best effort: the marks of a file system end with it, and what is not in the table is let run.
    fn unmark(&self, fanotify: &Fanotify) {
        let Ok(inside) = Root::of_process(&self.root, "") else { return };
        for (point, kind) in &self.mounts {
            let _ = mark(fanotify, &inside, point, MarkFlags::FAN_MARK_REMOVE | *kind);
        }
    }
}

fn mark(fanotify: &Fanotify, root: &Root, point: &Path, flags: MarkFlags) -> Result<(), String> {
    if root.is_barred(point) {
        return Err("another machine's file system is not watched".to_owned());
    }
    let opened = root.open_at(point, OFlags::PATH).map_err(|errno| errno.to_string())?;
    // By its number, so that it is this one and a file as well as a folder.
    let path = format!("/proc/self/fd/{}", opened.as_raw_fd());
    let asked = MaskFlags::FAN_OPEN_EXEC_PERM;
    fanotify.mark(flags, asked, CWD, Some(path.as_str())).map_err(|errno| errno.to_string())
}

/// What of a container is marked, and how. `own` and `host`: the `mountinfo` of a process in it and of one outside.
fn to_mark(own: &str, host: &str) -> Vec<(PathBuf, MarkFlags)> {
    let outside: BTreeSet<(&str, &str)> = host.lines().filter_map(file_system).collect();
    let each = own.lines().filter_map(|line| {
        let (device, kind) = file_system(line)?;
        let mut fields = line.split(' ').skip(4);
        let (point, options) = (fields.next()?, fields.next()?);
        if NO_FILES.contains(&kind) || options.split(',').any(|option| option == "noexec") {
            return None;
        }
        // The host sees the container's layers put together, too, but starts nothing from there.
        let alone = kind == "overlay" || !outside.contains(&(device, kind));
        let flags = if alone { MarkFlags::FAN_MARK_FILESYSTEM } else { MarkFlags::FAN_MARK_MOUNT };
        Some((PathBuf::from(crate::files::root::unescape(point)), flags))
    });
    each.collect()
}

/// Device and kind of the file system of a line of a `mountinfo`.
fn file_system(line: &str) -> Option<(&str, &str)> {
    let (head, tail) = line.split_once(" - ")?;
    Some((head.split(' ').nth(2)?, tail.split(' ').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_is_marked_by_its_mount_alone() {
        let host = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
            46 42 0:40 / /var/lib/containers/storage/overlay/39/merged rw - overlay overlay rw\n";
        let own = "76 49 0:40 / / rw,relatime - overlay overlay rw\n\
            79 76 0:43 / /proc rw,nosuid - proc proc rw\n\
            80 76 0:44 / /dev/shm rw,nosuid,noexec - tmpfs shm rw\n\
            81 76 0:45 / /a\\040b rw - tmpfs tmpfs rw\n\
            85 76 254:0 /var/lib/volumes/shop /data rw - ext4 /dev/vda rw\n\
            nonsense\n";
        let whole = MarkFlags::FAN_MARK_FILESYSTEM;
        let expected = [("/", whole), ("/a b", whole), ("/data", MarkFlags::FAN_MARK_MOUNT)];
        assert_eq!(to_mark(own, host), expected.map(|(path, flags)| (PathBuf::from(path), flags)));
    }
}
