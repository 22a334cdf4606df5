//! Which files of a data folder belong into a backup.

use super::failed;
use crate::config::Config;
use muster_model::Result;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// What lies in a data folder and stays there: secrets that open the backup, what belongs to a running process, what can
/// be had again. The database goes by a way of its own.
const STAYS: &[&str] = &[
    "lock",
    "run.json",
    "credentials.json",
    "root.key",
    "muster.db",
    "muster.db-wal",
    "muster.db-shm",
    "agent",
    "knowledge",
];
/// Unfinished files, earlier databases, our own work.
const PASSING: &[&str] = &[".muster-new", ".partial", ".restoring", ".backup"];

/// Whether a file at this path beneath the folder belongs into a backup.
pub(super) fn belongs(path: &Path) -> bool {
    let mut names = Vec::new();
    for part in path.components() {
        match part.as_os_str().to_str() {
            Some(name) if matches!(part, Component::Normal(_)) => names.push(name),
            _ => return false,
        }
    }
    let passing = |name: &&str| {
        PASSING.iter().any(|end| name.ends_with(end)) || name.starts_with("muster.db.backup-")
    };
    match names.as_slice() {
        [] | ["audit", "lock"] => false,
        [first, ..] => !STAYS.contains(first) && !names.iter().any(passing),
    }
}

/// The files of a data folder that belong into a backup, relative and in order. Symbolic links and what is no regular
/// file are left out.
pub(super) fn of(config: &Config, data_dir: &Path) -> Result<Vec<PathBuf>> {
    let secret: Vec<PathBuf> = [&config.server.root_key_file, &config.server.root_passphrase_file]
        .into_iter()
        .flatten()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(folder) = open.pop() {
        let whole = data_dir.join(&folder);
        for entry in fs::read_dir(&whole).map_err(|error| failed(&whole, error))? {
            let entry = entry.map_err(|error| failed(&whole, error))?;
            let path = folder.join(entry.file_name());
            let kind = entry.file_type().map_err(|error| failed(&whole, error))?;
            if !belongs(&path) {
                continue;
            }
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                let real = entry.path().canonicalize().map_err(|error| failed(&whole, error))?;
                if !secret.contains(&real) {
                    found.push(path);
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_credentials_never_belong_and_no_path_leaves_the_folder() {
        for path in [
            "root.key",
            "credentials.json",
            "credentials.json.muster-new",
            "muster.db",
            "muster.db.backup-3",
            "audit/lock",
            "blobs/.partial/x",
            "agent/key",
            "../x",
            "/etc/passwd",
            "audit/../root.key",
            "",
        ] {
            assert!(!belongs(Path::new(path)), "{path}");
        }
        for path in ["muster.toml", "audit/n-000001.jsonl", "blobs/e.zip", "tls/ca.pem"] {
            assert!(belongs(Path::new(path)), "{path}");
        }
    }
}
