//! Berkeley DB's hash form, `Packages`: pages of key and value pairs, long values on chains of overflow
//! pages (`db_page.h` of Berkeley DB 4 and 5). The byte order is that of the machine which made the file.

use super::{Each, MAX_HEADER};
use crate::order::{Broken, CUT, Order, Result, index};
use crate::read_at::ReadAt;

const HASH_MAGIC: u32 = 0x0006_1561;
/// Bytes before the index of a page.
const PAGE_HEADER: usize = 26;

/// Page types.
const HASH_UNSORTED: u8 = 2;
const OVERFLOW: u8 = 7;
const HASH: u8 = 13;

/// Item types.
const KEY_DATA: u8 = 1;
const OFF_PAGE: u8 = 3;

/// A shorter value is no header: the record of key 0 is a counter.
const MIN_HEADER: usize = 16;

struct Pages<'a> {
    file: &'a dyn ReadAt,
    order: Order,
    size: usize,
    last: u32,
}

/// Calls `each` with every value that can be a header.
pub(super) fn blobs(file: &dyn ReadAt, each: &mut Each<'_>) -> Result<()> {
    let mut meta = [0; 72];
    file.read_at(&mut meta, 0).map_err(|_| Broken("no rpm database of a known form"))?;
    let order = [Order::Little, Order::Big]
        .into_iter()
        .find(|order| order.u32(&meta, 12) == Ok(HASH_MAGIC))
        .ok_or(Broken("no rpm database of a known form"))?;
    let size = index(order.u32(&meta, 20)?)?;
    if !size.is_power_of_two() || !(512..=65_536).contains(&size) {
        return Err(Broken("a page size Berkeley DB does not have"));
    }
    if meta.get(24) != Some(&0) {
        return Err(Broken("an encrypted Berkeley DB"));
    }
    let last = order.u32(&meta, 32)?;
    let pages = Pages { file, order, size, last };
    let mut page = vec![0; size];
    let mut value = Vec::new();
    // Overflow pages read so far: a chain that bites its tail ends here.
    let mut budget = last;
    for number in 1..=last {
        pages.read(number, &mut page)?;
        if matches!(page.get(25), Some(&(HASH | HASH_UNSORTED))) {
            pages.values(&page, &mut value, &mut budget, each)?;
        }
    }
    Ok(())
}

impl Pages<'_> {
    fn read(&self, number: u32, page: &mut [u8]) -> Result<()> {
        let offset = u64::from(number) * self.size as u64;
        self.file.read_at(page, offset).map_err(|_| Broken("a Berkeley DB page beyond the end"))
    }

    /// The values of one hash page. The index alternates between keys and values; items grow from the
    /// page's end towards its index, so an item ends where the one before it starts.
    fn values(
        &self,
        page: &[u8],
        value: &mut Vec<u8>,
        budget: &mut u32,
        each: &mut Each<'_>,
    ) -> Result<()> {
        let entries = usize::from(self.order.u16(page, 20)?);
        let place = |entry: usize| -> Result<usize> {
            Ok(usize::from(self.order.u16(page, PAGE_HEADER + entry * 2)?))
        };
        for entry in (1..entries).step_by(2) {
            let item = page.get(place(entry)?..place(entry - 1)?).ok_or(CUT)?;
            match item.first() {
                Some(&KEY_DATA) if item.len() > MIN_HEADER => {
                    each(item.get(1..).unwrap_or_default())?;
                }
                Some(&OFF_PAGE) => {
                    self.overflow(
                        self.order.u32(item, 4)?,
                        self.order.u32(item, 8)?,
                        value,
                        budget,
                    )?;
                    each(value)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Follows the chain of overflow pages from `number` on; together they hold `length` bytes.
    fn overflow(
        &self,
        mut number: u32,
        length: u32,
        value: &mut Vec<u8>,
        budget: &mut u32,
    ) -> Result<()> {
        let length = index(length)?;
        if length > MAX_HEADER {
            return Err(Broken("a header longer than 32 MiB"));
        }
        value.clear();
        let mut page = vec![0; self.size];
        while value.len() < length {
            if number == 0 || number > self.last {
                return Err(Broken("a Berkeley DB value whose chain of pages ends early"));
            }
            *budget = budget.checked_sub(1).ok_or(Broken("Berkeley DB pages in a circle"))?;
            self.read(number, &mut page)?;
            if page.get(25) != Some(&OVERFLOW) {
                return Err(Broken("a Berkeley DB value on a page of another type"));
            }
            let held = usize::from(self.order.u16(&page, 22)?);
            if held == 0 {
                return Err(Broken("an empty Berkeley DB overflow page"));
            }
            value.extend_from_slice(page.get(PAGE_HEADER..PAGE_HEADER + held).ok_or(CUT)?);
            number = self.order.u32(&page, 16)?;
        }
        value.truncate(length);
        Ok(())
    }
}
