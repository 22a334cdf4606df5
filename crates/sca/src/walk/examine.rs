//! One file or member: which extractors want it, whether it is an archive, and what to do then.

use super::disk::Passed;
use super::{Node, Task, Walk};
use crate::archives;
use crate::blob::Blob;
use crate::content::{Content, Format, HEAD, Program, sniff, sniff_whole};
use crate::extractor::{File, Rows, file_name};
use crate::file::FileFacts;
use crate::finding::Found;
use crate::names::is_plain;
use crate::trouble::{Code, Trouble};
use muster_formats::zipfile::ZipFile;
use std::io::Read;

/// Members from this size on are another thread's work as likely as this one's.
const HAND_OVER: u64 = 64 << 10;
/// A script in a stream is held only if it is large enough to have an archive behind it.
const MIN_SCRIPT_ARCHIVE: u64 = 64 << 10;
/// What is read of a text that only its licence is asked of.
const TOP: u64 = 64 << 10;
/// Memory asked for at a time when the size of a member is not known.
const GROW: u64 = 4 << 20;
/// Members from this size on lie in memory of their own, where much is held.
const MAPPED: u64 = 1 << 20;

impl Walk<'_> {
    /// Examines a file whose bytes can be read from anywhere.
    pub(crate) fn blob(&self, node: &Node, blob: &Blob, found: &mut Found) {
        let name = file_name(&node.path);
        let (content, at) = if name.contains(".so") {
            (sniff(blob.get(..HEAD).unwrap_or(blob)), 0)
        } else {
            sniff_whole(blob)
        };
        // The one file that was asked for may be an SBOM, but no archive or program is one.
        let rows = match content {
            Content::Other if self.is_text(blob.get(..HEAD).unwrap_or(blob)) => {
                self.rows(node) | self.selector.texts()
            }
            Content::Other => self.rows(node),
            _ => self.selector.by_path(&node.path),
        };
        match content {
            Content::Program(program) => {
                self.extract(rows | self.selector.by_program(program), node, blob, None, found);
            }
            Content::Archive(format) => {
                self.extract(rows, node, blob, None, found);
                let archive = blob.cut(at as u64..blob.size()).unwrap_or_else(|| blob.clone());
                self.archive(node, format, &archive, found);
            }
            Content::Other => self.extract(rows, node, blob, None, found),
        }
    }

    /// Whether a member is worth examining: an extractor asks for its name, or its begin is that of an
    /// archive or a program.
    pub(crate) fn is_wanted(&self, path: &str, blob: &Blob) -> bool {
        let name = file_name(path);
        self.selector.by_path(path) != 0
            || (self.options.everything() || !is_plain(name))
                && blob.len() >= 4
                && (sniff(blob.get(..HEAD).unwrap_or(blob)) != Content::Other
                    || self.is_text(blob.get(..HEAD).unwrap_or(blob))
                    || name.to_ascii_lowercase().ends_with(".iso"))
    }

    /// Whether a file that begins so is a text whose licence was asked for.
    pub(crate) fn is_text(&self, head: &[u8]) -> bool {
        self.options.licences && !head.is_empty() && !head.contains(&0)
    }

    /// The same, by another thread if that pays and memory allows it to wait.
    pub(crate) fn submit(&self, node: Node, blob: Blob, found: &mut Found) {
        if blob.size() >= HAND_OVER && !self.budget.is_tight() {
            self.queue.push(Task::Blob { node, blob });
        } else {
            self.blob(&node, &blob, found);
        }
    }

    /// The same of what had to be unpacked. To unpack a program costs more than to search it: others waiting unpacked would only
    /// fill memory.
    pub(crate) fn unpacked(&self, node: Node, blob: Blob, found: &mut Found) {
        match sniff(blob.get(..HEAD).unwrap_or(&blob)) {
            Content::Program(_) => self.blob(&node, &blob, found),
            _ => self.submit(node, blob, found),
        }
    }

    /// Gives a file to extractors.
    pub(crate) fn extract(
        &self,
        rows: Rows,
        node: &Node,
        bytes: &Blob,
        zip: Option<&ZipFile<'_>>,
        found: &mut Found,
    ) {
        let mut rows = rows;
        while rows != 0 {
            let at = rows.trailing_zeros();
            rows &= rows - 1;
            let Some(row) = self.table.get(at as usize) else { continue };
            if bytes.size() > row.max && zip.is_none() {
                let message = format!("larger than the {} bytes that {} reads", row.max, row.name);
                found.trouble_at(&node.path, &Trouble::new(Code::TooLarge, message));
                continue;
            }
            found.extractor = row.name;
            found.place.clone_from(&node.path);
            let file = File { path: &node.path, bytes, zip, options: self.options };
            if let Err(trouble) = (row.extract)(&file, found) {
                found.trouble_at(&node.path, &trouble);
            }
        }
    }

    /// Looks into an archive.
    pub(crate) fn archive(&self, node: &Node, format: Format, blob: &Blob, found: &mut Found) {
        if self.options.files {
            found.files.push((node.path.clone(), FileFacts::of(&node.path, blob)));
        }
        let walked = self.enter(node).and_then(|()| match format {
            Format::Zip => archives::zip::walk(self, node, blob, found),
            Format::Tar => archives::tape::walk_blob(self, node, blob, found),
            Format::Iso => archives::iso::walk(self, node, blob, found),
            Format::SevenZip => archives::sevenz::walk(self, node, blob, found),
            Format::Rar => archives::rar::walk(self, node, blob, found),
            Format::Cab => archives::cab::walk(self, node, blob, found),
            _ => self.unroll(node, format, &mut Passed::new(blob, self, node), found),
        });
        if let Err(trouble) = walked {
            found.trouble_at(&node.path, &trouble);
        }
    }

    /// May one more archive be opened here?
    fn enter(&self, node: &Node) -> Result<(), Trouble> {
        let most = self.budget.limits().depth;
        if node.depth >= most {
            return Err(Trouble::new(
                Code::LimitDepth,
                format!("archives are followed to a depth of {most}"),
            ));
        }
        self.budget.archive()
    }

    /// Looks into an archive that is read from begin to end.
    fn unroll(
        &self,
        node: &Node,
        format: Format,
        reader: &mut dyn Read,
        found: &mut Found,
    ) -> Result<(), Trouble> {
        match format {
            Format::Tar => archives::tape::walk(self, node, reader, found),
            Format::Ar => archives::ar::walk(self, node, reader, found),
            Format::Cpio => archives::cpio::walk(self, node, reader, found),
            Format::Rpm => archives::rpm::walk(self, node, reader, found),
            _ => archives::compressed::walk(self, node, format, reader, found),
        }
    }

    /// Examines a member that can be read once, `size` bytes long if that is known. A trouble is one of the
    /// stream itself: what comes after the member cannot be read either.
    pub(crate) fn stream(
        &self,
        node: &Node,
        size: Option<u64>,
        reader: &mut dyn Read,
        found: &mut Found,
    ) -> Result<(), Trouble> {
        let rows = self.rows(node);
        if rows == 0 && !self.options.everything() && is_plain(file_name(&node.path)) {
            return Ok(());
        }
        let mut head = Vec::with_capacity(HEAD);
        reader.take(HEAD as u64).read_to_end(&mut head)?;
        self.headed(node, rows, size, head, reader, found)
    }

    /// The same, with its begin already read.
    pub(crate) fn headed(
        &self,
        node: &Node,
        rows: Rows,
        size: Option<u64>,
        head: Vec<u8>,
        reader: &mut dyn Read,
        found: &mut Found,
    ) -> Result<(), Trouble> {
        let name = file_name(&node.path);
        let content = sniff(&head);
        let wanted = match content {
            Content::Archive(format) if format.streams() => {
                if rows != 0 {
                    // Rare: a row wants the packed file itself.
                    let blob = self.load(size, head, reader)?;
                    self.blob(node, &blob, found);
                    return Ok(());
                }
                if let Err(trouble) = self.enter(node) {
                    found.trouble_at(&node.path, &trouble);
                    return Ok(());
                }
                let mut whole = head.as_slice().chain(reader);
                if let Err(trouble) = self.unroll(node, format, &mut whole, found) {
                    found.trouble_at(&node.path, &trouble);
                }
                return Ok(());
            }
            Content::Archive(_) => true,
            Content::Program(Program::Script) => {
                rows != 0 || size.is_some_and(|size| size >= MIN_SCRIPT_ARCHIVE) && !is_plain(name)
            }
            Content::Program(program) => rows != 0 || self.selector.by_program(program) != 0,
            Content::Other => {
                rows != 0 || self.is_text(&head) || name.to_ascii_lowercase().ends_with(".iso")
            }
        };
        if wanted {
            let only_text = rows == 0 && content == Content::Other && self.is_text(&head);
            let size = if only_text { Some(TOP.min(size.unwrap_or(TOP))) } else { size };
            match self.load(size, head, reader) {
                Ok(blob) => self.unpacked(node.clone(), blob, found),
                Err(trouble) if trouble.code == Code::LimitMemory => {
                    found.trouble_at(&node.path, &trouble);
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    /// Takes a member into memory.
    fn load(
        &self,
        size: Option<u64>,
        head: Vec<u8>,
        reader: &mut dyn Read,
    ) -> Result<Blob, Trouble> {
        let mut held = self.budget.hold(size.unwrap_or(GROW))?;
        if let Some(size) = size.filter(|size| *size >= MAPPED && self.budget.is_full()) {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            return Ok(Blob::unpack(size, &head, reader, held)?);
        }
        let mut bytes = head;
        if let Some(size) = size {
            let rest = size.saturating_sub(bytes.len() as u64);
            bytes.reserve_exact(usize::try_from(rest).unwrap_or(0));
            reader.take(rest).read_to_end(&mut bytes)?;
            return Ok(Blob::heap(bytes, Some(held)));
        }
        let mut room = GROW;
        loop {
            let want = room.saturating_sub(bytes.len() as u64);
            if (reader.take(want).read_to_end(&mut bytes)? as u64) < want {
                bytes.shrink_to_fit();
                return Ok(Blob::heap(bytes, Some(held)));
            }
            held.grow(room)?;
            room *= 2;
        }
    }
}
