//! ISO 9660 images with their Joliet and Rock Ridge names (ECMA-119; SUSP 1.12, RRIP 1.12).

use crate::blob::Blob;
use crate::finding::Found;
use crate::trouble::Trouble;
use crate::walk::{Node, Walk};
use std::collections::HashSet;

const SECTOR: u64 = 2048;
/// Deepest folder; the standard says eight, Joliet and Rock Ridge go further.
const MAX_DEPTH: usize = 64;
const FOLDER: u8 = 2;
/// The file goes on in another record.
const MORE: u8 = 0x80;

#[derive(Clone, Copy)]
struct Extent {
    start: u64,
    size: u64,
}

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    blob: &Blob,
    found: &mut Found,
) -> Result<(), Trouble> {
    let (root, joliet) = root(blob).ok_or_else(|| Trouble::damaged("no volume descriptor"))?;
    let mut seen = HashSet::new();
    let mut folders = vec![(String::new(), root, 0)];
    while let Some((path, extent, depth)) = folders.pop() {
        if !seen.insert(extent.start) || depth > MAX_DEPTH {
            continue;
        }
        let Some(records) = blob.cut(extent.start..extent.start.saturating_add(extent.size)) else {
            found.trouble_at(&node.path, &Trouble::damaged("a folder reaches beyond the end"));
            continue;
        };
        let mut at = 0;
        while at < records.len() {
            let length = usize::from(records.get(at).copied().unwrap_or(0));
            if length == 0 {
                // Records do not cross sectors: the rest of this one is empty.
                at = (at / 2048 + 1) * 2048;
                continue;
            }
            let record = records.get(at..at + length).unwrap_or_default();
            at += length;
            let Some((name, extent, flags)) = read_record(record, joliet) else { continue };
            walk.budget.member()?;
            let inner = if path.is_empty() { name } else { format!("{path}/{name}") };
            if flags & FOLDER != 0 {
                folders.push((inner, extent, depth + 1));
            } else if flags & MORE == 0 {
                match blob.cut(extent.start..extent.start.saturating_add(extent.size)) {
                    Some(part) => {
                        let member = node.member(&inner);
                        if walk.is_wanted(&member.path, &part) {
                            walk.submit(member, part, found);
                        }
                    }
                    None => found.trouble_at(
                        &node.member(&inner).path,
                        &Trouble::damaged("reaches beyond the end"),
                    ),
                }
            }
        }
    }
    Ok(())
}

/// The root folder of the best volume descriptor, and whether it is Joliet's. Rock Ridge's names stand in
/// the primary one; where they do, it is better.
fn root(blob: &Blob) -> Option<(Extent, bool)> {
    let (mut primary, mut joliet) = (None, None);
    for sector in 16..32 {
        let descriptor = blob.cut(sector * SECTOR..(sector + 1) * SECTOR)?;
        if descriptor.get(1..6) != Some(b"CD001") {
            break;
        }
        let extent = || extent(descriptor.get(156..190)?);
        match descriptor.first() {
            Some(1) => primary = extent(),
            Some(2) if descriptor.get(88..90) == Some(b"%/") => joliet = extent(),
            Some(255) => break,
            _ => {}
        }
    }
    let rock_ridge = primary.is_some_and(|root: Extent| {
        let first = blob.cut(root.start..root.start.saturating_add(root.size.min(SECTOR)));
        first.is_some_and(|records| {
            let length = usize::from(records.first().copied().unwrap_or(0));
            records.get(34..length).is_some_and(|area| area.windows(2).any(|two| two == b"SP"))
        })
    });
    match (primary, joliet) {
        (Some(root), None) => Some((root, false)),
        (Some(root), Some(_)) if rock_ridge => Some((root, false)),
        (_, joliet) => joliet.map(|root| (root, true)),
    }
}

fn extent(record: &[u8]) -> Option<Extent> {
    let number =
        |at: usize| record.get(at..)?.first_chunk().map(|b| u64::from(u32::from_le_bytes(*b)));
    Some(Extent { start: number(2)? * SECTOR, size: number(10)? })
}

/// Name, place and flags of a record; none for a folder's own and its parent's.
fn read_record(record: &[u8], joliet: bool) -> Option<(String, Extent, u8)> {
    let extent = extent(record)?;
    let flags = *record.get(25)?;
    let length = usize::from(*record.get(32)?);
    let raw = record.get(33..33 + length)?;
    if matches!(raw, [0 | 1]) {
        return None;
    }
    let name = if joliet {
        let units: Vec<u16> =
            raw.as_chunks::<2>().0.iter().map(|two| u16::from_be_bytes(*two)).collect();
        String::from_utf16_lossy(&units)
    } else {
        let area = record.get(33 + length + (length + 1) % 2..).unwrap_or_default();
        rock_ridge_name(area).unwrap_or_else(|| String::from_utf8_lossy(raw).into_owned())
    };
    let name = name.split(';').next().unwrap_or_default().trim_end_matches('.').to_owned();
    (!name.is_empty()).then_some((name, extent, flags))
}

/// The `NM` entries of a system use area, joined.
fn rock_ridge_name(mut area: &[u8]) -> Option<String> {
    let mut name = Vec::new();
    while let [a, b, length, _, ..] = area {
        let length = usize::from(*length);
        if length < 4 {
            break;
        }
        if (*a, *b) == (b'N', b'M') {
            name.extend_from_slice(area.get(5..length)?);
        }
        area = area.get(length..)?;
    }
    (!name.is_empty()).then(|| String::from_utf8_lossy(&name).into_owned())
}
