//! The layers that a container's file system is laid over.
//!
//! Every overlay shows its files under a device number of its own, so the same file of the same image looks like
//! another one in each container. Its inode number is that of the layer, though, as long as all layers lie on one
//! file system (Linux, `Documentation/filesystems/overlayfs.rst`, "Inode properties"). There the file is told by the
//! device of the layers instead, and whatever was made of it for one container holds for all. A file that a container
//! has changed lies in its upper layer: it keeps the number, but has a change time of its own.

use super::root::{Root, unescape};
use super::stat::Stat;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// Layers of a file system at most; the kernel's own limit.
const MAX_LAYERS: usize = 500;

/// What an overlay consists of.
#[derive(Debug)]
pub(super) struct Layers {
    /// The device its files seem to lie on.
    shown: u64,
    /// The one they do.
    real: u64,
    family: u64,
}

impl Layers {
    /// Of the file system that is `/` in this `mountinfo` and shows the device `shown`. Nothing unless it is an overlay
    /// whose layers `host` sees, all on one file system.
    pub(super) fn read(mounts: &str, shown: u64, host: &Root) -> Option<Self> {
        let (lower, upper) = paths(mounts)?;
        let real = host.stat(&upper, true).ok()?.dev;
        let on_it = |layer: &PathBuf| host.stat(layer, true).is_ok_and(|stat| stat.dev == real);
        if !lower.iter().all(on_it) {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        // On top Docker lays what it adds for this one container.
        lower.get(1..).filter(|rest| !rest.is_empty()).unwrap_or(&lower).hash(&mut hasher);
        Some(Self { shown, real, family: hasher.finish() })
    }

    /// See [`Root::family`].
    pub(super) const fn family(&self) -> u64 {
        self.family
    }

    /// The file as it lies in its layer. What is mounted over it is on another device and stays as it is.
    pub(super) const fn beneath(&self, mut stat: Stat) -> Stat {
        if stat.dev == self.shown {
            stat.dev = self.real;
        }
        stat
    }
}

/// The lower layers, the topmost first, and the upper one, of the file system that is `/` in this `mountinfo`.
pub(crate) fn paths(mounts: &str) -> Option<(Vec<PathBuf>, PathBuf)> {
    let root = |line: &&str| line.split(' ').nth(4) == Some("/");
    // The last one mounted is the one that is seen.
    let (_, tail) = mounts.lines().rfind(root)?.split_once(" - ")?;
    let mut fields = tail.split(' ');
    if fields.next() != Some("overlay") {
        return None;
    }
    let options = unescape(fields.nth(1)?);
    // A comma or a colon in a path is told by a backslash: rare, and not worth a mistake.
    if options.contains('\\') {
        return None;
    }
    let option =
        |name: &'static str| options.split(',').filter_map(move |it| it.strip_prefix(name));
    let upper = PathBuf::from(option("upperdir=").next()?);
    // Docker and Podman shorten long lists to paths from the folder that holds all layers.
    let folder = upper.parent().and_then(Path::parent)?;
    let lower = option("lowerdir=").flat_map(|list| list.split(':')).chain(option("lowerdir+="));
    let lower: Vec<PathBuf> = lower.filter(|it| !it.is_empty()).map(|it| folder.join(it)).collect();
    (!lower.is_empty() && lower.len() <= MAX_LAYERS).then_some((lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_told_by_the_mount_that_is_the_root() {
        let told = |options: &str| {
            paths(&format!(
                "1 0 254:0 / / rw - ext4 /dev/vda rw\n76 49 0:40 / / rw,relatime shared:3 - overlay overlay {options}\n\
                 79 76 0:43 / /proc rw - proc proc rw\n"
            ))
        };
        let both = |lower: &[&str], upper: &str| {
            Some((lower.iter().map(PathBuf::from).collect(), PathBuf::from(upper)))
        };
        assert_eq!(
            told("rw,lowerdir=/s/l/B:/s/l/A,upperdir=/s/c/diff,workdir=/s/c/work,xino=off"),
            both(&["/s/l/B", "/s/l/A"], "/s/c/diff")
        );
        assert_eq!(told("rw,lowerdir=l/B,upperdir=/s/c/diff"), both(&["/s/l/B"], "/s/c/diff"));
        assert_eq!(
            told("rw,lowerdir+=/s/b,lowerdir+=/s/a,upperdir=/s/c/diff"),
            both(&["/s/b", "/s/a"], "/s/c/diff")
        );
        assert_eq!(told("rw,lowerdir=/a\\\\:b,upperdir=/s/c/diff"), None);
        assert_eq!(told("ro,lowerdir=/s/b:/s/a"), None, "nothing to tell the folder by");
        assert_eq!(paths("1 0 254:0 / / rw - ext4 /dev/vda rw,upperdir=/x,lowerdir=/y"), None);
    }
}
