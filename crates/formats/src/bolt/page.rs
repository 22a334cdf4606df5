//! One page of a bbolt database: its head, and the table of its elements.

use super::{Broken, CUT, PAGE_HEAD, Result};

const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
const META: u16 = 0x04;
/// Bytes of an element in the table of a page.
const ELEMENT: usize = 16;
/// The value of such an element is a bucket.
const IS_BUCKET: u32 = 0x01;

/// A branch or a leaf.
pub(super) struct Page {
    bytes: Vec<u8>,
    leaf: bool,
    count: usize,
}

/// An element of a leaf.
pub(super) struct Element<'p> {
    pub(super) key: &'p [u8],
    pub(super) value: &'p [u8],
    pub(super) is_bucket: bool,
}

impl Page {
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self> {
        let leaf = match u16(&bytes, 8)? {
            LEAF => true,
            BRANCH => false,
            _ => return Err(Broken("a page that is neither branch nor leaf")),
        };
        let count = usize::from(u16(&bytes, 10)?);
        if PAGE_HEAD + count * ELEMENT > bytes.len() {
            return Err(CUT);
        }
        Ok(Self { bytes, leaf, count })
    }

    pub(super) const fn is_leaf(&self) -> bool {
        self.leaf
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    pub(super) fn leaf(&self, nth: usize) -> Result<Element<'_>> {
        let at = PAGE_HEAD + nth * ELEMENT;
        let word = |offset| u32(&self.bytes, at + offset);
        let start = at.checked_add(index(word(4)?)?).ok_or(CUT)?;
        let middle = start.checked_add(index(word(8)?)?).ok_or(CUT)?;
        let end = middle.checked_add(index(word(12)?)?).ok_or(CUT)?;
        Ok(Element {
            key: self.bytes.get(start..middle).ok_or(CUT)?,
            value: self.bytes.get(middle..end).ok_or(CUT)?,
            is_bucket: word(0)? & IS_BUCKET != 0,
        })
    }

    /// The first key below a child of a branch, and the child's page.
    pub(super) fn branch(&self, nth: usize) -> Result<(&[u8], u64)> {
        let at = PAGE_HEAD + nth * ELEMENT;
        let start = at.checked_add(index(u32(&self.bytes, at)?)?).ok_or(CUT)?;
        let end = start.checked_add(index(u32(&self.bytes, at + 4)?)?).ok_or(CUT)?;
        Ok((self.bytes.get(start..end).ok_or(CUT)?, u64(&self.bytes, at + 8)?))
    }

    /// The element of a leaf with this key.
    pub(super) fn find(&self, key: &[u8]) -> Result<Option<Element<'_>>> {
        let nth = self.first(|nth| Ok(self.leaf(nth)?.key >= key))?;
        if nth == self.count {
            return Ok(None);
        }
        Ok(Some(self.leaf(nth)?).filter(|element| element.key == key))
    }

    /// The child of a branch below which this key would be.
    pub(super) fn child_of(&self, key: &[u8]) -> Result<Option<u64>> {
        let after = self.first(|nth| Ok(self.branch(nth)?.0 > key))?;
        match after.checked_sub(1) {
            Some(nth) => Ok(Some(self.branch(nth)?.1)),
            None => Ok(None),
        }
    }

    /// The first element of which this is true, as it is of all after it.
    fn first(&self, is: impl Fn(usize) -> Result<bool>) -> Result<usize> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if is(middle)? { high = middle } else { low = middle + 1 }
        }
        Ok(low)
    }
}

/// A page's own number.
pub(super) fn number(page: &[u8]) -> Result<u64> {
    u64(page, 0)
}

/// How many pages follow one that is longer.
pub(super) fn overflow(page: &[u8]) -> Result<usize> {
    index(u32(page, 12)?)
}

pub(super) fn is_meta(page: &[u8]) -> bool {
    u16(page, 8) == Ok(META)
}

fn index(number: u32) -> Result<usize> {
    usize::try_from(number).map_err(|_| CUT)
}

fn u16(bytes: &[u8], at: usize) -> Result<u16> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map(|it| u16::from_le_bytes(*it)).ok_or(CUT)
}

pub(super) fn u32(bytes: &[u8], at: usize) -> Result<u32> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map(|it| u32::from_le_bytes(*it)).ok_or(CUT)
}

pub(super) fn u64(bytes: &[u8], at: usize) -> Result<u64> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map(|it| u64::from_le_bytes(*it)).ok_or(CUT)
}
