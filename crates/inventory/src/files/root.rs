//! Opening paths beneath a root, and nothing else.
//!
//! A foreign root (a mounted image, a container's file system) is opened with `openat2`: its symbolic
//! links, absolute or `../../..`, stay inside it, and magic links are refused. The machine's own root
//! has no outside, so a kernel without `openat2` (before 5.6) can still sweep itself, and only itself.

use super::layers::Layers;
use super::stat::Stat;
use muster_model::{Error, ErrorKind, Result};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::path::{Component, Path, PathBuf};

/// File systems whose answers come from a program or another machine, and may never come.
const REMOTE: &[&str] = &[
    "afs",
    "autofs",
    "ceph",
    "cifs",
    "coda",
    "gfs2",
    "glusterfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "smb3",
    "smbfs",
];

/// A directory that is `/` for everything read through it.
#[derive(Debug)]
pub(crate) struct Root {
    fd: OwnedFd,
    path: PathBuf,
    beneath: bool,
    /// Mount points (inside this root) that are not entered.
    barred: Vec<PathBuf>,
    /// What its files really lie in, where that is known.
    layers: Option<Layers>,
}

impl Root {
    /// Opens the root directory. `mounts` is the text of a `mountinfo` in whose terms `path` stands.
    pub(crate) fn open(path: &Path, mounts: &str) -> Result<Self> {
        Self::open_as(path, mounts, path)
    }

    /// The root of a process, `/proc/PID/root`, with the process's own `mountinfo`, which has it as `/`.
    pub(crate) fn of_process(path: &Path, mounts: &str) -> Result<Self> {
        Self::open_as(path, mounts, Path::new("/"))
    }

    fn open_as(path: &Path, mounts: &str, name: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(CWD, path, flags, Mode::empty()).map_err(|errno| {
            Error::invalid("root", format_args!("{} cannot be opened: {errno}", path.display()))
        })?;
        let beneath = match rustix::fs::openat2(&fd, ".", flags, Mode::empty(), RESOLVE) {
            Ok(_) => true,
            Err(_) if path == Path::new("/") => false,
            Err(errno) => {
                let message = "a foreign root needs openat2 (Linux 5.6), which is not available";
                return Err(Error::new(ErrorKind::Unsupported, message).with_source(errno));
            }
        };
        let barred = barred(mounts, name);
        Ok(Self { fd, path: path.to_owned(), beneath, barred, layers: None })
    }

    /// The same root, with its files told by the layers they lie in. `host` has these layers.
    pub(crate) fn in_layers(mut self, mounts: &str, host: &Self) -> Self {
        let shown = rustix::fs::fstat(&self.fd).map(|stat| Stat::from(stat).dev);
        self.layers = shown.ok().and_then(|shown| Layers::read(mounts, shown, host));
        self
    }

    /// Equal for roots that are probably made of the same layers.
    pub(crate) fn family(&self) -> Option<u64> {
        self.layers.as_ref().map(Layers::family)
    }

    /// Metadata by which files of a layer are the same in every root made of it.
    pub(crate) fn seen(&self, stat: Stat) -> Stat {
        self.layers.as_ref().map_or(stat, |layers| layers.beneath(stat))
    }

    /// Metadata of an open file of this root.
    pub(crate) fn stat_of(&self, file: impl AsFd) -> std::result::Result<Stat, Errno> {
        rustix::fs::fstat(file).map(|stat| self.seen(Stat::from(stat)))
    }

    /// Does `path` lie on a file system that is not entered?
    pub(crate) fn is_barred(&self, path: &Path) -> bool {
        self.barred.iter().any(|mount| path.starts_with(mount))
    }

    /// Opens beneath the root. `flags` always gain what keeps an open from blocking or leaking.
    pub(crate) fn open_at(
        &self,
        path: &Path,
        flags: OFlags,
    ) -> std::result::Result<OwnedFd, Errno> {
        let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        // O_PATH admits no other flag than these.
        let flags = if flags.contains(OFlags::PATH) {
            flags & (OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::DIRECTORY)
        } else {
            flags
        };
        if !self.beneath {
            return rustix::fs::openat(&self.fd, relative(path), flags, Mode::empty());
        }
        // A rename elsewhere in the tree while a `..` is resolved makes the kernel ask for another try.
        let mut tries = 0;
        loop {
            match rustix::fs::openat2(&self.fd, relative(path), flags, Mode::empty(), RESOLVE) {
                Err(Errno::AGAIN) if tries < 8 => tries += 1,
                other => return other,
            }
        }
    }

    /// Metadata of a path; of the link itself unless `follow`.
    pub(crate) fn stat(&self, path: &Path, follow: bool) -> std::result::Result<Stat, Errno> {
        if self.path == Path::new("/") {
            let flags = if follow { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
            return rustix::fs::statat(&self.fd, relative(path), flags).map(Stat::from);
        }
        let flags = if follow { OFlags::PATH } else { OFlags::PATH | OFlags::NOFOLLOW };
        self.stat_of(self.open_at(path, flags)?)
    }
}

const RESOLVE: ResolveFlags = ResolveFlags::IN_ROOT.union(ResolveFlags::NO_MAGICLINKS);

/// The same path without its leading slashes; the root itself is `.`.
fn relative(path: &Path) -> &Path {
    let mut components = path.components();
    while let Some(Component::RootDir | Component::Prefix(_)) = components.clone().next() {
        components.next();
    }
    let rest = components.as_path();
    if rest.as_os_str().is_empty() { Path::new(".") } else { rest }
}

/// Mount points beneath `root` whose file system may not answer. The root's own mount never counts:
/// whoever made it the root wants it swept.
fn barred(mounts: &str, root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for line in mounts.lines() {
        let Some((mount, rest)) = line.split_once(" - ") else { continue };
        let fstype = rest.split(' ').next().unwrap_or_default();
        if !fstype.starts_with("fuse") && !REMOTE.contains(&fstype) {
            continue;
        }
        let point = PathBuf::from(unescape(mount.split(' ').nth(4).unwrap_or_default()));
        if let Ok(inside) = point.strip_prefix(root)
            && !inside.as_os_str().is_empty()
        {
            found.push(Path::new("/").join(inside));
        }
    }
    found
}

/// `mountinfo` writes blank, tab, newline and backslash as three octal digits.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_mounts_are_barred_but_never_the_root() {
        let mounts = "\
36 1 0:30 / / rw shared:1 - fuse.fuse-overlayfs x rw
37 36 0:31 / /mnt/my\\040share rw - nfs4 server:/x rw
38 36 0:32 / /home rw - ext4 /dev/vda rw
39 36 0:33 / /srv/img/data rw - fuse.sshfs x rw
";
        assert_eq!(
            barred(mounts, Path::new("/")),
            [PathBuf::from("/mnt/my share"), PathBuf::from("/srv/img/data")]
        );
        assert_eq!(barred(mounts, Path::new("/srv/img")), [PathBuf::from("/data")]);
    }

    #[test]
    fn paths_become_relative() {
        assert_eq!(relative(Path::new("/etc/passwd")), Path::new("etc/passwd"));
        assert_eq!(relative(Path::new("//etc")), Path::new("etc"));
        assert_eq!(relative(Path::new("/")), Path::new("."));
        assert_eq!(relative(Path::new("etc")), Path::new("etc"));
    }
}
