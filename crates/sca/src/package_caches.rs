//! Where package managers keep the packages they fetched. What lies there is installed where the database of the same root says
//! so, and not by lying there.

use std::path::Path;

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

/// The databases, from a root.
const DATABASES: &[&str] = &[
    "var/lib/dpkg/status",
    "lib/apk/db/installed",
    "usr/lib/apk/db/installed",
    "var/lib/rpm",
    "usr/lib/sysimage/rpm",
    "var/lib/pacman/local",
];

/// Where the path within a cache begins, if `place` is one in a cache.
pub(crate) fn cache_in(place: &str) -> Option<usize> {
    CACHES.iter().find_map(|cache| {
        let at = place.find(cache)?;
        (at == 0 || place.get(..at)?.ends_with('/')).then_some(at)
    })
}

/// Whether a file on disk lies in a cache whose root has a database with something in it.
pub(crate) fn is_cached(path: &Path) -> bool {
    let Some((path, at)) = path.to_str().and_then(|path| Some((path, cache_in(path)?))) else {
        return false;
    };
    let root = Path::new(path.get(..at).unwrap_or_default());
    let holds = |database: &&str| root.join(database).metadata().is_ok_and(|data| data.len() > 0);
    DATABASES.iter().any(holds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_package_is_cached_beside_a_database_only() {
        let root = tempfile::tempdir().unwrap();
        let cached = root.path().join("var/cache/apt/archives/a_1_all.deb");
        assert!(!is_cached(&cached));
        fs::create_dir_all(root.path().join("var/lib/dpkg")).unwrap();
        fs::write(root.path().join("var/lib/dpkg/status"), "").unwrap();
        assert!(!is_cached(&cached));
        fs::write(root.path().join("var/lib/dpkg/status"), "Package: a\n").unwrap();
        assert!(is_cached(&cached));
        assert!(!is_cached(&root.path().join("srv/a_1_all.deb")));
        assert_eq!(cache_in("x/var/cache/dnf/a.rpm"), Some(2));
        assert_eq!(cache_in("xvar/cache/dnf/a.rpm"), None);
    }
}
