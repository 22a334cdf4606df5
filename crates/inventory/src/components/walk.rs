//! Looking for files of a kind below a directory, within limits.

use crate::files::{Entry, Stat};
use crate::host::Host;
use rustix::fs::FileType;
use std::path::{Path, PathBuf};

/// What a walk may still cost; shared by the walks of one service.
pub(crate) struct Budget {
    pub(crate) directories: usize,
    pub(crate) files: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { directories: 5_000, files: 20_000 }
    }
}

/// The files below `dir` whose name `wanted` accepts, at most `depth` directories deep. Links to
/// directories are followed only in `dir` itself.
pub(crate) fn files(
    host: &Host<'_>,
    dir: &Path,
    depth: usize,
    budget: &mut Budget,
    wanted: fn(&str) -> bool,
) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut next = vec![(dir.to_owned(), 0)];
    while let Some((dir, level)) = next.pop() {
        if budget.directories == 0 {
            host.trouble("walk.too_large", dir.to_string_lossy(), "too many directories below");
            break;
        }
        budget.directories -= 1;
        for entry in host.files().list(&dir) {
            if wanted(&entry.text()) && entry.file_type != FileType::Directory {
                if budget.files == 0 {
                    return found;
                }
                budget.files -= 1;
                found.push(entry.path);
            } else if level < depth && is_dir(host, &entry, level == 0) {
                next.push((entry.path, level + 1));
            }
        }
    }
    found
}

fn is_dir(host: &Host<'_>, entry: &Entry, follow: bool) -> bool {
    match entry.file_type {
        FileType::Directory => true,
        FileType::Symlink => {
            follow && host.files().stat(&entry.path).is_some_and(|stat| stat.is_dir())
        }
        FileType::Unknown => {
            host.files().link_stat(&entry.path).is_some_and(|stat: Stat| stat.is_dir())
        }
        _ => false,
    }
}
