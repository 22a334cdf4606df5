//! The contract of an extractor: a row in the [table](crate::extractors), which says which files it wants and
//! what to do with one. The walk owns everything else: opening, unpacking, limits, threads.

use crate::Options;
use crate::blob::Blob;
use crate::content::Program;
use crate::finding::Found;
use crate::trouble::Trouble;
use muster_formats::zipfile::ZipFile;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// Largest file an extractor is given unless its row says otherwise, bytes.
pub const MAX_FILE: u64 = 64 << 20;

/// The row that reads SBOMs; it is also given the one file that was asked for.
pub(crate) const SBOM: &str = "sbom";

/// Which files an extractor wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Select {
    /// Files of exactly this name.
    Name(&'static str),
    /// Files whose path ends so.
    Suffix(&'static str),
    /// Files right in a folder of this name.
    Folder(&'static str),
    /// Programs of this format, whatever their name.
    Program(Program),
    /// ZIP archives, whatever their name.
    Zip,
    /// Every text, where [`Options::licences`] asks for it.
    Text,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Extractor {
    /// Its stable name, as evidence and documentation call it.
    pub name: &'static str,
    /// Which files it wants.
    pub selects: &'static [Select],
    /// Largest file it takes, bytes.
    pub max: u64,
    /// Reads one file.
    pub extract: fn(&File<'_>, &mut Found) -> Result<(), Trouble>,
}

impl Extractor {
    /// A row with the usual limit.
    pub const fn new(
        name: &'static str,
        selects: &'static [Select],
        extract: fn(&File<'_>, &mut Found) -> Result<(), Trouble>,
    ) -> Self {
        Self { name, selects, max: MAX_FILE, extract }
    }

    /// The row with another limit.
    #[must_use]
    pub const fn up_to(mut self, max: u64) -> Self {
        self.max = max;
        self
    }
}

/// The file an extractor reads.
pub struct File<'a> {
    /// Virtual path, archives joined by `!/`.
    pub path: &'a str,
    /// All its bytes.
    pub bytes: &'a Blob,
    /// Its directory, if it is a ZIP archive.
    pub zip: Option<&'a ZipFile<'a>>,
    /// How to scan.
    pub options: &'a Options,
}

impl<'a> File<'a> {
    /// Its name without folders.
    pub fn name(&self) -> &'a str {
        file_name(self.path)
    }

    /// Its path in the innermost archive.
    pub fn inner(&self) -> &'a str {
        self.path.rsplit("!/").next().unwrap_or(self.path)
    }

    /// The folder it lies in, virtual; empty for the top.
    pub fn folder(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Its path as a virtual one of another file in the same folder.
    pub fn sibling(&self, name: &str) -> String {
        match self.folder() {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        }
    }

    /// Its content as JSON.
    ///
    /// # Errors
    /// It is none, or of another form; the message names the place but not the content.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Trouble> {
        let bytes: &[u8] = self.bytes;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice(bytes).map_err(|error| {
            Trouble::malformed(format!(
                "not the JSON that was expected, line {} column {}",
                error.line(),
                error.column()
            ))
        })
    }

    /// Its content as TOML.
    ///
    /// # Errors
    /// It is none, or of another form.
    pub fn toml<T: serde::de::DeserializeOwned>(&self) -> Result<T, Trouble> {
        toml::from_str(&self.text()).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            Trouble::malformed(format!("not the TOML that was expected, byte {at}"))
        })
    }

    /// Its content as text; a byte order mark is left out, other encodings than UTF-8 are replaced.
    pub fn text(&self) -> Cow<'a, str> {
        let bytes: &[u8] = self.bytes;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // Replacing looks at every byte by itself; most texts need none.
        std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
    }
}

/// The last part of a virtual path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A set of rows, by their number in the table.
pub(crate) type Rows = u128;

/// Finds the rows that want a file.
pub(crate) struct Selector {
    names: FxHashMap<&'static str, Rows>,
    folders: FxHashMap<&'static str, Rows>,
    /// By their last byte, so that most paths are compared with few.
    suffixes: FxHashMap<u8, Vec<(&'static str, Rows)>>,
    programs: [(Program, Rows); 4],
    zip: Rows,
    sboms: Rows,
    texts: Rows,
}

impl Selector {
    pub(crate) fn new(table: &[Extractor]) -> Self {
        let mut selector = Self {
            names: FxHashMap::default(),
            folders: FxHashMap::default(),
            suffixes: FxHashMap::default(),
            programs: [
                (Program::Elf, 0),
                (Program::Pe, 0),
                (Program::MachO, 0),
                (Program::Script, 0),
            ],
            zip: 0,
            sboms: 0,
            texts: 0,
        };
        for (at, row) in table.iter().enumerate() {
            let bit = 1 << at;
            if row.name == SBOM {
                selector.sboms |= bit;
            }
            for select in row.selects {
                match select {
                    Select::Name(name) => *selector.names.entry(name).or_default() |= bit,
                    Select::Folder(name) => *selector.folders.entry(name).or_default() |= bit,
                    Select::Suffix(suffix) => {
                        let last = suffix.bytes().next_back().unwrap_or(0);
                        selector.suffixes.entry(last).or_default().push((suffix, bit));
                    }
                    Select::Program(wanted) => {
                        for (program, rows) in &mut selector.programs {
                            if program == wanted {
                                *rows |= bit;
                            }
                        }
                    }
                    Select::Zip => selector.zip |= bit,
                    Select::Text => selector.texts |= bit,
                }
            }
        }
        selector
    }

    /// The rows that want a file of this path.
    pub(crate) fn by_path(&self, path: &str) -> Rows {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut rows = self.names.get(name).copied().unwrap_or(0);
        rows |= self.folders.get(file_name(folders)).copied().unwrap_or(0);
        let last = path.bytes().next_back().unwrap_or(0);
        for (suffix, bit) in self.suffixes.get(&last).into_iter().flatten() {
            if path.ends_with(suffix) {
                rows |= bit;
            }
        }
        rows
    }

    /// The rows that want programs of a format.
    pub(crate) fn by_program(&self, wanted: Program) -> Rows {
        self.programs.iter().filter(|(p, _)| *p == wanted).map(|(_, rows)| *rows).sum()
    }

    /// The rows that read SBOMs.
    pub(crate) const fn sboms(&self) -> Rows {
        self.sboms
    }

    /// The rows that want every text.
    pub(crate) const fn texts(&self) -> Rows {
        self.texts
    }

    /// The rows that want ZIP archives.
    pub(crate) const fn zips(&self) -> Rows {
        self.zip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_name_suffix_and_content() {
        fn nothing(_: &File<'_>, _: &mut Found) -> Result<(), Trouble> {
            Ok(())
        }
        let table = [
            Extractor::new("a", &[Select::Name("go.mod"), Select::Zip], nothing),
            Extractor::new("b", &[Select::Suffix(".dist-info/METADATA")], nothing),
            Extractor::new("c", &[Select::Program(Program::Elf)], nothing),
        ];
        let selector = Selector::new(&table);
        assert_eq!(selector.by_path("x.zip!/go.mod"), 1);
        assert_eq!(selector.by_path("a/go.mod2"), 0);
        assert_eq!(selector.by_path("lib/x-1.dist-info/METADATA"), 2);
        assert_eq!(selector.by_program(Program::Elf), 4);
        assert_eq!(selector.zips(), 1);
    }
}
