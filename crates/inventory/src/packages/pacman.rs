//! Arch's packages.

use super::{Distro, Installed};
use crate::files::Files;
use muster_formats::pacman::{self, Package};
use muster_formats::purl;
use muster_model::Micros;
use std::path::Path;

const LOCAL: &str = "/var/lib/pacman/local";

/// A package's folder carries its version, so that every change is one of this folder.
pub(crate) const DATABASES: &[&str] = &[LOCAL];

const MAX_DESC: u64 = 1 << 20;
const MAX_FILES: u64 = 32 << 20;

pub(crate) fn packages(files: &Files, distro: &Distro, found: &mut dyn FnMut(Installed)) {
    each(files, &mut |_, _, package| {
        found(Installed {
            name: package.name.to_string(),
            version: package.version.to_string(),
            arch: package.arch.to_string(),
            purl: url(package, distro),
            manager: "pacman",
            source: Some((package.base.to_string(), package.version.to_string())),
            updated: package.installed.map(Micros::from_secs),
            ..Installed::default()
        });
    });
}

pub(crate) fn ownership(files: &Files, distro: &Distro, owned: &mut dyn FnMut(&[u8], &str)) {
    each(files, &mut |folders, folder, package| {
        let url = url(package, distro);
        let list = folders.read(folder.join("files"), MAX_FILES).unwrap_or_default();
        let mut absolute = Vec::new();
        for path in pacman::paths(&list) {
            absolute.clear();
            absolute.push(b'/');
            absolute.extend_from_slice(path);
            owned(&absolute, &url);
        }
    });
}

fn each(files: &Files, each: &mut dyn FnMut(&Files, &Path, &Package<'_>)) {
    let folders = files.aside();
    for entry in files.list(LOCAL) {
        // Beside the folders lies ALPM_DB_VERSION.
        let Some(desc) = folders.stat(entry.path.join("desc")) else { continue };
        if !desc.is_file() {
            continue;
        }
        let desc = folders.read(entry.path.join("desc"), MAX_DESC).unwrap_or_default();
        match pacman::package(&desc) {
            Some(package) => each(&folders, &entry.path, &package),
            None => {
                let message = "neither name nor version in its desc";
                files.trouble("file.malformed", entry.path.to_string_lossy(), message);
            }
        }
    }
}

fn url(package: &Package<'_>, distro: &Distro) -> String {
    let namespace = distro.namespace("arch");
    purl("alpm", namespace, &package.name, &package.version, &[("arch", &package.arch)])
}
