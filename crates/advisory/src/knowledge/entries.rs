//! What is known against one package, read where it lies.

use crate::compile::rows::{
    FIXED, HAS_LOWER, INFORMATIONAL, LAST_AFFECTED, LAST_KNOWN, MALICIOUS, UPPER_BOUND_UNKNOWN,
};
use crate::file::Cursor;

/// All entries of a package.
pub(crate) struct Entries<'a> {
    rest: Cursor<'a>,
    left: usize,
}

/// What one advisory says about the package.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) advisory: u32,
    flags: u8,
    pub(crate) informational: Option<&'a str>,
    spans: (Cursor<'a>, usize),
    versions: (Cursor<'a>, usize),
}

/// A stretch of affected versions: keys and texts of its ends.
#[derive(Clone, Copy)]
pub(crate) struct Span<'a> {
    flags: u8,
    pub(crate) lower: Option<(&'a [u8], &'a str)>,
    upper: Option<(&'a [u8], &'a str)>,
    last_known: Option<&'a [u8]>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(mut row: Cursor<'a>) -> Self {
        let left = row.varint().unwrap_or(0);
        Self { rest: row, left }
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        self.left = self.left.checked_sub(1)?;
        let row = &mut self.rest;
        let advisory = row.u32()?;
        let flags = row.u8()?;
        let informational = if flags & INFORMATIONAL == 0 { None } else { Some(row.text()?) };
        let count = row.varint()?;
        let spans = (*row, count);
        for _ in 0..count {
            Span::read(row)?;
        }
        let count = row.varint()?;
        let versions = (*row, count);
        for _ in 0..count {
            row.bytes()?;
        }
        Some(Entry { advisory, flags, informational, spans, versions })
    }
}

impl<'a> Entry<'a> {
    pub(crate) fn upper_bound_unknown(&self) -> bool {
        self.flags & UPPER_BOUND_UNKNOWN != 0
    }

    pub(crate) fn is_malicious(&self) -> bool {
        self.flags & MALICIOUS != 0
    }

    pub(crate) fn spans(&self) -> impl Iterator<Item = Span<'a>> {
        let (mut cursor, count) = self.spans;
        (0..count).map_while(move |_| Span::read(&mut cursor))
    }

    pub(crate) fn versions(&self) -> impl Iterator<Item = &'a str> {
        let (mut cursor, count) = self.versions;
        (0..count).map_while(move |_| cursor.text())
    }
}

impl<'a> Span<'a> {
    fn read(row: &mut Cursor<'a>) -> Option<Self> {
        let flags = row.u8()?;
        let mut end = |flag: u8| {
            if flags & flag == 0 { Some(None) } else { Some(Some((row.bytes()?, row.text()?))) }
        };
        let (lower, upper) = (end(HAS_LOWER)?, end(FIXED | LAST_AFFECTED)?);
        let last_known = if flags & LAST_KNOWN == 0 { None } else { Some(row.bytes()?) };
        Some(Self { flags, lower, upper, last_known })
    }

    pub(crate) fn contains(&self, version: &[u8]) -> bool {
        self.lower.is_none_or(|(lower, _)| lower <= version)
            && match self.upper {
                None => true,
                Some((upper, _)) if self.flags & FIXED != 0 => version < upper,
                Some((upper, _)) => version <= upper,
            }
    }

    /// From the first version on without end.
    pub(crate) fn is_everything(&self) -> bool {
        self.lower.is_none() && self.upper.is_none()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.upper.is_none()
    }

    /// Whether the source is not sure any more of a version in this open stretch.
    pub(crate) fn is_guess(&self, version: &[u8]) -> bool {
        self.last_known.is_some_and(|last| version > last)
    }

    /// Key and text of the version that repairs it.
    pub(crate) fn fixed(&self) -> Option<(&'a [u8], &'a str)> {
        self.upper.filter(|_| self.flags & FIXED != 0)
    }

    /// As people write it: `>= 1.0, < 1.2`.
    pub(crate) fn text(&self) -> String {
        let lower = self.lower.map(|(_, text)| format!(">= {text}"));
        let sign = if self.flags & FIXED == 0 { "<=" } else { "<" };
        let upper = self.upper.map(|(_, text)| format!("{sign} {text}"));
        match (lower, upper) {
            (None, None) => "all versions".to_owned(),
            (Some(one), None) | (None, Some(one)) => one,
            (Some(lower), Some(upper)) => format!("{lower}, {upper}"),
        }
    }
}
