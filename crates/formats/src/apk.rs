//! Alpine's package database, `lib/apk/db/installed` (apk-tools 2 and 3 write the same text form).

use std::borrow::Cow;

/// Most packages read from one database.
pub const MAX_PACKAGES: usize = 200_000;

/// One installed package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Package<'a> {
    /// `P`.
    pub name: Cow<'a, str>,
    /// `V`, with the `-rN` release.
    pub version: Cow<'a, str>,
    /// `A`.
    pub arch: Cow<'a, str>,
    /// `o`, the package built from; the name itself where it is not given.
    pub origin: Cow<'a, str>,
    /// `m`, a name and a mail address; may be empty.
    pub maintainer: Cow<'a, str>,
    /// The lines of this package: see [`Package::paths`].
    lines: &'a [u8],
}

impl Package<'_> {
    /// The files of the package as absolute paths.
    pub fn paths(&self) -> impl Iterator<Item = Vec<u8>> {
        let mut folder: &[u8] = b"";
        fields(self.lines).filter_map(move |(field, value)| match field {
            b'F' => {
                folder = value;
                None
            }
            b'R' => {
                let mut path = Vec::with_capacity(folder.len() + value.len() + 2);
                for part in [folder, value] {
                    if !part.is_empty() {
                        path.push(b'/');
                        path.extend_from_slice(part);
                    }
                }
                Some(path)
            }
            _ => None,
        })
    }
}

/// The packages of the database. Paragraphs without a name or a version are passed over.
pub fn packages(installed: &[u8]) -> impl Iterator<Item = Package<'_>> {
    let mut rest = installed;
    std::iter::from_fn(move || {
        while let Some(after) = rest.strip_prefix(b"\n") {
            rest = after;
        }
        if rest.is_empty() {
            return None;
        }
        let end = rest.windows(2).position(|pair| pair == b"\n\n").unwrap_or(rest.len());
        let (lines, after) = rest.split_at(end);
        rest = after;
        Some(package(lines))
    })
    .flatten()
    .take(MAX_PACKAGES)
}

fn package(lines: &[u8]) -> Option<Package<'_>> {
    let mut package = Package { lines, ..Package::default() };
    for (field, value) in fields(lines) {
        let slot = match field {
            b'P' => &mut package.name,
            b'V' => &mut package.version,
            b'A' => &mut package.arch,
            b'o' => &mut package.origin,
            b'm' => &mut package.maintainer,
            // The files follow: nothing of ours comes after them.
            b'F' => break,
            _ => continue,
        };
        *slot = String::from_utf8_lossy(value);
    }
    if package.origin.is_empty() {
        package.origin = package.name.clone();
    }
    (!package.name.is_empty() && !package.version.is_empty()).then_some(package)
}

/// `X:value` lines.
fn fields(lines: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    lines.split(|&byte| byte == b'\n').filter_map(|line| match line {
        [field, b':', value @ ..] => Some((*field, value)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INSTALLED: &str = "\
C:Q1abc=
P:musl
V:1.2.5-r0
A:x86_64
o:musl
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1x=
F:

C:Q1def=
P:busybox
V:1.36.1-r29
A:x86_64
F:bin
M:0:0:755
R:busybox
F:etc/network/if-up.d
R:dad
";

    #[test]
    fn packages_and_their_files_are_read() {
        let all: Vec<_> = packages(INSTALLED.as_bytes()).collect();
        let short: Vec<_> =
            all.iter().map(|p| (&*p.name, &*p.version, &*p.arch, &*p.origin)).collect();
        assert_eq!(
            short,
            [
                ("musl", "1.2.5-r0", "x86_64", "musl"),
                ("busybox", "1.36.1-r29", "x86_64", "busybox")
            ]
        );
        assert_eq!(all[0].paths().collect::<Vec<_>>(), [b"/lib/ld-musl-x86_64.so.1"]);
        let paths: Vec<_> = all[1].paths().map(|p| String::from_utf8(p).unwrap()).collect();
        assert_eq!(paths, ["/bin/busybox", "/etc/network/if-up.d/dad"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let _ = packages(&bytes).map(|package| package.paths().count()).sum::<usize>();
        }
    }
}
