//! Marker files: the files by which a product is known and in which it says its version.

use crate::host::Host;
use std::path::{Path, PathBuf};

/// Largest marker file, bytes.
const MAX_FILE: u64 = 1 << 20;
/// How far behind its announcement a version stands at most, bytes.
const REACH: usize = 400;

/// Where a product says its version.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told {
    /// In this file, in quotes after these words.
    Quoted(&'static str, &'static str),
    /// In this file, the word after these words; with no words, the first of the file.
    Word(&'static str, &'static str),
    /// In a file, the word after these words, if the first path is there as well.
    Beside(&'static str, &'static str, &'static str),
    /// In this file, up to the next `<` after these words.
    Tagged(&'static str, &'static str),
    /// In the name of an archive in this directory, after this prefix.
    Archive(&'static str, &'static str),
    /// The name of a directory in this directory.
    Directory(&'static str),
    /// Nowhere; this file is all there is to know it by.
    Nowhere(&'static str),
}

/// A product that was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The file it was recognised by.
    pub(crate) file: PathBuf,
    /// Its version; empty where it is told nowhere.
    pub(crate) version: String,
}

impl Told {
    /// The first part of the path: what must be in a directory for a look to be worth while.
    pub(crate) fn first_name(&self) -> &'static str {
        let (Self::Quoted(path, _)
        | Self::Word(path, _)
        | Self::Beside(path, _, _)
        | Self::Tagged(path, _)
        | Self::Archive(path, _)
        | Self::Directory(path)
        | Self::Nowhere(path)) = self;
        path.split('/').next().unwrap_or(path)
    }

    /// Looks below `dir`.
    pub(crate) fn look(&self, host: &Host<'_>, dir: &Path) -> Option<Mark> {
        match self {
            Self::Quoted(file, after) => read(host, dir, file, |text| quoted(behind(text, after)?)),
            Self::Word(file, after) => read(host, dir, file, |text| word(behind(text, after)?)),
            Self::Beside(other, file, after) => {
                host.files().stat(dir.join(other))?;
                Self::Word(file, after).look(host, dir)
            }
            Self::Tagged(file, after) => {
                read(host, dir, file, |text| behind(text, after)?.split('<').next())
            }
            Self::Archive(inside, prefix) => {
                host.files().list(dir.join(inside)).into_iter().find_map(|entry| {
                    let name = entry.text();
                    let version = name.strip_prefix(prefix)?.strip_suffix(".jar")?;
                    let version = plain(version)?;
                    Some(Mark { version, file: entry.path.clone() })
                })
            }
            Self::Directory(inside) => {
                host.files().list(dir.join(inside)).into_iter().rev().find_map(|entry| {
                    Some(Mark { version: plain(&entry.text())?, file: entry.path.clone() })
                })
            }
            Self::Nowhere(file) => {
                let file = dir.join(file);
                host.files().stat(&file).filter(|stat| stat.is_file())?;
                Some(Mark { file, version: String::new() })
            }
        }
    }
}

/// Whether a text file says these words.
pub(crate) fn says(host: &Host<'_>, file: &Path, words: &str) -> bool {
    host.files().text(file, MAX_FILE).is_some_and(|text| text.contains(words))
}

fn read(
    host: &Host<'_>,
    dir: &Path,
    file: &str,
    find: impl FnOnce(&str) -> Option<&str>,
) -> Option<Mark> {
    let file = dir.join(file);
    let text = host.files().text(&file, MAX_FILE)?;
    let version = plain(find(&text)?)?;
    Some(Mark { file, version })
}

/// The text behind the first occurrence of `words`, as far as a version may reach.
fn behind<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let at = text.find(words)?;
    let rest = text.get(at + words.len()..)?;
    rest.get(..rest.floor_char_boundary(REACH))
}

fn quoted(text: &str) -> Option<&str> {
    let at = text.find(['\'', '"'])?;
    let quote = text.get(at..)?.chars().next()?;
    text.get(at + 1..)?.split(quote).next()
}

fn word(text: &str) -> Option<&str> {
    text.split_whitespace().next()
}

/// The first word of what was found, if it looks like a version: it has a digit, and no sign that a version
/// does not have.
fn plain(found: &str) -> Option<String> {
    let word = found.split_whitespace().next()?.trim_end_matches([',', ';', '"']);
    let is_version = word.len() <= 64
        && word.contains(|c: char| c.is_ascii_digit())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+~-".contains(&b));
    is_version.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_taken_from_behind_their_words() {
        let text = "<?php\n$release  = '4.1.2+ (Build: 2023)';\n";
        assert_eq!(plain(quoted(behind(text, "$release").unwrap()).unwrap()).unwrap(), "4.1.2+");
        assert_eq!(
            plain(word(behind("Version: 2.426.1\r\n", "Version:").unwrap()).unwrap()).unwrap(),
            "2.426.1"
        );
        assert_eq!(plain("VERSION"), None);
        assert_eq!(plain("1.2<?php"), None);
        assert_eq!(behind("abc", "x"), None);
    }
}
