//! SHA-256 of files, each computed once as long as the file does not change.

use crate::files::root::Root;
use crate::files::{Signature, Stat};
use aws_lc_rs::digest::{Context, SHA256};
use muster_model::Micros;
use rustix::fs::Advice;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

/// Larger files are not hashed.
pub const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Files from this size on are dropped from the page cache after reading: hashing must not push out
/// what the host itself works with.
const LARGE: u64 = 16 * 1024 * 1024;

/// Hashes by what identifies the content of a file: device, inode, size and both time stamps.
#[derive(Debug, Default)]
pub struct HashCache {
    hashes: HashMap<Signature, (String, u64)>,
    sweep: u64,
}

impl HashCache {
    const MAX_ENTRIES: usize = 100_000;

    /// A new sweep begins. Hashes nobody has asked for during the last hundred sweeps are forgotten.
    pub(crate) fn begin(&mut self) {
        self.sweep += 1;
        if self.sweep.is_multiple_of(64) {
            let oldest = self.sweep.saturating_sub(100);
            self.hashes.retain(|_, (_, used)| *used >= oldest);
        }
    }
}

/// The hash of the file with this metadata, if it is known.
pub(crate) fn lookup(cache: &Mutex<HashCache>, stat: &Stat) -> Option<String> {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    let sweep = cache.sweep;
    let (hash, used) = cache.hashes.get_mut(&stat.signature())?;
    *used = sweep;
    Some(hash.clone())
}

/// Hashes an open file and remembers the result, unless the file changed meanwhile or just before.
pub(crate) fn sha256(
    cache: &Mutex<HashCache>,
    root: &Root,
    file: &File,
    now: Micros,
) -> io::Result<String> {
    let before = root.stat_of(file)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 64 * 1024];
    let mut reader = file.take(MAX_BYTES.saturating_add(1));
    let mut total = 0;
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        context.update(buffer.get(..read).unwrap_or_default());
        total += read as u64;
    }
    if total > MAX_BYTES {
        return Err(io::Error::other("larger than 2 GiB, not hashed"));
    }
    if total >= LARGE {
        let _ = rustix::fs::fadvise(file, 0, None, Advice::DontNeed);
    }
    let hash = hex::encode(context.finish());
    let signature = root.stat_of(file)?.signature();
    if signature == before.signature() && signature.is_settled(now) {
        let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.hashes.len() < HashCache::MAX_ENTRIES {
            let sweep = cache.sweep;
            cache.hashes.insert(signature, (hash.clone(), sweep));
        }
    }
    Ok(hash)
}
