//! Flatpak's applications and runtimes of the whole system.

use super::Installed;
use crate::files::{Entry, Files};
use muster_formats::{flatpak, purl};
use std::path::Path;

const ROOT: &str = "/var/lib/flatpak";
const MAX_METADATA: u64 = 1 << 20;
const MAX_APPSTREAM: u64 = 4 << 20;

pub(crate) fn packages(files: &Files, found: &mut dyn FnMut(Installed)) {
    // app|runtime / ID / ARCH / BRANCH / active -> the commit deployed
    for kind in ["app", "runtime"] {
        for id in files.list(format!("{ROOT}/{kind}")) {
            for arch in folders(files, &id.path) {
                for branch in folders(files, &arch.path) {
                    deployment(files, &arch, &branch, found);
                }
            }
        }
    }
}

/// The folders in a folder; `current` is a link to one of them.
fn folders(files: &Files, path: &Path) -> impl Iterator<Item = Entry> {
    files.list(path).into_iter().filter(|entry| entry.file_type != rustix::fs::FileType::Symlink)
}

fn deployment(files: &Files, arch: &Entry, branch: &Entry, found: &mut dyn FnMut(Installed)) {
    let active = branch.path.join("active");
    let Some(metadata) = files.text(active.join("metadata"), MAX_METADATA) else { return };
    let Some(name) = flatpak::name(&metadata) else {
        files.trouble("file.malformed", branch.path.to_string_lossy(), "no name in its metadata");
        return;
    };
    let share = active.join("files/share");
    let version = [format!("metainfo/{name}.metainfo.xml"), format!("appdata/{name}.appdata.xml")]
        .iter()
        .find_map(|path| files.text(share.join(path), MAX_APPSTREAM))
        .and_then(|appstream| flatpak::version(&appstream))
        // Runtimes have no version but their branch.
        .unwrap_or_else(|| branch.text().into_owned());
    let arch = arch.text().into_owned();
    let mut notes = vec![("branch", branch.text().into_owned())];
    notes.extend(flatpak::runtime(&metadata).map(|runtime| ("runtime", runtime.to_owned())));
    found(Installed {
        purl: purl("flatpak", "", name, &version, &[("arch", &arch)]),
        name: name.to_owned(),
        version,
        arch,
        manager: "flatpak",
        install_dir: branch.path.to_string_lossy().into_owned(),
        updated: files.link_stat(&active).map(|stat| stat.mtime),
        notes,
        ..Installed::default()
    });
}
