//! Reading trails: the segments of a folder, their lines, and what does not fit.

use super::folder::is_regular;
use super::line::{self, Fault, Hash, Line, MAX_LINE};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A file of a trail.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentFile {
    /// Its node, from the name.
    pub node: String,
    /// Its number, from 1.
    pub number: u32,
    /// Where it lies.
    pub path: PathBuf,
}

/// The segments in a folder, by node and number. Blocks.
///
/// # Errors
/// Those of the system.
pub fn segments(folder: &Path) -> io::Result<Vec<SegmentFile>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let parts = name.strip_suffix(".jsonl").and_then(|name| name.rsplit_once('-'));
        let parts = parts.and_then(|(node, number)| Some((node.to_owned(), number.parse().ok()?)));
        if let Some((node, number)) = parts {
            if !is_regular(&path)? {
                return Err(io::Error::other(format!("{name} is not a regular file")));
            }
            found.push(SegmentFile { node, number, path });
        }
    }
    found.sort();
    Ok(found)
}

/// Where a chain stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Its node.
    pub node: String,
    /// Place of the last line.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
}

/// What does not fit in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A line that is none of a trail.
    Form,
    /// A line that is not what was hashed: it was edited.
    Edited,
    /// A line that does not follow the one before: lines were removed, added or reordered.
    Order {
        /// The place that was due.
        due: u64,
        /// The place found.
        found: u64,
    },
    /// The right place, but after another line: two chains were mixed, or one was written anew.
    Forked {
        /// The place.
        seq: u64,
    },
    /// A line of another node.
    Foreign,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Form => f.write_str("is no line of an audit trail"),
            Self::Edited => f.write_str("was edited: its hash is another"),
            Self::Order { due, found } => write!(
                f,
                "record {found} stands where {due} was due: lines were removed, added or reordered"
            ),
            Self::Forked { seq } => write!(f, "record {seq} does not follow the record before it"),
            Self::Foreign => f.write_str("belongs to another node"),
        }
    }
}

/// Lines one after another, each with what is wrong with it.
pub struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// Number of the line last read, from 1.
    pub number: u64,
    /// Bytes up to the end of the last whole line.
    pub length: u64,
    end: Option<End>,
}

/// What comes next in a segment.
pub enum Next {
    /// A line that follows the one before.
    Line(Box<Line>),
    /// A line that does not; reading goes on after it.
    Damaged(Damage, Option<Box<Line>>),
    /// Bytes without a line feed at the end: a line that was never finished.
    Torn(u64),
}

impl Lines<BufReader<File>> {
    /// The lines of a file that go on after `end`; with none, the first line is believed.
    ///
    /// # Errors
    /// Those of the system.
    pub fn open(path: &Path, end: Option<End>) -> io::Result<Self> {
        Ok(Self::new(BufReader::with_capacity(1 << 16, File::open(path)?), end))
    }
}

impl<R: BufRead> Lines<R> {
    /// The lines of any input.
    pub fn new(input: R, end: Option<End>) -> Self {
        Self { input, buffer: Vec::new(), number: 0, length: 0, end }
    }

    /// Where the chain stands after what was read.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The next line.
    ///
    /// # Errors
    /// Those of the system.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not answer errors as simply"
    )]
    pub fn next(&mut self) -> io::Result<Option<Next>> {
        self.buffer.clear();
        let limit = MAX_LINE as u64 + 1;
        let taken = io::Read::take(&mut self.input, limit).read_until(b'\n', &mut self.buffer)?;
        if taken == 0 {
            return Ok(None);
        }
        if self.buffer.last() != Some(&b'\n') {
            if taken <= MAX_LINE {
                return Ok(Some(Next::Torn(taken as u64)));
            }
            let skipped = self.input.skip_until(b'\n')?;
            self.number += 1;
            self.length += (taken + skipped) as u64;
            return Ok(Some(Next::Damaged(Damage::Form, None)));
        }
        self.buffer.pop();
        self.number += 1;
        self.length += taken as u64;
        let line = match line::decode(&self.buffer) {
            Ok(line) => Box::new(line),
            Err(Fault::Form) => return Ok(Some(Next::Damaged(Damage::Form, None))),
            Err(Fault::Hash) => return Ok(Some(Next::Damaged(Damage::Edited, None))),
        };
        let damage = self.end.as_ref().and_then(|end| {
            let due = end.seq + 1;
            if end.node != line.node {
                Some(Damage::Foreign)
            } else if line.seq != due {
                Some(Damage::Order { due, found: line.seq })
            } else if line.prev != end.hash {
                Some(Damage::Forked { seq: line.seq })
            } else {
                None
            }
        });
        self.end = Some(End { node: line.node.clone(), seq: line.seq, hash: line.hash });
        Ok(Some(match damage {
            None => Next::Line(line),
            Some(damage) => Next::Damaged(damage, Some(line)),
        }))
    }
}

/// How a segment ends.
pub(super) struct Tail {
    /// Where the chain stands after it, unless it is empty.
    pub(super) end: Option<End>,
    /// Bytes up to the end of the last good line.
    pub(super) length: u64,
    /// Bytes of an unfinished line after it.
    pub(super) torn: u64,
    /// What does not fit, and where.
    pub(super) damage: Option<String>,
}

impl Tail {
    /// Reads a segment to its end.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let mut lines = Lines::open(path, None)?;
        let mut tail = Self { end: None, length: 0, torn: 0, damage: None };
        while let Some(next) = lines.next()? {
            match next {
                Next::Line(_) => tail.length = lines.length,
                Next::Torn(bytes) => tail.torn = bytes,
                Next::Damaged(damage, _) => {
                    tail.damage.get_or_insert(format!("line {} {damage}", lines.number));
                }
            }
        }
        tail.end = lines.end().cloned();
        Ok(tail)
    }
}
