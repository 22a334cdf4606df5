//! The index from files to packages: a hash of the path and the number of the package, 12 bytes a file.
//!
//! 300,000 paths as text would take 25 MB. The hashes are of 64 bits under a key of this process, so that
//! two of a million paths share one with a chance of one in forty million, and nobody can aim at it.

use super::Owners;
use crate::files::{Files, Signature};
use crate::packages::{self, apk, dpkg, pacman, rpm};
use muster_model::Micros;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Most files indexed, 48 MB.
const MAX_FILES: usize = 4_000_000;

/// Folders that distributions make links to others, the merged `/usr` above all: a package lists `/bin/ls`
/// and the kernel names `/usr/bin/ls`.
const MERGED: &[&str] =
    &["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr/sbin", "/usr/lib64"];

/// How the databases looked when they were read.
type Stamps = Vec<Option<Signature>>;

/// The index of one root.
#[derive(Default)]
pub(super) struct Index {
    /// None: not yet read.
    stamps: Option<Stamps>,
    read_at: Micros,
    files: Arc<Filed>,
    known: Known,
}

/// What was read for one root holds for every other with the same databases, as containers of one image have.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<Mutex<HashMap<Key, Weak<Filed>>>>);

type Key = (Stamps, Merged);

/// Folders that are links, with where they lead.
type Merged = Vec<(&'static str, String)>;

/// The files of a root's packages.
#[derive(Default)]
struct Filed {
    hasher: RandomState,
    /// Halves of a path's hash and the package, sorted.
    entries: Vec<[u32; 3]>,
    /// Package URLs one after the other, and where each ends.
    urls: String,
    ends: Vec<u32>,
    merged: Merged,
}

impl Owners for Index {
    fn refresh(&mut self, files: &Files) {
        let databases = [dpkg::DATABASES, rpm::DATABASES, apk::DATABASES, pacman::DATABASES];
        let stamps: Vec<_> = databases
            .concat()
            .iter()
            .chain(&["/etc/os-release"])
            .map(|path| files.stat(path).map(|stat| stat.signature()))
            .collect();
        let settled =
            |stamp: &Option<Signature>| stamp.is_none_or(|at| at.is_settled(self.read_at));
        if self.stamps.as_ref() == Some(&stamps) && stamps.iter().all(settled) {
            return;
        }
        // Everything read below is guarded by the stamps taken above.
        let files = files.aside();
        self.files = self.known.of(stamps.clone(), &files);
        self.read_at = files.now();
        self.stamps = Some(stamps);
    }

    fn owner_of(&self, path: &Path) -> Option<String> {
        self.files.owner_of(path)
    }
}

impl Index {
    pub(super) fn new(known: Known) -> Self {
        Self { known, ..Self::default() }
    }
}

impl Known {
    /// What is known of databases that look like this; read, if nothing is.
    fn of(&self, stamps: Stamps, files: &Files) -> Arc<Filed> {
        let settled = stamps.iter().flatten().all(|stamp| stamp.is_settled(files.now()));
        let key = (stamps, merged(files));
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(filed) = known().get(&key).and_then(Weak::upgrade) {
            return filed;
        }
        let filed = Arc::new(Filed::read(files, key.1.clone()));
        if settled {
            let mut known = known();
            known.retain(|_, filed| filed.strong_count() > 0);
            known.insert(key, Arc::downgrade(&filed));
        }
        filed
    }
}

impl Filed {
    fn owner_of(&self, path: &Path) -> Option<String> {
        let [high, low] = self.hash(path.as_os_str().as_bytes());
        let at = self.entries.partition_point(|entry| *entry < [high, low, 0]);
        let [_, _, package] =
            self.entries.get(at).filter(|entry| entry.starts_with(&[high, low]))?;
        let package = usize::try_from(*package).ok()?;
        let start = package.checked_sub(1).and_then(|before| self.ends.get(before).copied());
        let range = usize::try_from(start.unwrap_or(0)).ok()?
            ..usize::try_from(*self.ends.get(package)?).ok()?;
        self.urls.get(range).map(str::to_owned)
    }

    fn read(files: &Files, merged: Merged) -> Self {
        let mut filed = Self { merged, ..Self::default() };
        let mut urls = String::new();
        let mut numbers = HashMap::new();
        let mut ends = Vec::new();
        let mut entries = Vec::new();
        let mut last = (String::new(), 0);
        packages::ownership(files, &mut |path, url| {
            if entries.len() == MAX_FILES {
                return;
            }
            // The files of a package come one after the other.
            if last.0 != url {
                let number = *numbers.entry(url.to_owned()).or_insert_with(|| {
                    urls.push_str(url);
                    ends.push(u32::try_from(urls.len()).unwrap_or(u32::MAX));
                    u32::try_from(ends.len() - 1).unwrap_or(u32::MAX)
                });
                last = (url.to_owned(), number);
            }
            let [high, low] = filed.hash(path);
            entries.push([high, low, last.1]);
        });
        // Of several owners the first in the database's order counts.
        entries.sort_unstable();
        entries.dedup_by_key(|entry| (entry[0], entry[1]));
        entries.shrink_to_fit();
        urls.shrink_to_fit();
        (filed.entries, filed.urls, filed.ends) = (entries, urls, ends);
        filed
    }

    fn hash(&self, path: &[u8]) -> [u32; 2] {
        let hash = self.hasher.hash_one(&*self.canonical(path));
        let half = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
        [half(hash >> 32), half(hash)]
    }

    /// The path with the links among its first folders resolved.
    fn canonical<'a>(&self, path: &'a [u8]) -> Cow<'a, [u8]> {
        let mut path = Cow::Borrowed(path);
        // A link may lead into another: /sbin to usr/sbin, and that to bin.
        for _ in 0..2 {
            let found = self.merged.iter().find_map(|(link, target)| {
                let rest = path.strip_prefix(link.as_bytes())?;
                rest.starts_with(b"/").then(|| [target.as_bytes(), rest].concat())
            });
            match found {
                Some(resolved) => path = Cow::Owned(resolved),
                None => break,
            }
        }
        path
    }
}

