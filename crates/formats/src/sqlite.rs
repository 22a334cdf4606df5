//! Just enough of SQLite's file format to read a table from its first row to its last: table b-tree pages, overflow chains and
//! the write-ahead log (<https://www.sqlite.org/fileformat2.html>).
//!
//! Limits: a row of 32 MiB, trees of 32 levels, and no more pages than twice those there are.

mod wal;

pub use crate::order::{Broken, Result};

use crate::order::{CUT, Order};
use crate::read_at::ReadAt;
use std::collections::HashMap;

const LEAF: u8 = 0x0d;
const INTERIOR: u8 = 0x05;
/// The file's header lies before the first page's own.
const FILE_HEADER: usize = 100;
/// Longest row that is read, bytes.
const MAX_ROW: usize = (32 << 20) + 64;
/// Deeper trees cannot be: each level but the lowest has at least two children.
const MAX_DEPTH: usize = 32;

struct Database<'a> {
    file: &'a dyn ReadAt,
    /// Pages whose newest version lies in the write-ahead log, with their offset there.
    newer: HashMap<u32, u64>,
    wal: Option<&'a dyn ReadAt>,
    page_size: usize,
    /// Bytes of a page that are not reserved.
    usable: usize,
    /// Pages that may still be read: a b-tree or chain that leads into itself ends here.
    budget: u64,
}

/// A row of a table.
pub struct Row<'r>(&'r [u8]);

impl<'r> Row<'r> {
    /// The bytes of a column, from 0: of a text or blob its own. A key that is the row's number is not among them.
    ///
    /// # Errors
    /// The row has no such column, or is cut off.
    pub fn column(&self, nth: usize) -> Result<&'r [u8]> {
        Ok(column(self.0, nth)?.1)
    }
}

/// Gets the bytes of each row.
type Each<'e> = dyn FnMut(&[u8]) -> Result<()> + 'e;

