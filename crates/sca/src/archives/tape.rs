//! Tape archives, and with them the layers of images: a whiteout takes away what a lower layer holds.

use crate::blob::{Blob, READ_BEHIND};
use crate::finding::{Found, Note};
use crate::trouble::Trouble;
use crate::walk::{Node, Walk, note_link};
use muster_formats::jar::is_archive;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use tar::{Archive, Entry, EntryType};

/// Longest path kept of a member, bytes.
const MAX_PATH: usize = 4096;

/// Walks a tape archive that can be read from anywhere: its members are parts of it.
pub(crate) fn walk_blob(
    walk: &Walk<'_>,
    node: &Node,
    blob: &Blob,
    found: &mut Found,
) -> Result<(), Trouble> {
    let mut archive = Archive::new(io::Cursor::new(blob));
    archive.set_ignore_zeros(false);
    let mut layer = Layer::default();
    let mut gone = 0;
    for entry in archive.entries_with_seek().map_err(Trouble::from)? {
        let entry = entry?;
        walk.budget.member()?;
        walk.pass(node, entry.size());
        let Some(name) = file(&entry, node, &mut layer, found) else { continue };
        let start = entry.raw_file_position();
        if start.saturating_sub(gone) >= READ_BEHIND as u64 {
            blob.let_go(gone..start);
            gone = start;
        }
        if entry.header().entry_type().is_gnu_sparse() {
            continue;
        }
        let member = node.member(&name);
        let Some(part) = blob.cut(start..start.saturating_add(entry.size())) else {
            found.trouble_at(&member.path, &Trouble::damaged("reaches beyond the end"));
            continue;
        };
        if walk.is_wanted(&member.path, &part) {
            walk.submit(member, part, found);
        }
    }
    layer.note(node, found);
    Ok(())
}

/// Walks a tape archive that is read once.
pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    reader: &mut dyn Read,
    found: &mut Found,
) -> Result<(), Trouble> {
    let mut archive = Archive::new(reader);
    let mut layer = Layer::default();
    let mut entries = archive.entries().map_err(Trouble::from)?;
    let walked = loop {
        let mut entry = match entries.next() {
            Some(Ok(entry)) => entry,
            Some(Err(error)) => break Err(Trouble::from(error)),
            None => break Ok(()),
        };
        if let Err(trouble) = walk.budget.member() {
            break Err(trouble);
        }
        let Some(name) = file(&entry, node, &mut layer, found) else { continue };
        let size = entry.size();
        if let Err(trouble) = walk.stream(&node.member(&name), Some(size), &mut entry, found) {
            break Err(trouble);
        }
    };
    layer.note(node, found);
    walked
}

/// The path of a regular file; everything else only tells about the layer.
fn file<R: Read>(
    entry: &Entry<'_, R>,
    node: &Node,
    layer: &mut Layer,
    found: &mut Found,
) -> Option<String> {
    let bytes = entry.path_bytes();
    let path = String::from_utf8_lossy(bytes.get(..MAX_PATH).unwrap_or(&bytes));
    let path = path.trim_start_matches("./").trim_start_matches('/').to_owned();
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
    if name == ".wh..wh..opq" {
        layer.opaque.push(folder.to_owned());
        return None;
    }
    if let Some(gone) = name.strip_prefix(".wh.") {
        layer.removed.push(if folder.is_empty() {
            gone.to_owned()
        } else {
            format!("{folder}/{gone}")
        });
        return None;
    }
    let kind = entry.header().entry_type();
    if kind != EntryType::Directory {
        layer.files.push(hash(&path));
    }
    if kind.is_symlink()
        && is_archive(&path)
        && let Some(target) = entry.link_name_bytes()
    {
        let target = String::from_utf8_lossy(target.get(..MAX_PATH).unwrap_or(&target));
        let place = node.member(&path).path;
        let root = place.strip_suffix(path.as_str()).unwrap_or_default();
        note_link(root, &place, &target, found);
    }
    (kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse()).then_some(path)
}

/// The hash under which a layer knows a path.
pub(crate) fn hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

#[derive(Default)]
struct Layer {
    files: Vec<u64>,
    removed: Vec<String>,
    opaque: Vec<String>,
}

impl Layer {
    /// Only an archive in an archive or a blob of an image layout can be a layer.
    fn note(mut self, node: &Node, found: &mut Found) {
        if node.depth == 0 && !node.path.contains("blobs/") {
            return;
        }
        self.files.sort_unstable();
        found.note(Note::Layer {
            place: node.path.clone(),
            files: self.files,
            removed: self.removed,
            opaque: self.opaque,
        });
    }
}