/// The folders of [`MERGED`] that are links in this root, with the absolute path each leads to.
fn merged(files: &Files) -> Merged {
    MERGED
        .iter()
        .filter_map(|&folder| {
            let target = files.link(folder)?;
            let parent = Path::new(folder).parent()?;
            let target = parent.join(target).to_str()?.trim_end_matches('/').to_owned();
            (target != folder).then_some((folder, target))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::root::Root;

    /// A root with these files; `->` makes a link.
    fn files(dir: &Path, content: &[(&str, &str)]) -> Files {
        for (path, text) in content {
            let path = dir.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match text.strip_prefix("->") {
                Some(target) => std::os::unix::fs::symlink(target, path).unwrap(),
                None => std::fs::write(path, text).unwrap(),
            }
        }
        let root = Arc::new(Root::open(dir, "").unwrap());
        Files::new(root, Arc::default(), Arc::default(), 1000, Micros(i64::MAX / 2))
    }

    const STATUS: &str = "Package: coreutils\nStatus: install ok installed\nArchitecture: amd64\n\
        Version: 9.1-1\n\nPackage: libc6\nStatus: install ok installed\nArchitecture: amd64\n\
        Multi-Arch: same\nVersion: 2.36-9\n\nPackage: divert\nStatus: install ok installed\n\
        Version: 1\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n";

    #[test]
    fn a_file_leads_to_its_package_by_either_name() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(
            dir.path(),
            &[
                ("etc/os-release", "ID=debian\n"),
                ("bin", "->usr/bin"),
                ("lib", "->/usr/lib"),
                ("sbin", "->usr/sbin"),
                ("usr/sbin", "->bin"),
                ("var/lib/dpkg/status", STATUS),
                (
                    "var/lib/dpkg/info/coreutils.list",
                    "/.\n/bin\n/bin/ls\n/usr\n/usr/bin\n/usr/bin/[\n",
                ),
                ("var/lib/dpkg/info/libc6:amd64.list", "/lib\n/lib/ld.so\n"),
                ("var/lib/dpkg/info/divert.list", "/usr/bin/[\n"),
                ("var/lib/dpkg/info/gone.list", "/etc/gone.conf\n"),
                ("var/lib/dpkg/diversions", "/bin/ls\n/bin/ls.real\ndivert\n"),
            ],
        );
        let mut index = Index::default();
        index.refresh(&files);
        let owner = |path: &str| index.owner_of(Path::new(path));
        let coreutils = Some("pkg:deb/debian/coreutils@9.1-1?arch=amd64".to_owned());
        assert_eq!(owner("/usr/bin/ls.real"), coreutils, "diverted, and merged");
        assert_eq!(owner("/sbin/["), coreutils, "through two links, the first package counts");
        let libc = "pkg:deb/debian/libc6@2.36-9?arch=amd64";
        assert_eq!(owner("/usr/lib/ld.so").as_deref(), Some(libc));
        for nobody in ["/bin/ls", "/usr/bin", "/etc/gone.conf", "/usr/bin/x", "", "/"] {
            assert_eq!(owner(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn a_changed_database_is_read_again_and_an_unchanged_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let files = files(dir.path(), &[("lib/apk/db/installed", "P:a\nV:1\nF:bin\nR:a\n")]);
        let mut index = Index::default();
        index.refresh(&files);
        let owner = |index: &Index| index.owner_of(Path::new("/bin/a"));
        assert_eq!(owner(&index).as_deref(), Some("pkg:apk/alpine/a@1"));
        // Emptied behind its back: only reading again fills it.
        index.files = Arc::default();
        index.refresh(&files);
        assert_eq!(owner(&index), None);
        std::fs::write(dir.path().join("lib/apk/db/installed"), "P:a\nV:10\nF:bin\nR:a\n").unwrap();
        index.refresh(&files);
        assert_eq!(owner(&index).as_deref(), Some("pkg:apk/alpine/a@10"));
    }

    #[test]
    fn roots_with_the_same_databases_share_what_was_read() {
        let dir = tempfile::tempdir().unwrap();
        let content = "P:a\nV:1\nF:bin\nR:a\n";
        let files = files(dir.path(), &[("lib/apk/db/installed", content)]);
        let known = Known::default();
        let [mut one, mut other] = [(); 2].map(|()| Index::new(known.clone()));
        one.refresh(&files);
        other.refresh(&files);
        assert!(Arc::ptr_eq(&one.files, &other.files));
        // The same databases, but another folder leads elsewhere.
        std::os::unix::fs::symlink("bin", dir.path().join("sbin")).unwrap();
        let mut third = Index::new(known);
        third.refresh(&files);
        assert!(!Arc::ptr_eq(&one.files, &third.files));
        assert!(third.owner_of(Path::new("/sbin/a")).is_some());
    }
}
