//! Paths of services: patterns on the swept root, homes, relative names.

use crate::files::Files;
use muster_formats::include::{Included, Sources, is_pattern, matches};
use std::path::{Component, Path, PathBuf};

/// Most paths one pattern may stand for.
const MAX_MATCHES: usize = 2_000;
/// Largest configuration file, bytes.
pub(crate) const MAX_CONFIG: u64 = 4 * 1024 * 1024;

/// The paths that a pattern stands for, sorted. One without wildcards stands for itself, there or not.
pub(crate) fn expand(files: &Files, pattern: &str) -> Vec<PathBuf> {
    if !is_pattern(pattern) {
        return vec![PathBuf::from(pattern)];
    }
    let mut paths = vec![PathBuf::from("/")];
    let mut rest = pattern.split('/').filter(|component| !component.is_empty()).peekable();
    while let Some(component) = rest.next() {
        let last = rest.peek().is_none();
        let mut next = Vec::new();
        for path in paths {
            if is_pattern(component) {
                for entry in files.list(&path) {
                    if next.len() < MAX_MATCHES && matches(component, &entry.text()) {
                        next.push(entry.path);
                    }
                }
            } else {
                next.push(path.join(component));
            }
        }
        // What follows a wildcard may be missing.
        if last && !is_pattern(component) {
            next.retain(|path| files.stat(path).is_some());
        }
        paths = next;
    }
    paths
}

/// Reads what a configuration includes, from the swept root.
pub(crate) struct Includes<'a>(pub(crate) &'a Files);

impl Sources for Includes<'_> {
    fn matching(&mut self, pattern: &str) -> Vec<Included> {
        expand(self.0, pattern)
            .into_iter()
            .filter(|path| self.0.stat(path).is_some_and(|stat| stat.is_file()))
            .filter_map(|path| {
                let text = self.0.text(&path, MAX_CONFIG)?;
                Some(Included { path: path.to_string_lossy().into_owned(), text })
            })
            .collect()
    }
}

/// The directory a program is installed in: that above its `bin` or `sbin`, or the one it lies in.
/// Programs in the directories that all packages share have none and stand for themselves.
pub(crate) fn home_of(program: &Path) -> PathBuf {
    const SHARED: &[&str] =
        &["/", "/usr", "/usr/local", "/usr/lib", "/usr/libexec", "/usr/share", "/opt"];
    let Some(directory) = program.parent() else { return program.to_owned() };
    let name = directory.file_name().unwrap_or_default();
    let home = match name.to_str() {
        Some("bin" | "sbin" | "libexec" | "adm") => directory.parent().unwrap_or(directory),
        _ => directory,
    };
    let shared = home.to_str().is_some_and(|home| SHARED.contains(&home));
    if shared { program.to_owned() } else { home.to_owned() }
}

/// `path` as seen from `directory`, without `.` and `..`, as far as that can be told from its text.
pub(crate) fn resolve(directory: &Path, path: impl AsRef<Path>) -> PathBuf {
    let mut out = PathBuf::from("/");
    for component in directory.join(path).components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::Normal(name) => out.push(name),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_and_relative_paths() {
        for (program, home) in [
            ("/usr/sbin/nginx", "/usr/sbin/nginx"),
            ("/usr/local/nginx/sbin/nginx", "/usr/local/nginx"),
            ("/usr/lib/postgresql/15/bin/postgres", "/usr/lib/postgresql/15"),
            ("/opt/clickhouse/clickhouse", "/opt/clickhouse"),
            ("/opt/ibm/db2/V11.5/adm/db2sysc", "/opt/ibm/db2/V11.5"),
            ("/bin/x", "/bin/x"),
        ] {
            assert_eq!(home_of(Path::new(program)), Path::new(home));
        }
        assert_eq!(resolve(Path::new("/a/b"), "../c/./d"), Path::new("/a/c/d"));
        assert_eq!(resolve(Path::new("/a/b"), "/c/../../d"), Path::new("/d"));
    }
}
