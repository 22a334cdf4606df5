//! The hashes of the SPDX texts.
//!
//! | part of the file | what |
//! |---|---|
//! | head | numbers of licences, hashes and postings, four bytes each, little endian |
//! | names | identifiers, one a line, padded with line feeds to a multiple of four bytes |
//! | sizes | how many hashes each licence has, two bytes each |
//! | hashes | sorted, four bytes each |
//! | ends | where the postings of each hash end, four bytes each |
//! | postings | numbers of licences, two bytes each |

use super::words;
use std::collections::BTreeMap;
use std::sync::OnceLock;

static SHIPPED: &[u8] = include_bytes!("../../data/licences.bin");

/// Fewest hashes of a licence that can be recognised.
const FEWEST: usize = 5;

/// The texts of the SPDX list, ready to be asked.
#[derive(Default)]
pub(super) struct Index {
    ids: Vec<&'static str>,
    sizes: Vec<usize>,
    hashes: Vec<u32>,
    ends: Vec<u32>,
    postings: Vec<u16>,
}

impl Index {
    /// The one that is built in.
    pub(super) fn shipped() -> &'static Self {
        static INDEX: OnceLock<Index> = OnceLock::new();
        INDEX.get_or_init(|| Self::read(SHIPPED).unwrap_or_default())
    }

    fn read(bytes: &'static [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at_checked(16)?;
        let mut head = fours(head).map(|one| one as usize);
        let (count, hashes, postings, names) =
            (head.next()?, head.next()?, head.next()?, head.next()?);
        let (text, rest) = rest.split_at_checked(names)?;
        let (sizes, rest) = rest.split_at_checked(count.checked_mul(2)?)?;
        let (hashes, rest) = rest.split_at_checked(hashes.checked_mul(4)?)?;
        let (ends, rest) = rest.split_at_checked(hashes.len())?;
        let (postings, _) = rest.split_at_checked(postings.checked_mul(2)?)?;
        Some(Self {
            ids: std::str::from_utf8(text).ok()?.lines().filter(|id| !id.is_empty()).collect(),
            sizes: twos(sizes).map(usize::from).collect(),
            hashes: fours(hashes).collect(),
            ends: fours(ends).collect(),
            postings: twos(postings).collect(),
        })
    }

    /// Number of licences.
    pub(super) const fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn id(&self, licence: u16) -> &'static str {
        self.ids.get(usize::from(licence)).copied().unwrap_or_default()
    }

    /// How many hashes stand for a licence.
    pub(super) fn size(&self, licence: u16) -> usize {
        self.sizes.get(usize::from(licence)).copied().unwrap_or(usize::MAX)
    }

    /// The licences that have a hash.
    pub(super) fn licences(&self, hash: u32) -> impl Iterator<Item = u16> {
        let at = self.hashes.binary_search(&hash).ok();
        let end = |at: usize| self.ends.get(at).map_or(0, |end| *end as usize);
        let range = at.map_or(0..0, |at| at.checked_sub(1).map_or(0, end)..end(at));
        self.postings.get(range).unwrap_or_default().iter().copied()
    }
}

fn twos(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.as_chunks().0.iter().map(|two| u16::from_le_bytes(*two))
}

fn fours(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks().0.iter().map(|four| u32::from_le_bytes(*four))
}

/// The file of these texts by identifier. Of identifiers with one text the first is kept; texts too short to be recognised are
/// left out.
pub fn build(texts: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut licences: Vec<(&str, Vec<u32>)> = Vec::new();
    for (id, text) in texts {
        // `GPL-2.0` is the old name of `GPL-2.0-only`, and `GPL-2.0-or-later` is its text as well.
        let is_old = texts.contains_key(&format!("{id}-only")) || id.ends_with('+');
        let hashes = words::hashes(text);
        if !is_old && hashes.len() >= FEWEST && !licences.iter().any(|(_, other)| *other == hashes)
        {
            licences.push((id, hashes));
        }
    }
    let mut postings: BTreeMap<u32, Vec<u16>> = BTreeMap::new();
    for (number, (_, hashes)) in (0_u16..).zip(&licences) {
        for hash in hashes {
            postings.entry(*hash).or_default().push(number);
        }
    }
    let mut names: String = licences.iter().map(|(id, _)| format!("{id}\n")).collect();
    while !names.len().is_multiple_of(4) {
        names.push('\n');
    }
    let all: usize = postings.values().map(Vec::len).sum();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
    let mut out = Vec::new();
    for count in [licences.len(), postings.len(), all, names.len()] {
        out.extend(number(count));
    }
    out.extend(names.as_bytes());
    for (_, hashes) in &licences {
        out.extend(u16::try_from(hashes.len()).unwrap_or(u16::MAX).to_le_bytes());
    }
    for hash in postings.keys() {
        out.extend(hash.to_le_bytes());
    }
    let mut end = 0;
    for of in postings.values() {
        end += of.len();
        out.extend(number(end));
    }
    for licence in postings.values().flatten() {
        out.extend(licence.to_le_bytes());
    }
    out
}