/// Calls `each` with every row of a table, in the order of their numbers.
///
/// `wal` is the write-ahead log beside the database, if there is one: what was committed but not yet carried over lies there.
///
/// # Errors
/// When the file is no SQLite database, has no such table or is damaged, or `each` says so; rows found up to there have been given
/// out.
pub fn rows(
    file: &dyn ReadAt,
    wal: Option<&dyn ReadAt>,
    table: &str,
    each: &mut dyn FnMut(&Row<'_>) -> Result<()>,
) -> Result<()> {
    let mut head = [0; FILE_HEADER];
    file.read_at(&mut head, 0).map_err(|_| Broken("SQLite header cut off"))?;
    let page_size = match Order::Big.u16(&head, 16)? {
        1 => 65_536,
        size => usize::from(size),
    };
    let reserved = usize::from(head.get(20).copied().unwrap_or_default());
    if !page_size.is_power_of_two() || !(512..=65_536).contains(&page_size) || reserved > 32 {
        return Err(Broken("a page size SQLite does not have"));
    }
    let newer = wal.map(|wal| wal::pages(wal, page_size)).unwrap_or_default();
    let all = file.size() / page_size as u64 + newer.len() as u64;
    let usable = page_size - reserved;
    // The schema is read twice at most: once for the search, and nothing else reads a page twice.
    let mut database = Database { file, newer, wal, page_size, usable, budget: all * 2 + 2 };
    let root = database.root_of(table)?;
    database.rows(root, 0, &mut |record| each(&Row(record)))
}

impl Database<'_> {
    fn page(&mut self, number: u32) -> Result<Vec<u8>> {
        self.budget = self.budget.checked_sub(1).ok_or(Broken("SQLite pages in a circle"))?;
        let mut page = vec![0; self.page_size];
        let (file, offset) = match (self.wal, self.newer.get(&number)) {
            (Some(wal), Some(&offset)) => (wal, offset),
            _ => {
                let before = number.checked_sub(1).ok_or(Broken("SQLite page 0"))?;
                (self.file, u64::from(before) * self.page_size as u64)
            }
        };
        file.read_at(&mut page, offset).map_err(|_| Broken("an SQLite page beyond the end"))?;
        Ok(page)
    }

    /// The root page of a table, from the schema on page 1.
    fn root_of(&mut self, table: &str) -> Result<u32> {
        let mut root = None;
        self.rows(1, 0, &mut |record| {
            if column(record, 0)?.1 == b"table" && column(record, 1)?.1 == table.as_bytes() {
                let bytes = column(record, 3)?.1;
                root = Some(bytes.iter().fold(0u32, |number, &b| (number << 8) | u32::from(b)));
            }
            Ok(())
        })?;
        root.ok_or(Broken("an SQLite database without this table"))
    }

    /// Calls `each` with the record of every row below page `number`, in the order of the rows.
    fn rows(&mut self, number: u32, depth: usize, each: &mut Each<'_>) -> Result<()> {
        if depth > MAX_DEPTH {
            return Err(Broken("an SQLite tree deeper than 32 levels"));
        }
        let page = self.page(number)?;
        let start = if number == 1 { FILE_HEADER } else { 0 };
        let kind = *page.get(start).ok_or(CUT)?;
        let cells = usize::from(Order::Big.u16(&page, start + 3)?);
        let index = start + if kind == INTERIOR { 12 } else { 8 };
        for cell in 0..cells {
            let place = usize::from(Order::Big.u16(&page, index + cell * 2)?);
            match kind {
                INTERIOR => self.rows(Order::Big.u32(&page, place)?, depth + 1, each)?,
                LEAF => each(&self.record(&page, place)?)?,
                _ => return Err(Broken("an SQLite page that is not of a table")),
            }
        }
        if kind == INTERIOR {
            self.rows(Order::Big.u32(&page, start + 8)?, depth + 1, each)?;
        }
        Ok(())
    }

    /// The record of the leaf cell at `place`, gathered from its overflow pages.
    fn record(&mut self, page: &[u8], mut place: usize) -> Result<Vec<u8>> {
        let length = varint(page, &mut place)?;
        let _row = varint(page, &mut place)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= MAX_ROW);
        let length = length.ok_or(Broken("a row longer than 32 MiB"))?;
        let local = self.local(length);
        let end = place.checked_add(local).ok_or(CUT)?;
        let mut record = page.get(place..end).ok_or(CUT)?.to_vec();
        if local < length {
            let mut next = Order::Big.u32(page, end)?;
            while record.len() < length {
                let page = self.page(next)?;
                let held = (length - record.len()).min(self.usable - 4);
                record.extend_from_slice(page.get(4..4 + held).ok_or(CUT)?);
                next = Order::Big.u32(&page, 0)?;
            }
        }
        Ok(record)
    }

    /// How much of a payload of `length` bytes lies on the leaf itself (file format, section 1.6).
    const fn local(&self, length: usize) -> usize {
        let (most, least) = (self.usable - 35, (self.usable - 12) * 32 / 255 - 23);
        if length <= most {
            return length;
        }
        let wanted = least + (length - least) % (self.usable - 4);
        if wanted <= most { wanted } else { least }
    }
}

/// Type and bytes of a record's column.
fn column(record: &[u8], wanted: usize) -> Result<(u64, &[u8])> {
    let mut at = 0;
    let head = usize::try_from(varint(record, &mut at)?).map_err(|_| CUT)?;
    let mut place = head;
    let mut number = 0;
    while at < head {
        let ty = varint(record, &mut at)?;
        let size = match ty {
            1..=4 => ty,
            5 => 6,
            6 | 7 => 8,
            12.. => (ty - 12) / 2,
            _ => 0,
        };
        let size = usize::try_from(size).map_err(|_| CUT)?;
        let end = place.checked_add(size).ok_or(CUT)?;
        if number == wanted {
            return Ok((ty, record.get(place..end).ok_or(CUT)?));
        }
        place = end;
        number += 1;
    }
    Err(Broken("an SQLite row with too few columns"))
}

/// A number of one to nine bytes, seven bits each, all eight of the ninth.
fn varint(bytes: &[u8], at: &mut usize) -> Result<u64> {
    let mut number = 0;
    for nth in 0..9 {
        let byte = u64::from(*bytes.get(*at).ok_or(CUT)?);
        *at += 1;
        if nth == 8 {
            return Ok((number << 8) | byte);
        }
        number = (number << 7) | (byte & 0x7f);
        if byte < 0x80 {
            break;
        }
    }
    Ok(number)
}
