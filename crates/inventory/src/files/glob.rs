//! Patterns over the files of a root: how configurations name what they include.

use super::Files;
use muster_formats::include::{Included, Sources, is_pattern, matches};
use std::path::{Path, PathBuf};

/// Largest configuration file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// Most paths one pattern may lead to.
const MAX_PATHS: usize = 10_000;

impl Files {
    /// The paths that match an absolute pattern (`*`, `?`, `[...]` within one component), sorted.
    /// A pattern without wildcards gives its path if that exists.
    pub fn glob(&self, pattern: &str) -> Vec<PathBuf> {
        let mut found = vec![PathBuf::from("/")];
        for component in pattern.split('/').filter(|part| !part.is_empty()) {
            found = if is_pattern(component) {
                found.iter().flat_map(|dir| self.matching_in(dir, component)).collect()
            } else {
                found.iter().map(|dir| dir.join(component)).collect()
            };
            if found.len() > MAX_PATHS {
                let message =
                    format!("stands for more than {MAX_PATHS} paths, the rest is left out");
                self.trouble("pattern.too_many", pattern, message);
                found.truncate(MAX_PATHS);
            }
        }
        found.retain(|path| self.stat(path).is_some());
        found
    }

    fn matching_in(&self, dir: &Path, component: &str) -> Vec<PathBuf> {
        let entries = self.list(dir).into_iter();
        entries
            .filter(|entry| entry.name.to_str().is_some_and(|name| matches(component, name)))
            .map(|entry| entry.path)
            .collect()
    }
}

/// The files of a root as what a configuration includes.
impl Sources for &Files {
    fn matching(&mut self, pattern: &str) -> Vec<Included> {
        let paths = self.glob(pattern).into_iter();
        paths
            .filter(|path| self.stat(path).is_some_and(|stat| !stat.is_dir()))
            .filter_map(|path| {
                let text = self.text(&path, MAX_BYTES)?;
                Some(Included { path: path.to_string_lossy().into_owned(), text })
            })
            .collect()
    }
}
