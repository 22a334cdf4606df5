//! ZIP archives, by their central directory. A stored member is a part of the archive; a packed one is
//! unpacked only as far as somebody asks for it.

mod at_once;
mod methods;

use super::legacy_names;
use crate::blob::Blob;
use crate::extractor::file_name;
use crate::finding::Found;
use crate::names::is_plain;
use crate::trouble::{Code, Trouble};
use crate::walk::{Node, Task, Walk};
use muster_formats::zipfile::{Entry, Location, ZipFile};
use muster_model::ErrorKind;
use std::cmp::Reverse;

/// Largest central directory read, bytes: some three million entries.
const MAX_DIRECTORY: u64 = 256 << 20;
/// Members handed to another thread at a time.
const BATCH: usize = 256;
/// Members from this size on are a piece of work of their own, bytes unpacked.
const ALONE: u64 = 1 << 20;
/// With a page that is read the system maps those around it, bytes.
const AROUND: u64 = 64 << 10;
/// AES, whose own method stands in an extra field.
const AES: u16 = 99;
/// Extra field with the name in UTF-8 (APPNOTE 4.6.9).
const UNICODE_PATH: u16 = 0x7075;

/// A member that is worth a look.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    location: Location,
    pub(crate) size: u64,
    pub(crate) method: u16,
    pub(crate) crc32: u32,
}

impl Member {
    const fn end(&self) -> u64 {
        self.location.start().saturating_add(self.location.packed_size())
    }
}

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    blob: &Blob,
    found: &mut Found,
) -> Result<(), Trouble> {
    let zip = open(node, blob, found)?;
    // That of an archive of many members is large, and has been copied.
    blob.let_go(blob.size().saturating_sub(zip.directory_size())..blob.size());
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
        let plain = is_plain(file_name(&name)) && !walk.options.everything();
        if plain && walk.selector.by_path(&name) == 0 {
            continue;
        }
        if entry.is_encrypted() || entry.method() == AES {
            let trouble = Trouble::new(Code::Encrypted, "encrypted with a password");
            found.trouble_at(&node.member(&name).path, &trouble);
            continue;
        }
        members.push(Member {
            name,
            location: zip.location(&entry),
            size: entry.size,
            method: entry.method(),
            crc32: entry.crc32(),
        });
    }
    if seen & 0xffff != u64::from(zip.promised()) && zip.promised() != 0xffff {
        let promised = zip.promised();
        let message = format!("its directory is damaged: {seen} of {promised} entries can be read");
        found.trouble_at(&node.path, &Trouble::damaged(message));
    }
    drop(zip);
    if packed > blob.size() {
        return Err(Trouble::new(
            Code::Overlap,
            format!("members claim {packed} packed bytes of an archive of {}", blob.size()),
        ));
    }
    if members.len() <= 1 {
        self::members(walk, node, blob, &members, found);
        return Ok(());
    }
    // What is large comes after the rest, the largest last: nothing else needs memory then.
    let (mut large, mut rest): (Vec<_>, Vec<_>) =
        members.into_iter().partition(|member| member.size >= ALONE);
    large.sort_by_key(|member| Reverse(member.size));
    let task = |members| Task::Members { node: node.clone(), blob: blob.clone(), members };
    let mut tasks: Vec<_> = large.into_iter().map(|member| task(vec![member])).collect();
    while rest.len() > BATCH {
        tasks.push(task(rest.split_off(rest.len() - BATCH)));
    }
    walk.queue.push_all(tasks);
    self::members(walk, node, blob, &rest, found);
    Ok(())
}

/// The archive; one whose directory is missing or damaged by what stands in front of its members.
fn open<'a>(node: &Node, blob: &'a Blob, found: &mut Found) -> Result<ZipFile<'a>, Trouble> {
    let error = match ZipFile::open_within(blob, MAX_DIRECTORY) {
        Ok(zip) => return Ok(zip),
        Err(error) => error,
    };
    let damage = |rest: &str| Trouble::damaged(format!("{}{rest}", error.message()));
    if error.kind() != ErrorKind::Invalid {
        return Err(damage(""));
    }
    let zip = ZipFile::salvage(blob, MAX_DIRECTORY).map_err(|_| damage(""))?;
    found.trouble_at(&node.path, &damage("; members read by their headers"));
    Ok(zip)
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

/// Examines members, and lets go of large ones at once, of all when the last is behind.
pub(crate) fn members(
    walk: &Walk<'_>,
    node: &Node,
    blob: &Blob,
    members: &[Member],
    found: &mut Found,
) {
    for member in members {
        self::member(walk, node, blob, member, found);
        walk.pass(node, member.location.packed_size());
        blob.let_go(member.location.start()..member.end());
    }
    let start = members.iter().map(|member| member.location.start()).min();
    let end = members.iter().map(Member::end).max();
    let start = start.unwrap_or(0).saturating_sub(AROUND);
    blob.let_go(start..end.unwrap_or(0).saturating_add(AROUND).min(blob.size()));
}

fn member(walk: &Walk<'_>, node: &Node, blob: &Blob, member: &Member, found: &mut Found) {
    let inner = node.member(&member.name);
    let located = member.location.packed_range(blob);
    let packed = match located.map(|range| blob.cut(range)) {
        Ok(Some(packed)) => packed,
        Ok(None) => return,
        Err(error) => {
            return found.trouble_at(&inner.path, &Trouble::damaged(error.message().to_owned()));
        }
    };
    if member.method == 0 {
        if walk.is_wanted(&inner.path, &packed) {
            walk.submit(inner, packed, found);
        }
        return;
    }
    if let Some(whole) = at_once::unpack(walk, &inner, member, &packed) {
        return walk.unpacked(inner, whole, found);
    }
    let streamed = methods::decoder(member, &packed).and_then(|reader| {
        let mut reader = methods::Checked::new(reader, member, &walk.budget);
        walk.stream(&inner, Some(member.size), &mut reader, found)
    });
    if let Err(trouble) = streamed {
        found.trouble_at(&inner.path, &trouble);
    }
}
