//! Questions to bbolt databases that others write to at the same time.

use crate::files::Files;
use muster_formats::bolt::{Broken, Bucket, Database, Result};
use muster_formats::read_at::SizedFile;
use std::path::Path;

/// Largest database read, bytes; of it only the pages that are needed are.
const MAX_DATABASE: u64 = 4 << 30;
/// How often a database is read anew that was changed meanwhile.
const TRIES: usize = 4;

/// What a question to the database at `path` is answered with; none where there is none.
pub(crate) fn ask<T>(
    files: &Files,
    path: &Path,
    question: impl Fn(&Database<'_>) -> Result<T>,
) -> Option<Result<T>> {
    let mut trouble = Broken("changed while it was read, again and again");
    for _ in 0..TRIES {
        let file = SizedFile::new(files.open(path, MAX_DATABASE)?).ok()?;
        match Database::open(&file) {
            Ok(database) => {
                let answer = question(&database);
                if database.is_current() {
                    return Some(answer);
                }
            }
            Err(broken) => trouble = broken,
        }
    }
    Some(Err(trouble))
}

/// The bucket below these keys.
pub(crate) fn below(database: &Database<'_>, of: &Bucket, path: &[&str]) -> Result<Option<Bucket>> {
    let mut bucket = of.clone();
    for key in path {
        match bucket.bucket(database, key.as_bytes())? {
            Some(inner) => bucket = inner,
            None => return Ok(None),
        }
    }
    Ok(Some(bucket))
}
