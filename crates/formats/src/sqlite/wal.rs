//! SQLite's write-ahead log: which pages have a newer version there (file format, section 4).

use crate::order::Order;
use crate::read_at::ReadAt;
use std::collections::HashMap;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// Frames read at most: 4 GiB of pages of the usual size.
const MAX_FRAMES: u64 = 1 << 20;

/// Where in the log the newest committed version of each page lies. A log that is damaged or belongs to
/// another page size has none: SQLite, too, then goes by the database alone.
pub(super) fn pages(wal: &dyn ReadAt, page_size: usize) -> HashMap<u32, u64> {
    let mut committed = HashMap::new();
    let mut header = [0; HEADER];
    if wal.read_at(&mut header, 0).is_err() {
        return committed;
    }
    let words = match Order::Big.u32(&header, 0) {
        Ok(0x377f_0682) => Order::Little,
        Ok(0x377f_0683) => Order::Big,
        _ => return committed,
    };
    if Order::Big.u32(&header, 8).ok().and_then(|size| usize::try_from(size).ok())
        != Some(page_size)
    {
        return committed;
    }
    let mut sum = Sum { words, one: 0, two: 0 };
    sum.add(header.get(..24).unwrap_or_default());
    if !sum.is(&header, 24) {
        return committed;
    }
    let mut pending = Vec::new();
    let mut frame = vec![0; FRAME_HEADER + page_size];
    for nth in 0..MAX_FRAMES {
        let offset = HEADER as u64 + nth * frame.len() as u64;
        if wal.read_at(&mut frame, offset).is_err() {
            break;
        }
        let (head, page) = frame.split_at(FRAME_HEADER);
        sum.add(head.get(..8).unwrap_or_default());
        sum.add(page);
        // A frame of an earlier life of the log carries other salts, a half-written one another sum.
        if head.get(8..16) != header.get(16..24) || !sum.is(head, 16) {
            break;
        }
        let (Ok(number), Ok(commit)) = (Order::Big.u32(head, 0), Order::Big.u32(head, 4)) else {
            break;
        };
        pending.push((number, offset + FRAME_HEADER as u64));
        if commit != 0 {
            committed.extend(pending.drain(..));
        }
    }
    committed
}

/// The running checksum over header and frames.
struct Sum {
    words: Order,
    one: u32,
    two: u32,
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            let word = |at| self.words.u32(pair, at).unwrap_or_default();
            let (first, second) = (word(0), word(4));
            self.one = self.one.wrapping_add(first).wrapping_add(self.two);
            self.two = self.two.wrapping_add(second).wrapping_add(self.one);
        }
    }

    fn is(&self, bytes: &[u8], at: usize) -> bool {
        Order::Big.u32(bytes, at) == Ok(self.one) && Order::Big.u32(bytes, at + 4) == Ok(self.two)
    }
}
