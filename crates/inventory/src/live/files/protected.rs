//! The folders in a container by which a change of what it is not to change is seen: those on the way to it, for a folder may
//! come, go or be replaced, and all below it. What is mounted over them is not the image's, and is left out.

use crate::files::Stat;
use crate::files::root::Root;
use rustix::fd::OwnedFd;
use rustix::fs::{Dir, FileType, OFlags};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// Folders watched below one protected folder.
const MOST_BELOW: usize = 128;
/// Entries looked at for it.
const MOST_ENTRIES: usize = 4_096;

/// Which entries of a folder count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// All of them.
    All,
    /// These.
    Some(BTreeSet<OsString>),
}

impl Names {
    pub(super) fn count(&self, name: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Some(names) => names.contains(OsStr::from_bytes(name)),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Some(names), Self::Some(others)) => names.extend(others),
            (Self::All, _) => {}
            (_, all) => *self = all,
        }
    }
}

/// Goes through the folders for a protected path; false where there are more below it than are watched.
pub(super) fn folders(root: &Root, path: &Path, each: &mut dyn FnMut(&OwnedFd, Names)) -> bool {
    let Ok(top) = root.open_at(Path::new("/"), FOLDER) else { return true };
    let Some(device) = device(root, &top) else { return true };
    let open = |at: &Path| {
        if root.is_barred(at) {
            return None;
        }
        let folder = root.open_at(at, FOLDER).ok()?;
        (self::device(root, &folder) == Some(device)).then_some(folder)
    };
    let (mut at, mut folder) = (PathBuf::from("/"), top);
    for part in path.components() {
        let Component::Normal(name) = part else { continue };
        each(&folder, Names::Some([name.to_owned()].into()));
        at.push(name);
        // It is a file, or there is nothing yet, or a link, which is told as what it is.
        let Some(next) = open(&at) else { return true };
        folder = next;
    }
    each(&folder, Names::All);
    let (mut waiting, mut watched, mut entries) = (vec![at], 1, 0);
    while let Some(at) = waiting.pop() {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let Ok(mut list) = root.open_at(&at, flags).and_then(Dir::new) else { continue };
        while let Some(Ok(entry)) = list.read() {
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            entries += 1;
            if entries > MOST_ENTRIES {
                return false;
            }
            if entry.file_type() != FileType::Directory || name == "." || name == ".." {
                continue;
            }
            let at = at.join(name);
            let Some(folder) = open(&at) else { continue };
            if watched == MOST_BELOW {
                return false;
            }
            watched += 1;
            each(&folder, Names::All);
            waiting.push(at);
        }
    }
    true
}

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW);

fn device(root: &Root, folder: &OwnedFd) -> Option<u64> {
    root.stat_of(folder).ok().map(|stat: Stat| stat.dev)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;

    #[test]
    fn the_way_to_a_file_and_all_below_a_folder_are_watched() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["etc/ssl/private", "usr"] {
            std::fs::create_dir_all(dir.path().join(path)).unwrap();
        }
        std::fs::write(dir.path().join("etc/passwd"), "").unwrap();
        std::os::unix::fs::symlink("etc", dir.path().join("link")).unwrap();
        let root = Root::open(dir.path(), "").unwrap();
        let of = |path: &str| {
            let mut found = Vec::new();
            let whole = folders(&root, Path::new(path), &mut |folder, names| {
                let at =
                    std::fs::read_link(format!("/proc/self/fd/{}", folder.as_raw_fd())).unwrap();
                let at = at.strip_prefix(dir.path()).unwrap().to_str().unwrap().to_owned();
                let names = match names {
                    Names::All => "*".to_owned(),
                    Names::Some(names) => names.first().unwrap().to_str().unwrap().to_owned(),
                };
                found.push(format!("{at}:{names}"));
            });
            (found, whole)
        };
        assert_eq!(of("/etc/passwd"), (vec![":etc".to_owned(), "etc:passwd".to_owned()], true));
        let below = [":etc", "etc:ssl", "etc/ssl:*", "etc/ssl/private:*"].map(str::to_owned);
        assert_eq!(of("/etc/ssl"), (below.to_vec(), true));
        assert_eq!(of("/usr/bin/curl"), (vec![":usr".to_owned(), "usr:bin".to_owned()], true));
        assert_eq!(of("/link/passwd"), (vec![":link".to_owned()], true), "no link is followed");
        for n in 0..MOST_BELOW {
            std::fs::create_dir(dir.path().join(format!("usr/{n}"))).unwrap();
        }
        let (found, whole) = of("/usr");
        assert!(!whole && found.len() == MOST_BELOW + 1);
    }

    #[test]
    fn names_add_up() {
        let some = |name: &str| Names::Some([name.into()].into());
        let mut names = some("a");
        names.add(some("b"));
        assert!(names.count(b"a") && names.count(b"b") && !names.count(b"c"));
        names.add(Names::All);
        names.add(some("a"));
        assert!(names.count(b"c"));
    }
}
