//! SUSE's NDB, `Packages.db`: pages of slots that point to blobs, little-endian (rpm's `rpmpkg.c`).

use super::{Each, MAX_HEADER};
use crate::order::{Broken, Order, Result, index};
use crate::read_at::ReadAt;

const PAGE: usize = 4096;
const SLOT: usize = 16;
/// Unit of offsets and lengths, bytes.
const BLOCK: u64 = 16;
/// The file's header takes the room of the first two slots.
const HEADER: usize = 32;
const BLOB_HEAD: usize = 16;
const BLOB_TAIL: u64 = 12;
/// Pages of slots: room for eight million packages.
const MAX_SLOT_PAGES: u32 = 32_768;

/// Calls `each` with every blob.
pub(super) fn blobs(file: &dyn ReadAt, each: &mut Each<'_>) -> Result<()> {
    let mut page = [0; PAGE];
    let pages = {
        let mut header = [0; HEADER];
        file.read_at(&mut header, 0).map_err(|_| Broken("NDB header cut off"))?;
        if Order::Little.u32(&header, 4)? != 0 {
            return Err(Broken("an NDB version other than 0"));
        }
        Order::Little.u32(&header, 12)?
    };
    if pages > MAX_SLOT_PAGES {
        return Err(Broken("NDB with more than 32768 slot pages"));
    }
    let mut blob = Vec::new();
    for number in 0..u64::from(pages) {
        file.read_at(&mut page, number * PAGE as u64).map_err(|_| Broken("NDB slots cut off"))?;
        let first = if number == 0 { HEADER / SLOT } else { 0 };
        for slot in page.chunks_exact(SLOT).skip(first) {
            if !slot.starts_with(b"Slot") {
                return Err(Broken("an NDB slot without its magic"));
            }
            let place = u64::from(Order::Little.u32(slot, 8)?) * BLOCK;
            let room = u64::from(Order::Little.u32(slot, 12)?) * BLOCK;
            if place != 0 {
                read_blob(file, place, room, Order::Little.u32(slot, 4)?, &mut blob)?;
                each(&blob)?;
            }
        }
    }
    Ok(())
}

/// Reads the blob at `place`, which has `room` bytes with its head and tail and belongs to package `owner`.
fn read_blob(
    file: &dyn ReadAt,
    place: u64,
    room: u64,
    owner: u32,
    blob: &mut Vec<u8>,
) -> Result<()> {
    let mut head = [0; BLOB_HEAD];
    file.read_at(&mut head, place).map_err(|_| Broken("NDB blob cut off"))?;
    if !head.starts_with(b"BlbS") || Order::Little.u32(&head, 4)? != owner {
        return Err(Broken("an NDB blob that is not its slot's"));
    }
    let length = Order::Little.u32(&head, 12)?;
    if u64::from(length) + BLOB_HEAD as u64 + BLOB_TAIL > room || index(length)? > MAX_HEADER {
        return Err(Broken("an NDB blob longer than its room"));
    }
    blob.resize(index(length)?, 0);
    file.read_at(blob, place + BLOB_HEAD as u64).map_err(|_| Broken("NDB blob cut off"))
}
