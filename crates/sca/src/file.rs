//! The files that are components themselves, as a bill of materials names them: file name, size, SHA-512.

use crate::blob::{Blob, READ_BEHIND};
use crate::content::{Content, HEAD, sniff};
use crate::extractor::file_name;
use crate::finding::Kind;
use crate::report::Place;
use aws_lc_rs::digest;
use std::collections::HashMap;

/// Members of packages that hold their record, but are not the package.
const PARTS: [&str; 2] = ["control.tar", "data.tar"];

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its name without folders.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-512, hexadecimal.
    pub sha512: String,
    /// The operating system can run it.
    pub executable: bool,
    /// It holds other files.
    pub archive: bool,
}

impl FileFacts {
    /// Of a file's bytes.
    pub(crate) fn of(path: &str, blob: &Blob) -> Self {
        let content = sniff(blob.get(..HEAD).unwrap_or(blob));
        let mut hash = digest::Context::new(&digest::SHA512);
        let mut at = 0;
        for part in blob.chunks(READ_BEHIND) {
            hash.update(part);
            blob.let_go(at..at + part.len() as u64);
            at += part.len() as u64;
        }
        Self {
            name: file_name(path).to_owned(),
            size: blob.size(),
            sha512: hex::encode(hash.finish()),
            executable: matches!(content, Content::Program(_)),
            archive: matches!(content, Content::Archive(_)),
        }
    }
}

/// The file that a component found at `places` is: the archive itself, or the one that holds the record found.
pub(crate) fn of_places(places: &[Place], files: &HashMap<String, FileFacts>) -> Option<FileFacts> {
    places.iter().filter(|place| place.kind == Kind::Archive).find_map(|place| {
        let mut path = place.path.as_str();
        loop {
            let is_part = PARTS.iter().any(|part| file_name(path).starts_with(part));
            if let Some(facts) = files.get(path).filter(|_| !is_part) {
                return Some(facts.clone());
            }
            path = path.rsplit_once("!/")?.0;
        }
    })
}
