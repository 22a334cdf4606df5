//! ZIP archives, by their central directory. A stored member is a part of the archive; a packed one is
//! unpacked only as far as somebody asks for it.

mod methods;

use super::legacy_names;
use crate::blob::Blob;
use crate::extractor::file_name;
use crate::finding::Found;
use crate::names::is_plain;
use crate::trouble::{Code, Trouble};
use crate::walk::{Node, Task, Walk};
use muster_formats::zipfile::{Entry, ZipFile};
use std::ops::Range;

/// Largest central directory read, bytes: some three million entries.
const MAX_DIRECTORY: u64 = 256 << 20;
/// Members handed to another thread at a time.
const BATCH: usize = 256;
/// AES, whose own method stands in an extra field.
const AES: u16 = 99;
/// Extra field with the name in UTF-8 (APPNOTE 4.6.9).
const UNICODE_PATH: u16 = 0x7075;

/// A member that is worth a look.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) range: Range<u64>,
    pub(crate) size: u64,
    pub(crate) method: u16,
    pub(crate) crc32: u32,
}

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    blob: &Blob,
    found: &mut Found,
) -> Result<(), Trouble> {
    let zip = ZipFile::open_within(blob, MAX_DIRECTORY)
        .map_err(|error| Trouble::damaged(error.message().to_owned()))?;
    walk.extract(walk.selector.zips(), node, blob, Some(&zip), found);
    let mut members = Vec::new();
    let (mut seen, mut packed) = (0_u64, 0_u64);
    for entry in zip.entries() {
        walk.budget.member()?;
        seen += 1;
        packed = packed.saturating_add(entry.packed_size());
        if entry.is_folder() || entry.size == 0 {
            continue;
        }
        let name = name(&entry);
        let plain = is_plain(file_name(&name)) && !walk.options.thorough;
        if plain && walk.selector.by_path(&name) == 0 {
            continue;
        }
        match locate(&zip, &entry) {
            Ok(range) => members.push(Member {
                name,
                range,
                size: entry.size,
                method: entry.method(),
                crc32: entry.crc32(),
            }),
            Err(trouble) => found.trouble_at(&node.member(&name).path, &trouble),
        }
    }
    if seen & 0xffff != u64::from(zip.promised()) && zip.promised() != 0xffff {
        let promised = zip.promised();
        let message = format!("its directory is damaged: {seen} of {promised} entries can be read");
        found.trouble_at(&node.path, &Trouble::damaged(message));
    }
    if packed > blob.size() {
        return Err(Trouble::new(
            Code::Overlap,
            format!("members claim {packed} packed bytes of an archive of {}", blob.size()),
        ));
    }
    if members.len() <= BATCH {
        for member in &members {
            self::member(walk, node, blob, member, found);
            walk.pass(node, member.range.end.saturating_sub(member.range.start));
        }
        return Ok(());
    }
    while !members.is_empty() {
        let batch = members.split_off(members.len().saturating_sub(BATCH));
        walk.queue.push(Task::Members { node: node.clone(), blob: blob.clone(), members: batch });
    }
    Ok(())
}

fn locate(zip: &ZipFile<'_>, entry: &Entry<'_>) -> Result<Range<u64>, Trouble> {
    if entry.is_encrypted() || entry.method() == AES {
        return Err(Trouble::new(Code::Encrypted, "encrypted with a password"));
    }
    zip.packed_range(entry).map_err(|error| Trouble::damaged(error.message().to_owned()))
}

/// The member's name as text, with `/` between its parts.
fn name(entry: &Entry<'_>) -> String {
    let unicode = || {
        // A version byte and the CRC of the other name stand in front.
        let field = entry.extra(UNICODE_PATH)?.get(5..)?;
        std::str::from_utf8(field).ok().map(str::to_owned)
    };
    let name = if entry.is_utf8() {
        entry.name.clone().into_owned()
    } else {
        unicode().unwrap_or_else(|| legacy_names::decode(entry.raw_name).into_owned())
    };
    if name.contains('\\') && !name.contains('/') { name.replace('\\', "/") } else { name }
}

/// Examines one member.
pub(crate) fn member(
    walk: &Walk<'_>,
    node: &Node,
    blob: &Blob,
    member: &Member,
    found: &mut Found,
) {
    let inner = node.member(&member.name);
    let Some(packed) = blob.cut(member.range.clone()) else { return };
    if member.method == 0 {
        if walk.is_wanted(&inner.path, &packed) {
            walk.submit(inner, packed, found);
        }
        return;
    }
    let streamed = methods::decoder(member, &packed).and_then(|reader| {
        let mut reader = methods::Checked::new(reader, member, &walk.budget);
        walk.stream(&inner, Some(member.size), &mut reader, found)
    });
    if let Err(trouble) = streamed {
        found.trouble_at(&inner.path, &trouble);
    }
}
