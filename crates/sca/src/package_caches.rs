//! Where package managers keep the packages they fetched. What lies there is installed where the database of the same root says
//! so, and not by lying there.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders, from a root.
pub(crate) const CACHES: &[&str] = &[
    "var/cache/apt/archives/",
    "var/cache/dnf/",
    "var/cache/libdnf5/",
    "var/cache/yum/",
    "var/cache/zypp/packages/",
    "var/cache/apk/",
    "etc/apk/cache/",
    "var/cache/pacman/pkg/",
];

/// The databases that say what of a kind of package is installed: files, or folders of files.
const DATABASES: &[(&str, &[&str])] =
    &[("deb", &["var/lib/dpkg/status"]), ("rpm", &["var/lib/rpm", "usr/lib/sysimage/rpm"])];

/// Where the path within a cache begins, if `place` is one in a cache.
pub(crate) fn cache_in(place: &str) -> Option<usize> {
    CACHES.iter().find_map(|cache| {
        let at = place.find(cache)?;
        (at == 0 || place.get(..at)?.ends_with('/')).then_some(at)
    })
}

/// Whether the package at `path` lies in a cache of the root that is scanned, beside a database with something in it. `shown`
/// is its path in the scan: who asks for a cache itself, or for one package in it, asks for what is in the packages.
pub(crate) fn is_cached(path: &Path, shown: &str) -> bool {
    let databases =
        DATABASES.iter().find(|(kind, _)| path.extension().is_some_and(|it| it == *kind));
    let Some((_, databases)) = databases else { return false };
    let Some(within) = cache_in(shown).and_then(|at| shown.get(at..)) else { return false };
    let root: Option<PathBuf> =
        path.ancestors().nth(within.split('/').count()).map(Path::to_path_buf);
    let Some(root) = root else { return false };
    databases.iter().any(|database| holds_something(&root.join(database)))
}

/// Links are not followed: they may lead out of the root.
fn holds_something(database: &Path) -> bool {
    fs::symlink_metadata(database).is_ok_and(|data| match data.is_dir() {
        true => fs::read_dir(database).is_ok_and(|mut entries| entries.next().is_some()),
        false => data.is_file() && data.len() > 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_cached_beside_its_own_database_only() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let deb = "var/cache/apt/archives/a_1_all.deb";
        let cached = |name: &str, shown: &str| is_cached(&at(name), shown);
        assert!(!cached(deb, deb));
        fs::create_dir_all(at("var/lib/dpkg")).unwrap();
        fs::create_dir_all(at("var/lib/rpm")).unwrap();
        fs::write(at("var/lib/dpkg/status"), "").unwrap();
        assert!(!cached(deb, deb));
        fs::write(at("var/lib/dpkg/status"), "Package: a\n").unwrap();
        assert!(cached(deb, deb) && cached(deb, &format!("above/{deb}")));
        // Asked for itself, from its folder, and elsewhere.
        for shown in ["a_1_all.deb", "archives/a_1_all.deb", "srv/a_1_all.deb"] {
            assert!(!cached(deb, shown), "{shown}");
        }
        let rpm = "var/cache/dnf/repo/packages/a.rpm";
        assert!(!cached(rpm, rpm));
        fs::write(at("var/lib/rpm/rpmdb.sqlite"), "x").unwrap();
        assert!(cached(rpm, rpm));
        assert_eq!(cache_in("x/var/cache/dnf/a.rpm"), Some(2));
        assert_eq!(cache_in("xvar/cache/dnf/a.rpm"), None);
    }
}
