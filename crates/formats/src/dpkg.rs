//! dpkg's database: `/var/lib/dpkg/status`, its `info` folder and its diversions (dpkg(1), deb-control(5),
//! dpkg-divert(1)); also the `status.d` folder of images built without dpkg.

use std::borrow::Cow;

/// Most packages read from one database; Debian's whole archive has some 65,000.
pub const MAX_PACKAGES: usize = 200_000;

/// How far dpkg got with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Unpacked and configured, perhaps with triggers outstanding.
    Installed,
    /// Its files lie on disk, but its configuration did not complete.
    Unconfigured,
    /// Removed (configuration files may remain), broken off while unpacking, or only known by name.
    Absent,
}

impl State {
    /// From the third word of the `Status` field.
    fn parse(status: &str) -> Self {
        match status.split_ascii_whitespace().nth(2) {
            Some("installed" | "triggers-pending" | "triggers-awaited") => Self::Installed,
            Some("unpacked" | "half-configured") => Self::Unconfigured,
            _ => Self::Absent,
        }
    }
}

/// One stanza of the status file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package<'a> {
    /// `Package`.
    pub name: Cow<'a, str>,
    /// `Version`, with epoch and revision.
    pub version: Cow<'a, str>,
    /// `Architecture`.
    pub arch: Cow<'a, str>,
    /// Name of the source package: `Source`, or the package's own name.
    pub source: Cow<'a, str>,
    /// Version of the source package: in brackets after `Source`, or the package's own.
    pub source_version: Cow<'a, str>,
    /// `Maintainer`: a name and a mail address; may be empty.
    pub maintainer: Cow<'a, str>,
    /// Several architectures may be installed side by side (`Multi-Arch: same`): the files in `info` then
    /// carry the architecture in their name.
    pub multi_arch_same: bool,
    /// `Status`. A stanza without the field, as in `status.d`, is installed.
    pub state: State,
}

/// The packages of a status file. Stanzas without a name or a version are passed over.
pub fn packages(status: &[u8]) -> impl Iterator<Item = Package<'_>> {
    Stanzas { rest: status }.filter_map(package).take(MAX_PACKAGES)
}

fn package(stanza: &[u8]) -> Option<Package<'_>> {
    let (mut name, mut version, mut arch, mut source) = (None, None, None, None);
    let mut maintainer = Cow::Borrowed("");
    let mut multi_arch_same = false;
    let mut state = State::Installed;
    for line in stanza.split(|&byte| byte == b'\n') {
        // A line that starts with a blank continues a field; none of ours has such lines.
        if line.first().is_none_or(u8::is_ascii_whitespace) {
            continue;
        }
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let (field, value) = line.split_at(colon);
        let value = || String::from_utf8_lossy(value.get(1..).unwrap_or_default().trim_ascii());
        match field.to_ascii_lowercase().as_slice() {
            b"package" => name = Some(value()),
            b"version" => version = Some(value()),
            b"architecture" => arch = Some(value()),
            b"source" => source = Some(value()),
            b"maintainer" => maintainer = value(),
            b"multi-arch" => multi_arch_same = value() == "same",
            b"status" => state = State::parse(&value()),
            _ => {}
        }
    }
    let name = name.filter(|name| !name.is_empty())?;
    let version = version.filter(|version| !version.is_empty())?;
    let (source, source_version) = match source {
        None => (name.clone(), version.clone()),
        Some(source) => split_source(&source, &version),
    };
    let arch = arch.unwrap_or_default();
    Some(Package {
        name,
        version,
        arch,
        source,
        source_version,
        maintainer,
        multi_arch_same,
        state,
    })
}

/// `linux-signed-amd64 (6.1.90+1)` → name and version; without brackets the version is the package's own.
fn split_source<'a>(source: &str, own: &Cow<'a, str>) -> (Cow<'a, str>, Cow<'a, str>) {
    match source.split_once('(') {
        Some((name, version)) => {
            let version = version.trim_end().trim_end_matches(')').trim();
            (name.trim().to_owned().into(), version.to_owned().into())
        }
        None => (source.to_owned().into(), own.clone()),
    }
}

/// Paragraphs parted by empty lines.
struct Stanzas<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Stanzas<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while let Some(rest) = self.rest.strip_prefix(b"\n") {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.windows(2).position(|pair| pair == b"\n\n").unwrap_or(self.rest.len());
        let (stanza, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(stanza)
    }
}

/// The package of an `info/NAME.list` or `info/NAME:ARCH.list`: name, and architecture where it stands.
pub fn list_owner(file_name: &str) -> Option<(&str, Option<&str>)> {
    let stem = file_name.strip_suffix(".list")?;
    Some(stem.split_once(':').map_or((stem, None), |(name, arch)| (name, Some(arch))))
}

/// The files of an `info/*.list`. Folders are left out: the list names a folder before what lies in it.
pub fn list_paths(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut lines = list.split(|&byte| byte == b'\n').filter(|line| line.len() > 1).peekable();
    std::iter::from_fn(move || {
        loop {
            let line = lines.next()?;
            let folder = lines.peek().is_some_and(|next| {
                next.strip_prefix(line).is_some_and(|rest| rest.starts_with(b"/"))
            });
            if !folder && line != b"/." {
                return Some(line);
            }
        }
    })
}

