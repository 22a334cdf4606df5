//! Snaps, from the folders they are mounted on. A snap's file lies unmounted in an image of a system; then
//! its name and revision are all there is to say.

use super::Installed;
use crate::files::Files;
use muster_formats::{purl, snap};
use std::path::Path;

/// Where snaps are mounted: the second is Fedora's.
const MOUNTS: &[&str] = &["/snap", "/var/lib/snapd/snap"];
const FILES: &str = "/var/lib/snapd/snaps";
const MAX_YAML: u64 = 1 << 20;

pub(crate) fn packages(files: &Files, found: &mut dyn FnMut(Installed)) {
    let mut mounted = Vec::new();
    for mount in MOUNTS {
        for entry in files.list(mount) {
            let current = entry.path.join("current");
            let Some(yaml) = files.text(current.join("meta/snap.yaml"), MAX_YAML) else { continue };
            let Some(snap) = snap::snap(&yaml) else {
                let message = "neither name nor version in its snap.yaml";
                files.trouble("file.malformed", entry.path.to_string_lossy(), message);
                continue;
            };
            if mounted.contains(&snap.name) {
                continue;
            }
            mounted.push(snap.name.clone());
            let revision = files.link(&current).unwrap_or_default();
            let revision = revision.file_name().unwrap_or_default().to_string_lossy();
            found(Installed {
                purl: purl("snap", "", &snap.name, &snap.version, &[("arch", &snap.arch)]),
                name: snap.name,
                version: snap.version,
                arch: snap.arch,
                manager: "snap",
                install_dir: entry.path.join(&*revision).to_string_lossy().into_owned(),
                updated: files.link_stat(&current).map(|stat| stat.mtime),
                notes: vec![("revision", revision.into_owned())],
                ..Installed::default()
            });
        }
    }
    unmounted(files, &mounted, found);
}

/// `NAME_REVISION.snap`; of several revisions the newest.
fn unmounted(files: &Files, mounted: &[String], found: &mut dyn FnMut(Installed)) {
    let mut newest = std::collections::BTreeMap::<String, (u64, String)>::new();
    for entry in files.list(FILES) {
        let Some(name) = Path::new(&entry.name).file_stem().and_then(|stem| stem.to_str()) else {
            continue;
        };
        let Some((name, revision)) = name.rsplit_once('_') else { continue };
        // Those installed from a file count from x1.
        let Ok(number) = revision.trim_start_matches('x').parse() else { continue };
        if !entry.text().ends_with(".snap") || mounted.iter().any(|known| known == name) {
            continue;
        }
        let slot = newest.entry(name.to_owned()).or_default();
        *slot = slot.clone().max((number, revision.to_owned()));
    }
    for (name, (_, revision)) in newest {
        found(Installed {
            updated: files.stat(format!("{FILES}/{name}_{revision}.snap")).map(|stat| stat.mtime),
            purl: purl("snap", "", &name, "", &[]),
            name,
            manager: "snap",
            notes: vec![("revision", revision)],
            ..Installed::default()
        });
    }
}
