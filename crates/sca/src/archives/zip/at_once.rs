//! Members unpacked at once: what is wanted to its end. A decoder that need not be able to stop anywhere takes two thirds of the
//! time of one that must, and needs no memory of its own to look back into.

use super::Member;
use crate::blob::Blob;
use crate::content::{Content, HEAD, Program, sniff};
use crate::walk::{Node, Walk};
use flate2::{Crc, Decompress, FlushDecompress};
use libdeflater::Decompressor;
use std::cell::RefCell;

/// Deflate (APPNOTE 4.4.5).
const DEFLATED: u16 = 8;
/// Largest member unpacked at once, bytes: of a larger one what is behind is let go meanwhile, and the clock is looked at.
const MOST: u64 = 16 << 20;

/// The decoders of a thread: to make them costs more than to unpack a small member.
struct Tools {
    begin: Decompress,
    whole: Decompressor,
}

thread_local! {
    static TOOLS: RefCell<Tools> =
        RefCell::new(Tools { begin: Decompress::new(false), whole: Decompressor::new() });
}

/// A member that is wanted whole, unpacked. None where it is not, where there is no room for it now, and where something is wrong
/// with it: what reads it piece by piece says what.
pub(super) fn unpack(walk: &Walk<'_>, node: &Node, member: &Member, packed: &[u8]) -> Option<Blob> {
    if member.method != DEFLATED || member.size > MOST {
        return None;
    }
    TOOLS.with_borrow_mut(|tools| {
        if walk.rows(node) == 0 && !tools.is_wanted(walk, packed) {
            return None;
        }
        let held = walk.budget.hold(member.size).ok()?;
        let size = usize::try_from(member.size).ok()?;
        let blob = Blob::filled(size, held, walk.budget.is_full(), |bytes| {
            let count = tools.whole.deflate_decompress(packed, bytes).ok()?;
            let mut crc = Crc::new();
            crc.update(bytes);
            (count == size && crc.sum() == member.crc32).then_some(())
        })?;
        walk.budget.unpack(member.size).ok()?;
        Some(blob)
    })
}

impl Tools {
    /// Whether nobody asks for the member by its name, but for all of what it is.
    fn is_wanted(&mut self, walk: &Walk<'_>, packed: &[u8]) -> bool {
        let mut head = [0; HEAD];
        self.begin.reset(false);
        if self.begin.decompress(packed, &mut head, FlushDecompress::None).is_err() {
            return false;
        }
        match sniff(&head) {
            Content::Program(Program::Script) | Content::Other => false,
            Content::Program(program) => walk.selector.by_program(program) != 0,
            Content::Archive(format) => !format.streams(),
        }
    }
}
