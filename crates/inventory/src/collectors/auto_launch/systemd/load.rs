//! From a unit's name to its content: search path, aliases, masks, templates, drop-ins.

use super::super::MAX_FILE;
use crate::files::{Entry, Files};
use muster_formats::systemd::{Name, Unit};
use rustix::fs::FileType;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Aliases may lead to aliases.
const MAX_ALIASES: usize = 8;
/// Most drop-ins of one unit.
const MAX_DROP_INS: usize = 200;

/// A directory of units and what lies in it.
pub(super) struct Directory {
    entries: BTreeMap<String, Entry>,
}

impl Directory {
    /// Those that exist, each once: `/lib` may be `/usr/lib`.
    pub(super) fn open_all(
        files: &Files,
        paths: impl IntoIterator<Item = PathBuf>,
    ) -> Vec<Rc<Self>> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for path in paths {
            let Some(stat) = files.stat(&path) else { continue };
            if stat.is_dir() && seen.insert((stat.dev, stat.ino)) {
                let entries = files.list(&path).into_iter();
                let entries =
                    entries.filter_map(|entry| Some((entry.name.to_str()?.to_owned(), entry)));
                found.push(Rc::new(Self { entries: entries.collect() }));
            }
        }
        found
    }
}

/// A unit with its drop-ins.
pub(super) struct Loaded {
    /// Its name, that of the unit if it was asked for by an alias.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) drop_ins: Vec<String>,
    pub(super) unit: Unit,
}

/// The units of one manager.
pub(super) struct Units<'a> {
    files: &'a Files,
    /// The strongest first.
    directories: Vec<Rc<Directory>>,
}

impl<'a> Units<'a> {
    pub(super) fn new(files: &'a Files, directories: Vec<Rc<Directory>>) -> Self {
        Self { files, directories }
    }

    /// Is there anything of that name, a mask included?
    pub(super) fn exists(&self, name: &str) -> bool {
        self.directories.iter().any(|directory| directory.entries.contains_key(name))
    }

    /// The names in all `*.wants` and the like, and by whom each is wanted.
    pub(super) fn wanted(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut masked = BTreeSet::new();
        for directory in &self.directories {
            for (name, folder) in &directory.entries {
                let by = [".wants", ".requires", ".upholds"]
                    .iter()
                    .find_map(|suffix| name.strip_suffix(suffix));
                // What is wanted in the initial RAM disk starts only there.
                let Some(by) = by.filter(|by| !by.starts_with("initrd")) else { continue };
                for link in self.files.list(&folder.path) {
                    let Some(unit) = link.name.to_str() else { continue };
                    let key = (name.clone(), unit.to_owned());
                    if self.is_mask(&link) {
                        masked.insert(key);
                    } else if !masked.contains(&key) {
                        wanted.entry(unit.to_owned()).or_default().insert(by.to_owned());
                    }
                }
            }
        }
        wanted.entry("default.target".to_owned()).or_default();
        wanted
    }

    /// The unit of that name; nothing if there is none or it is masked.
    pub(super) fn load(&self, name: &str) -> Option<Loaded> {
        let (name, path) = self.find(name, MAX_ALIASES)?;
        let text = self.files.text(&path, MAX_FILE)?;
        // Empty is another way to mask.
        if text.trim().is_empty() {
            return None;
        }
        let mut unit = Unit::parse(&text);
        let mut drop_ins = Vec::new();
        for path in self.drop_ins(&name) {
            if let Some(text) = self.files.text(&path, MAX_FILE) {
                unit.apply(&text);
                drop_ins.push(path.to_string_lossy().into_owned());
            }
        }
        Some(Loaded { name, path, drop_ins, unit })
    }

    fn find(&self, name: &str, depth: usize) -> Option<(String, PathBuf)> {
        if depth == 0 {
            return None;
        }
        let parsed = Name::parse(name)?;
        let template = parsed.template().filter(|template| template != name);
        for wanted in [Some(name.to_owned()), template].into_iter().flatten() {
            let entries =
                self.directories.iter().filter_map(|directory| directory.entries.get(&wanted));
            for entry in entries {
                if self.is_mask(entry) {
                    return None;
                }
                let target = self.target(entry);
                let alias = target.as_deref().and_then(Path::file_name).and_then(|n| n.to_str());
                if let Some(alias) = alias.filter(|alias| *alias != wanted && self.exists(alias)) {
                    return self.find(&instance_of(alias, parsed), depth - 1);
                }
                if self.files.stat(&entry.path).is_some_and(|stat| stat.is_file()) {
                    let path = target.filter(|path| self.files.stat(path).is_some());
                    return Some((name.to_owned(), path.unwrap_or_else(|| entry.path.clone())));
                }
            }
        }
        None
    }

    /// Where a link leads, relative ones beside it.
    fn target(&self, entry: &Entry) -> Option<PathBuf> {
        if !matches!(entry.file_type, FileType::Symlink | FileType::Unknown) {
            return None;
        }
        let target = self.files.link(&entry.path)?;
        if target.is_absolute() {
            return Some(target);
        }
        let mut path = entry.path.parent()?.to_path_buf();
        for component in target.components() {
            match component {
                std::path::Component::ParentDir => {
                    path.pop();
                }
                std::path::Component::Normal(name) => path.push(name),
                _ => {}
            }
        }
        Some(path)
    }

    fn is_mask(&self, entry: &Entry) -> bool {
        self.target(entry).is_some_and(|target| target == Path::new("/dev/null"))
    }

    /// Drop-ins in the order in which they apply: by file name, of equal ones the strongest alone.
    fn drop_ins(&self, name: &str) -> Vec<PathBuf> {
        let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
        for folder in folders_for(name) {
            for directory in &self.directories {
                let Some(entry) = directory.entries.get(&folder) else { continue };
                for file in self.files.list(&entry.path) {
                    let Some(name) = file.name.to_str() else { continue };
                    if name.ends_with(".conf") && found.len() < MAX_DROP_INS {
                        found.entry(name.to_owned()).or_insert(file.path);
                    }
                }
            }
        }
        found.into_values().collect()
    }
}

/// An alias of a template takes over the instance.
fn instance_of(alias: &str, asked: Name<'_>) -> String {
    match (alias.split_once("@."), asked.instance) {
        (Some((prefix, suffix)), Some(instance)) => format!("{prefix}@{instance}.{suffix}"),
        _ => alias.to_owned(),
    }
}

/// Folders of drop-ins for a unit, the most specific first: its own, its template's, those of every
/// shortening of its name at a `-`, that of its type.
fn folders_for(name: &str) -> Vec<String> {
    let mut folders = vec![format!("{name}.d")];
    let Some(parsed) = Name::parse(name) else { return folders };
    folders.extend(parsed.template().map(|template| format!("{template}.d")));
    let mut prefix = parsed.prefix.trim_end_matches('-');
    while let Some((shorter, _)) = prefix.rsplit_once('-') {
        folders.push(format!("{shorter}-.{}.d", parsed.suffix));
        prefix = shorter.trim_end_matches('-');
    }
    folders.push(format!("{}.d", parsed.suffix));
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drop_in_folders_go_from_special_to_general() {
        assert_eq!(
            folders_for("a-b-c@x.service"),
            [
                "a-b-c@x.service.d",
                "a-b-c@.service.d",
                "a-b-.service.d",
                "a-.service.d",
                "service.d"
            ]
        );
        assert_eq!(folders_for("ssh.socket"), ["ssh.socket.d", "socket.d"]);
    }
}
