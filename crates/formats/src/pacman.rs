//! pacman's local database: a folder a package below `var/lib/pacman/local`, with the files `desc` and
//! `files` (libalpm's `be_local`).

use std::borrow::Cow;

/// One installed package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// `%NAME%`.
    pub name: Cow<'a, str>,
    /// `%VERSION%`, with epoch and release.
    pub version: Cow<'a, str>,
    /// `%ARCH%`.
    pub arch: Cow<'a, str>,
    /// `%BASE%`, the package built from; the name itself where it is not given.
    pub base: Cow<'a, str>,
    /// `%INSTALLDATE%`, seconds since 1970.
    pub installed: Option<i64>,
}

/// Reads a `desc` file; nothing when it lacks name or version.
pub fn package(desc: &[u8]) -> Option<Package<'_>> {
    let mut package = Package::default();
    for (section, line) in sections(desc) {
        let text = || String::from_utf8_lossy(line);
        match section {
            b"%NAME%" => package.name = text(),
            b"%VERSION%" => package.version = text(),
            b"%ARCH%" => package.arch = text(),
            b"%BASE%" => package.base = text(),
            b"%INSTALLDATE%" => package.installed = text().parse().ok(),
            _ => {}
        }
    }
    if package.base.is_empty() {
        package.base = package.name.clone();
    }
    (!package.name.is_empty() && !package.version.is_empty()).then_some(package)
}

/// The paths of a `files` file without leading slash; folders, which end in one, are left out.
pub fn paths(files: &[u8]) -> impl Iterator<Item = &[u8]> {
    sections(files)
        .filter(|(section, line)| *section == b"%FILES%" && !line.ends_with(b"/"))
        .map(|(_, line)| line)
}

/// Every line with the heading it stands under.
fn sections(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut section: &[u8] = b"";
    bytes.split(|&byte| byte == b'\n').filter_map(move |line| {
        if line.is_empty() {
            section = b"";
            None
        } else if section.is_empty() {
            section = line;
            None
        } else {
            Some((section, line))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_package_and_its_files_are_read() {
        let desc = b"%NAME%\nlinux-headers\n\n%VERSION%\n6.9.1.arch1-1\n\n%BASE%\nlinux\n\n\
            %ARCH%\nx86_64\n\n%INSTALLDATE%\n1716000000\n\n%LICENSE%\n%odd%\n";
        let package = package(desc).unwrap();
        assert_eq!((&*package.name, &*package.version), ("linux-headers", "6.9.1.arch1-1"));
        assert_eq!((&*package.base, &*package.arch), ("linux", "x86_64"));
        assert_eq!(package.installed, Some(1_716_000_000));
        let files = b"%FILES%\nusr/\nusr/bin/\nusr/bin/bash\n\n%BACKUP%\netc/bash.bashrc\tabc\n";
        assert_eq!(paths(files).collect::<Vec<_>>(), [b"usr/bin/bash"]);
    }

    #[test]
    fn a_desc_without_version_is_no_package() {
        assert_eq!(package(b"%NAME%\nx\n"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = (package(&bytes), paths(&bytes).count());
        }
    }
}