/// The files of a `*.md5sums`, which are written without the leading slash.
pub fn md5sums_paths(sums: &[u8]) -> impl Iterator<Item = &[u8]> {
    sums.split(|&byte| byte == b'\n')
        .filter_map(|line| line.get(32..).and_then(|rest| rest.strip_prefix(b"  ")))
        .filter(|path| !path.is_empty())
}

/// A file that one package moved out of the way of all the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diversion<'a> {
    /// The path as the packages list it.
    pub from: &'a [u8],
    /// Where the other packages' file lies.
    pub to: &'a [u8],
    /// The package whose file lies at `from`; `:` for the administrator.
    pub by: &'a [u8],
}

/// The diversions of `/var/lib/dpkg/diversions`: three lines each.
pub fn diversions(bytes: &[u8]) -> impl Iterator<Item = Diversion<'_>> {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    std::iter::from_fn(move || {
        let (from, to, by) = (lines.next()?, lines.next()?, lines.next()?);
        Some(Diversion { from, to, by })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATUS: &str = "\
Package: curl
Status: install ok installed
Architecture: amd64
Version: 7.88.1-10+deb12u8
Description: command line tool
 Version: 0 is not the version
 .

Package: linux-image-6.1.0-21-amd64
Status: install ok triggers-awaited
Architecture: amd64
Source: linux-signed-amd64 (6.1.90+1)
Version: 6.1.90-1
Multi-Arch: same


Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: stuck
Status: install ok half-configured
Version: 2:1-1
Source: stick

Package: nameless
";

    #[test]
    fn every_stanza_is_read_with_its_source_and_state() {
        let all: Vec<_> = packages(STATUS.as_bytes()).collect();
        let short: Vec<_> = all
            .iter()
            .map(|p| (&*p.name, &*p.version, &*p.source, &*p.source_version, p.state))
            .collect();
        assert_eq!(
            short,
            [
                ("curl", "7.88.1-10+deb12u8", "curl", "7.88.1-10+deb12u8", State::Installed),
                (
                    "linux-image-6.1.0-21-amd64",
                    "6.1.90-1",
                    "linux-signed-amd64",
                    "6.1.90+1",
                    State::Installed
                ),
                ("gone", "1", "gone", "1", State::Absent),
                ("stuck", "2:1-1", "stick", "2:1-1", State::Unconfigured),
            ]
        );
        assert!(all[1].multi_arch_same && !all[0].multi_arch_same);
        assert_eq!(all[3].arch, "");
    }

    #[test]
    fn a_stanza_without_status_is_installed() {
        let package = packages(b"Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n")
            .next()
            .unwrap();
        assert_eq!(package.state, State::Installed);
    }

    #[test]
    fn lists_give_files_without_their_folders() {
        let list = b"/.\n/bin\n/bin/ls\n/usr\n/usr/bin\n/usr/bin/[\n/usr/bin2\n/var/empty\n";
        let paths: Vec<_> = list_paths(list).map(|path| str::from_utf8(path).unwrap()).collect();
        assert_eq!(paths, ["/bin/ls", "/usr/bin/[", "/usr/bin2", "/var/empty"]);
        assert_eq!(list_owner("libc6:amd64.list"), Some(("libc6", Some("amd64"))));
        assert_eq!(list_owner("curl.list"), Some(("curl", None)));
        assert_eq!(list_owner("curl.md5sums"), None);
        let sums = b"d41d8cd98f00b204e9800998ecf8427e  usr/bin/curl\nshort\n";
        assert_eq!(md5sums_paths(sums).collect::<Vec<_>>(), [b"usr/bin/curl"]);
    }

    #[test]
    fn diversions_come_in_threes() {
        let all: Vec<_> = diversions(b"/usr/bin/x\n/usr/bin/x.distrib\nother\n/lone\n").collect();
        assert_eq!(
            all,
            [Diversion { from: b"/usr/bin/x", to: b"/usr/bin/x.distrib", by: b"other" }]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = packages(&bytes).count() + list_paths(&bytes).count();
            let _ = md5sums_paths(&bytes).count() + diversions(&bytes).count();
        }

        #[test]
        fn what_is_written_is_read(
            names in proptest::collection::vec("[a-z][a-z0-9+.-]{1,20}", 0..20),
            version in "[0-9][0-9a-z.+~-]{0,12}",
        ) {
            let text: String = names
                .iter()
                .map(|name| format!("Package: {name}\nStatus: install ok installed\nVersion: {version}\n\n"))
                .collect();
            let read: Vec<_> = packages(text.as_bytes())
                .map(|package| (package.name.into_owned(), package.version.into_owned()))
                .collect();
            let written: Vec<_> = names.into_iter().map(|name| (name, version.clone())).collect();
            prop_assert_eq!(read, written);
        }
    }
}
