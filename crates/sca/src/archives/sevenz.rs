//! 7-Zip archives. A block (a "folder" in its own words) is unpacked from its begin: in a solid archive all
//! files before a wanted one are, too. A damaged or encrypted block costs its own files only.

use super::Metered;
use crate::blob::Blob;
use crate::finding::Found;
use crate::trouble::{Code, Trouble};
use crate::walk::{Node, Walk};
use sevenz_rust2::{Archive, BlockDecoder, Error, Password};
use std::io::Cursor;

/// Largest dictionary or header, KiB.
const MAX_MEMORY: usize = 256 << 10;
/// What the format calls AES-256 with SHA-256.
const AES: &str = "AES";

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    blob: &Blob,
    found: &mut Found,
) -> Result<(), Trouble> {
    let mut source = Cursor::new(blob);
    let password = Password::empty();
    let archive =
        Archive::read_with_memory_limit(&mut source, &password, MAX_MEMORY).map_err(trouble)?;
    for (at, file) in archive.files.iter().enumerate() {
        if archive.is_file_encrypted(at) && file.has_stream {
            let encrypted = Trouble::new(Code::Encrypted, "encrypted with a password");
            found.trouble_at(&node.member(file.name()).path, &encrypted);
        }
    }
    for block in 0..archive.blocks.len() {
        walk.budget.check()?;
        let first = archive.stream_map.file_block_index.iter().position(|of| *of == Some(block));
        if first.is_some_and(|file| archive.is_file_encrypted(file)) {
            continue;
        }
        let decoder = BlockDecoder::new_with_memory_limit(
            1,
            MAX_MEMORY,
            block,
            &archive,
            &password,
            &mut source,
        );
        let mut ended = None;
        let mut last = String::new();
        let unpacked = decoder.for_each_entries(&mut |entry, reader| {
            if let Err(trouble) = walk.budget.member() {
                ended = Some(trouble);
                return Ok(false);
            }
            let member = node.member(entry.name());
            last.clone_from(&member.path);
            if entry.is_directory() {
                return Ok(true);
            }
            let mut plain = Metered { inner: reader, budget: &walk.budget };
            if let Err(trouble) = walk.stream(&member, Some(entry.size()), &mut plain, found) {
                if trouble.code.ends_scan() {
                    ended = Some(trouble);
                    return Ok(false);
                }
                found.trouble_at(&member.path, &trouble);
            }
            Ok(true)
        });
        if let Some(ended) = ended {
            return Err(ended);
        }
        if let Err(error) = unpacked {
            let place = if last.is_empty() { &node.path } else { &last };
            found.trouble_at(place, &trouble(error));
        }
    }
    Ok(())
}

fn trouble(error: Error) -> Trouble {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            Trouble::new(Code::Encrypted, "encrypted with a password")
        }
        Error::UnsupportedCompressionMethod(method) if method.contains(AES) => {
            Trouble::new(Code::Encrypted, "encrypted with a password")
        }
        Error::UnsupportedCompressionMethod(method) => {
            Trouble::new(Code::Method, format!("compressed by {method}"))
        }
        Error::Unsupported(what) => Trouble::new(Code::Method, what.into_owned()),
        Error::MaxMemLimited { .. } => {
            Trouble::new(Code::LimitMemory, "needs a dictionary larger than 256 MiB")
        }
        Error::Io(error, _) => Trouble::from(error),
        other => Trouble::damaged(other.to_string()),
    }
}
