//! Java archives: what an archive is, what was shaded into it, and the archives inside it.
//!
//! Only the central directories, the manifests and Maven's own files are read. A stored inner archive is
//! looked into where it lies; a deflated one is unpacked into memory, within limits that hold for the whole
//! survey, so that no nesting of archives can cost more than a known amount.

mod groups;
mod identity;

pub use identity::{GroupSource, Identity, VersionSource, identify};

use crate::manifest::Manifest;
use crate::pom::{self, Coordinate};
use crate::read_at::{ReadAt, Window};
use crate::zipfile::{Entry, ZipFile};
use aws_lc_rs::digest::{Context, SHA256};
use muster_model::{Error, ErrorKind, Result};
use std::io::Read;

/// Extensions of the archives that are looked into.
const EXTENSIONS: &[&str] =
    &["jar", "war", "ear", "rar", "sar", "par", "kar", "nar", "hpi", "jpi", "aar"];

/// Manifest attributes that are kept.
const ATTRIBUTES: &[&str] = &[
    "Implementation-Title",
    "Bundle-SymbolicName",
    "Automatic-Module-Name",
    "Main-Class",
    "Start-Class",
    "Spring-Boot-Version",
    "Jenkins-Version",
];

const MAX_MANIFEST: u64 = 1 << 20;
const MAX_POM: u64 = 1 << 20;
const MAX_POMS: usize = 1000;

/// What a survey may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Archives within archives within ...
    pub depth: u8,
    /// Archives looked into altogether.
    pub archives: usize,
    /// Unpacked archives held in memory at one time, bytes.
    pub memory: u64,
    /// Bytes unpacked or hashed altogether.
    pub work: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 4, archives: 5000, memory: 32 << 20, work: 2 << 30 }
    }
}

/// One archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jar {
    /// Where it lies in the outermost archive, archives in between joined by `!/`; empty for the outermost.
    pub inner: String,
    /// Bytes, unpacked.
    pub size: u64,
    /// SHA-256, lower hexadecimal. Empty for the outermost, whose file the caller knows.
    pub sha256: String,
    /// What it is.
    pub identity: Identity,
    /// What Maven's files in it say was shaded into it.
    pub shaded: Vec<Coordinate>,
    /// The attributes of its manifest that tell of frameworks and applications.
    pub attributes: Vec<(&'static str, String)>,
}

impl Jar {
    /// The archive's file name; empty for the outermost.
    pub fn file_name(&self) -> &str {
        self.inner.rsplit('/').next().unwrap_or_default()
    }

    /// A kept attribute of the manifest.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }
}

/// What a survey found: the outermost archive first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// The archives.
    pub jars: Vec<Jar>,
    /// Inner archives that could not be looked into, and why.
    pub troubles: Vec<(String, String)>,
}

/// Whether a file name is that of a Java archive.
pub fn is_archive(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// Looks into an archive called `file_name` and all within it.
///
/// # Errors
/// As [`ZipFile::open`] for the outermost archive; trouble further in is part of the result.
pub fn survey(source: &dyn ReadAt, file_name: &str, limits: Limits) -> Result<Survey> {
    let mut surveyor = Surveyor { limits, found: Survey::default() };
    let zip = ZipFile::open(source)?;
    surveyor.look(&zip, file_name, "", source.size(), String::new(), 0);
    Ok(surveyor.found)
}

struct Surveyor {
    limits: Limits,
    found: Survey,
}

impl Surveyor {
    fn look(
        &mut self,
        zip: &ZipFile<'_>,
        file_name: &str,
        inner: &str,
        size: u64,
        sha256: String,
        depth: u8,
    ) {
        let read = |entry: &Entry<'_>, max| zip.read(entry, max).ok();
        let mut manifest = Manifest::default();
        let (mut properties, mut xml, mut nested) = (Vec::new(), Vec::new(), Vec::new());
        for entry in zip.entries() {
            if entry.name.eq_ignore_ascii_case("META-INF/MANIFEST.MF") {
                manifest = Manifest::parse(&read(&entry, MAX_MANIFEST).unwrap_or_default());
            } else if entry.name.starts_with("META-INF/maven/") {
                if properties.len() < MAX_POMS && entry.name.ends_with("/pom.properties") {
                    properties
                        .extend(read(&entry, MAX_POM).as_deref().and_then(pom::parse_properties));
                } else if xml.len() < MAX_POMS && entry.name.ends_with("/pom.xml") {
                    xml.push(entry);
                }
            } else if is_archive(&entry.name) {
                nested.push(entry);
            }
        }
        if properties.is_empty() {
            properties
                .extend(xml.iter().filter_map(|entry| pom::parse_xml(&read(entry, MAX_POM)?)));
        }
        let holds = |package: &str| zip.entries().any(|entry| entry.name.starts_with(package));
        let (identity, shaded) = identify(file_name, &manifest, properties, &holds);
        let attributes = ATTRIBUTES
            .iter()
            .filter_map(|name| Some((*name, manifest.get(name)?.to_owned())))
            .collect();
        self.found.jars.push(Jar {
            inner: inner.to_owned(),
            size,
            sha256,
            identity,
            shaded,
            attributes,
        });
        for entry in nested {
            let path = match inner {
                "" => entry.name.to_string(),
                outer => format!("{outer}!/{}", entry.name),
            };
            if let Err(error) = self.descend(zip, &entry, &path, depth) {
                self.found.troubles.push((path, error.message().to_owned()));
            }
            if self.found.jars.len() >= self.limits.archives {
                self.found.troubles.push((inner.to_owned(), "too many archives inside".to_owned()));
                break;
            }
        }
    }

    fn descend(
        &mut self,
        zip: &ZipFile<'_>,
        entry: &Entry<'_>,
        path: &str,
        depth: u8,
    ) -> Result<()> {
        let too_large = |what| Err(Error::new(ErrorKind::TooLarge, what));
        if depth >= self.limits.depth {
            return too_large("archives are nested too deep");
        }
        if entry.size > self.limits.work {
            return too_large("more to unpack than the survey may cost");
        }
        self.limits.work -= entry.size;
        let file_name = entry.name.rsplit('/').next().unwrap_or_default().to_owned();
        if entry.is_stored() {
            let window = zip.window(entry)?;
            let sha256 = hash(&mut window.reader())?;
            let inner = ZipFile::open(&window)?;
            self.look(&inner, &file_name, path, entry.size, sha256, depth + 1);
        } else if entry.size > self.limits.memory {
            return too_large("too large to be unpacked in memory");
        } else {
            self.limits.memory -= entry.size;
            let looked = self.unpack(zip, entry, &file_name, path, depth);
            self.limits.memory += entry.size;
            looked?;
        }
        Ok(())
    }

    fn unpack(
        &mut self,
        zip: &ZipFile<'_>,
        entry: &Entry<'_>,
        file_name: &str,
        path: &str,
        depth: u8,
    ) -> Result<()> {
        let bytes = zip.read(entry, entry.size)?;
        let sha256 = hash(&mut bytes.as_slice())?;
        let whole = Window::new(&bytes, 0, bytes.size());
        let inner = ZipFile::open(&whole)?;
        self.look(&inner, file_name, path, bytes.size(), sha256, depth + 1);
        Ok(())
    }
}

fn hash(reader: &mut dyn Read) -> Result<String> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = reader.read(&mut buffer).map_err(|source| {
            Error::new(ErrorKind::Unavailable, "archive: cannot be read").with_source(source)
        })?;
        if count == 0 {
            return Ok(hex::encode(context.finish()));
        }
        context.update(buffer.get(..count).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests;
