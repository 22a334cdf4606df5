//! RPM packages: a lead, two headers, and a compressed cpio behind them. The payload's own begin tells how
//! it is compressed; the main header is the package's record and is given to the extractors as the
//! member `header`.

use super::{read_exact, skip};
use crate::blob::Blob;
use crate::finding::Found;
use crate::trouble::Trouble;
use crate::walk::{Node, Walk};
use std::io::Read;

/// Largest header read, bytes.
const MAX_HEADER: u64 = 64 << 20;
/// The member under which the main header is examined.
pub(crate) const HEADER: &str = "rpm-header";

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    reader: &mut dyn Read,
    found: &mut Found,
) -> Result<(), Trouble> {
    skip(reader, 96)?;
    let signature = read_header(reader)?;
    skip(reader, (8 - signature.len() as u64 % 8) % 8)?;
    let mut header = read_header(reader)?;
    // As the database keeps it: without the magic and the reserved bytes in front.
    header.drain(..8);
    walk.blob(&node.member(HEADER), &Blob::heap(header, None), found);
    if node.cached {
        return Ok(());
    }
    let payload = Node { path: format!("{}!/payload", node.path), ..node.clone() };
    walk.stream(&payload, None, reader, found)
}

/// One header with its index and store.
fn read_header(reader: &mut dyn Read) -> Result<Vec<u8>, Trouble> {
    let mut start = [0; 16];
    read_exact(reader, &mut start)?;
    let [0x8e, 0xad, 0xe8, _, _, _, _, _, a, b, c, d, e, f, g, h] = start else {
        return Err(Trouble::damaged("a header does not begin as one"));
    };
    let index = u64::from(u32::from_be_bytes([a, b, c, d])) * 16;
    let store = u64::from(u32::from_be_bytes([e, f, g, h]));
    if index + store > MAX_HEADER {
        return Err(Trouble::damaged("a header is larger than 64 MiB"));
    }
    let mut bytes = start.to_vec();
    let want = index + store;
    if (reader.take(want).read_to_end(&mut bytes)? as u64) < want {
        return Err(Trouble::damaged("cut short"));
    }
    Ok(bytes)
}
