//! RAR archives, from 1.3 to 7. The reader hands out a member's bytes by writing them; what the begin of a member
//! shows to be nobody's is let go at once.

use super::legacy_names;
use crate::blob::Blob;
use crate::content::{Content, HEAD, sniff};
use crate::extractor::file_name;
use crate::finding::Found;
use crate::limits::{Budget, Held};
use crate::names::is_plain;
use crate::trouble::{Code, Trouble};
use crate::walk::{Node, Walk};
use rars::{
    ArchiveMember, ArchiveReadOptions, ArchiveReader, Error, ErrorKind, ExtractionDecision,
    ExtractionErrorAction,
};
use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Most headers, and their bytes, of one archive.
const MAX_HEADERS: u64 = 2_000_000;
const MAX_HEADER_BYTES: u64 = 256 << 20;
/// Largest dictionary, bytes.
const MAX_DICTIONARY: u64 = 256 << 20;

/// A member that is being written.
struct Taken {
    node: Node,
    bytes: Vec<u8>,
    wanted: bool,
    /// An extractor asked for its name: its begin does not matter.
    by_name: bool,
    held: Option<Held>,
    trouble: Option<Trouble>,
}

type Shared = Arc<Mutex<Option<Taken>>>;

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    blob: &Blob,
    found: &mut Found,
) -> Result<(), Trouble> {
    let options = ArchiveReadOptions::new()
        .with_max_header_count(MAX_HEADERS)
        .with_max_header_bytes(MAX_HEADER_BYTES)
        .with_rar50_dictionary_size_limit(MAX_DICTIONARY)
        .with_max_reader_workspace_bytes(2 * MAX_DICTIONARY);
    let archive = ArchiveReader::read_reader_with_options(Cursor::new(blob.clone()), options)
        .map_err(|error| trouble(&error))?;
    let solid = archive.member_refs().any(|member| member.is_solid());
    let shared: Shared = Arc::default();
    let mut ended = None;
    // Two callbacks report what they see; both run on this thread, one after the other.
    let reports = std::cell::RefCell::new(&mut *found);
    let outcome = archive.extract_with_control_and_errors(
        options,
        |member| {
            finish(walk, &shared, &mut reports.borrow_mut());
            Ok(decide(walk, node, member, solid, &shared, &mut ended, &mut reports.borrow_mut()))
        },
        |member, error| {
            take(&shared);
            let place = node.member(&name(member)).path;
            reports.borrow_mut().trouble_at(&place, &trouble(error));
            Ok(ExtractionErrorAction::Continue)
        },
    );
    finish(walk, &shared, found);
    walk.budget.check()?;
    match outcome {
        Err(error) => Err(trouble(&error)),
        Ok(_) => ended.map_or(Ok(()), Err),
    }
}

fn name(member: &ArchiveMember) -> String {
    legacy_names::decode(member.meta.name_bytes()).replace('\\', "/")
}

fn decide(
    walk: &Walk<'_>,
    node: &Node,
    member: &ArchiveMember,
    solid: bool,
    shared: &Shared,
    ended: &mut Option<Trouble>,
    found: &mut Found,
) -> ExtractionDecision {
    if let Err(trouble) = walk.budget.member() {
        *ended = Some(trouble);
        return ExtractionDecision::Stop;
    }
    let meta = &member.meta;
    let inner = node.member(&name(member));
    if meta.is_directory || meta.is_redirection {
        return ExtractionDecision::Skip;
    }
    let refuse = |code, message: &str, found: &mut Found| {
        found.trouble_at(&inner.path, &Trouble::new(code, message));
        ExtractionDecision::Skip
    };
    if meta.is_encrypted {
        return refuse(Code::Encrypted, "encrypted with a password", found);
    }
    if meta.is_split_before || meta.is_split_after {
        return refuse(Code::Volume, "goes on in another volume", found);
    }
    let by_name = walk.selector.by_path(&inner.path) != 0 || walk.options.licences;
    let wanted = by_name || walk.options.everything() || !is_plain(file_name(&inner.path));
    if !wanted && !solid {
        return ExtractionDecision::Skip;
    }
    let taken =
        Taken { node: inner, bytes: Vec::new(), wanted, by_name, held: None, trouble: None };
    *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
    let sink = Sink { shared: Arc::clone(shared), budget: Arc::clone(&walk.budget) };
    ExtractionDecision::Extract(Box::new(sink))
}

fn take(shared: &Shared) -> Option<Taken> {
    shared.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Examines the member that was written last.
fn finish(walk: &Walk<'_>, shared: &Shared, found: &mut Found) {
    let Some(taken) = take(shared) else { return };
    if let Some(trouble) = &taken.trouble {
        found.trouble_at(&taken.node.path, trouble);
    } else if taken.wanted && (taken.by_name || is_interesting(&taken.bytes)) {
        walk.submit(taken.node, Blob::heap(taken.bytes, taken.held), found);
    }
}

fn is_interesting(bytes: &[u8]) -> bool {
    bytes.len() >= 4 && sniff(bytes.get(..HEAD).unwrap_or(bytes)) != Content::Other
}

struct Sink {
    shared: Shared,
    budget: Arc<Budget>,
}

impl Write for Sink {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.budget.unpack(buffer.len() as u64)?;
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = shared.as_mut().filter(|taken| taken.wanted) {
            let more = buffer.len() as u64;
            let grown = match &mut taken.held {
                Some(held) => held.grow(more),
                held => self.budget.hold(more).map(|guard| *held = Some(guard)),
            };
            match grown {
                Ok(()) => taken.bytes.extend_from_slice(buffer),
                Err(trouble) => {
                    taken.trouble = Some(trouble);
                    taken.wanted = false;
                }
            }
            let decided = taken.bytes.len() >= HEAD;
            if taken.trouble.is_some() || decided && !taken.by_name && !is_interesting(&taken.bytes)
            {
                taken.wanted = false;
                taken.bytes = Vec::new();
                taken.held = None;
            }
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn trouble(error: &Error) -> Trouble {
    let message = error.root_cause().to_string();
    let code = match error.kind() {
        ErrorKind::PasswordRequired | ErrorKind::BadPassword => Code::Encrypted,
        ErrorKind::UnsupportedFeature | ErrorKind::UnsupportedFormat => Code::Method,
        ErrorKind::ResourceLimit => Code::LimitMemory,
        _ if message.contains("encrypt") => Code::Encrypted,
        _ => Code::Damaged,
    };
    Trouble::new(code, message)
}
