//! Debian's packages: `var/lib/dpkg`, and the `status.d` of images built without dpkg.

use super::{Distro, Installed};
use crate::files::Files;
use muster_formats::dpkg::{self, Package, State};
use std::collections::HashMap;

const STATUS: &str = "/var/lib/dpkg/status";
const STATUS_D: &str = "/var/lib/dpkg/status.d";
const INFO: &str = "/var/lib/dpkg/info";
const DIVERSIONS: &str = "/var/lib/dpkg/diversions";

/// What tells whether anything here has changed. dpkg replaces files of `info` by renaming.
pub(crate) const DATABASES: &[&str] = &[STATUS, STATUS_D, INFO, DIVERSIONS];

/// Largest status file; that of a system with 10,000 packages has 20 MB.
const MAX_STATUS: u64 = 64 << 20;
/// Largest list of one package's files; the kernel sources have 8 MB.
const MAX_LIST: u64 = 32 << 20;

pub(crate) fn packages(files: &Files, distro: &Distro, found: &mut dyn FnMut(Installed)) {
    // Lists change only together with the status file, so they need not be watched one by one.
    let lists = files.aside();
    each(files, &mut |package, from| {
        let updated = match from {
            From::Status => list(package, |path| lists.stat(path)).map(|stat| stat.mtime),
            From::StatusD(path) => lists.stat(path).map(|stat| stat.mtime),
        };
        let mut notes = Vec::new();
        if package.state == State::Unconfigured {
            notes.push(("state", "unpacked, not configured".to_owned()));
        }
        found(Installed {
            name: package.name.to_string(),
            version: package.version.to_string(),
            arch: package.arch.to_string(),
            purl: url(package, distro),
            manager: "dpkg",
            source: Some((package.source.to_string(), package.source_version.to_string())),
            updated,
            notes,
            ..Installed::default()
        });
    });
}

pub(crate) fn ownership(files: &Files, distro: &Distro, owned: &mut dyn FnMut(&[u8], &str)) {
    let diversions = files.read(DIVERSIONS, MAX_LIST).unwrap_or_default();
    let diverted: HashMap<&[u8], _> =
        dpkg::diversions(&diversions).map(|diversion| (diversion.from, diversion)).collect();
    each(files, &mut |package, from| {
        let url = url(package, distro);
        match from {
            From::Status => {
                let Some(list) = list(package, |path| files.read(path, MAX_LIST)) else { return };
                for path in dpkg::list_paths(&list) {
                    match diverted.get(path) {
                        Some(diversion) if diversion.by != package.name.as_bytes() => {
                            owned(diversion.to, &url);
                        }
                        _ => owned(path, &url),
                    }
                }
            }
            From::StatusD(path) => {
                let sums = files.read(format!("{path}.md5sums"), MAX_LIST).unwrap_or_default();
                let mut absolute = Vec::new();
                for path in dpkg::md5sums_paths(&sums) {
                    absolute.clear();
                    absolute.push(b'/');
                    absolute.extend_from_slice(path);
                    owned(&absolute, &url);
                }
            }
        }
    });
}

/// Where a package stands.
enum From<'a> {
    Status,
    /// In a file of its own.
    StatusD(&'a str),
}

/// Calls `each` with every package whose files lie on disk.
fn each(files: &Files, each: &mut dyn FnMut(&Package<'_>, From<'_>)) {
    if let Some(status) = files.read(STATUS, MAX_STATUS) {
        for package in dpkg::packages(&status).filter(|package| package.state != State::Absent) {
            each(&package, From::Status);
        }
    }
    for entry in files.list(STATUS_D) {
        let path = entry.path.to_string_lossy();
        if path.ends_with(".md5sums") {
            continue;
        }
        let stanza = files.read(&entry.path, MAX_STATUS).unwrap_or_default();
        for package in dpkg::packages(&stanza).filter(|package| package.state != State::Absent) {
            each(&package, From::StatusD(&path));
        }
    }
}

/// What `look` finds of the package's list of files, whose name carries the architecture where several may
/// be installed side by side.
fn list<T>(package: &Package<'_>, look: impl Fn(&str) -> Option<T>) -> Option<T> {
    let (name, arch) = (&package.name, &package.arch);
    let plain = format!("{INFO}/{name}.list");
    if package.multi_arch_same {
        look(&format!("{INFO}/{name}:{arch}.list")).or_else(|| look(&plain))
    } else {
        look(&plain)
    }
}

fn url(package: &Package<'_>, distro: &Distro) -> String {
    distro.url(
        ("deb", distro.namespace("debian")),
        (&package.name, &package.version),
        Some((&package.source, &package.source_version)),
        &[("arch", &package.arch)],
    )
}
