//! Alpine's packages.

use super::{Distro, Installed};
use crate::files::Files;
use muster_formats::apk::{self, Package};

/// The database, where it was and where apk-tools 3 keeps it.
pub(crate) const DATABASES: &[&str] = &["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];

const MAX_DATABASE: u64 = 256 << 20;

pub(crate) fn packages(files: &Files, distro: &Distro, found: &mut dyn FnMut(Installed)) {
    each(files, &mut |package| {
        found(Installed {
            name: package.name.to_string(),
            version: package.version.to_string(),
            arch: package.arch.to_string(),
            purl: url(package, distro),
            manager: "apk",
            // A source package and what is built from it share one version.
            source: Some((package.origin.to_string(), package.version.to_string())),
            ..Installed::default()
        });
    });
}

pub(crate) fn ownership(files: &Files, distro: &Distro, owned: &mut dyn FnMut(&[u8], &str)) {
    each(files, &mut |package| {
        let url = url(package, distro);
        for path in package.paths() {
            owned(&path, &url);
        }
    });
}

fn each(files: &Files, each: &mut dyn FnMut(&Package<'_>)) {
    // With /lib a link to /usr/lib the two are one file.
    if let Some(bytes) = DATABASES.iter().find_map(|path| files.read(path, MAX_DATABASE)) {
        for package in apk::packages(&bytes) {
            each(&package);
        }
    }
}

fn url(package: &Package<'_>, distro: &Distro) -> String {
    distro.url(
        ("apk", distro.namespace("alpine")),
        (&package.name, &package.version),
        (!package.origin.is_empty()).then_some((&*package.origin, "")),
        &[("arch", &package.arch)],
    )
}
