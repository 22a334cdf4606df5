//! cpio: the new ASCII form (with and without check sums), the old ASCII form and the binary form
//! (cpio(5) of the BSDs).

use super::{read_exact, skip};
use crate::finding::Found;
use crate::trouble::Trouble;
use crate::walk::{Node, Walk};
use std::io::{self, Read};

/// Longest name, bytes.
const MAX_NAME: u64 = 4096;
const FILE: u64 = 0o100_000;
const TYPE: u64 = 0o170_000;

struct Header {
    mode: u64,
    name_size: u64,
    size: u64,
    /// Both the name with its header and the content are filled up to a multiple of this.
    align: u64,
    length: u64,
}

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    reader: &mut dyn Read,
    found: &mut Found,
) -> Result<(), Trouble> {
    loop {
        let header = read_header(reader)?;
        walk.budget.member()?;
        if header.name_size > MAX_NAME {
            return Err(Trouble::damaged("a member's name is longer than 4096 bytes"));
        }
        let mut name = Vec::new();
        reader.take(header.name_size).read_to_end(&mut name)?;
        skip(reader, padding(header.length + header.name_size, header.align))?;
        let name = String::from_utf8_lossy(&name);
        let name = name.trim_end_matches('\0');
        if name == "TRAILER!!!" {
            return Ok(());
        }
        let mut member = reader.take(header.size);
        if header.mode & TYPE == FILE {
            walk.stream(&node.member(name), Some(header.size), &mut member, found)?;
        }
        let rest = member.limit();
        skip(&mut member, rest)?;
        skip(reader, padding(header.size, header.align))?;
    }
}

const fn padding(length: u64, align: u64) -> u64 {
    (align - length % align) % align
}

fn read_header(reader: &mut dyn Read) -> io::Result<Header> {
    let mut magic = [0; 6];
    read_exact(reader, &mut magic)?;
    match &magic {
        b"070701" | b"070702" => {
            let mut rest = [0; 104];
            read_exact(reader, &mut rest)?;
            let field = |at: usize| number(rest.get(at * 8..at * 8 + 8), 16);
            Ok(Header {
                mode: field(1)?,
                size: field(6)?,
                name_size: field(11)?,
                align: 4,
                length: 110,
            })
        }
        b"070707" => {
            let mut rest = [0; 70];
            read_exact(reader, &mut rest)?;
            Ok(Header {
                mode: number(rest.get(12..18), 8)?,
                name_size: number(rest.get(53..59), 8)?,
                size: number(rest.get(59..70), 8)?,
                align: 1,
                length: 76,
            })
        }
        [0xc7, 0x71, ..] => {
            let mut rest = [0; 20];
            read_exact(reader, &mut rest)?;
            let word = |at: usize| match rest.get(at..at + 2) {
                Some([low, high]) => u64::from(u16::from_le_bytes([*low, *high])),
                _ => 0,
            };
            // Words of the whole header, counted from its byte 6.
            Ok(Header {
                mode: word(0),
                name_size: word(14),
                size: word(16) << 16 | word(18),
                align: 2,
                length: 26,
            })
        }
        _ => Err(io::Error::other("a member's header is damaged")),
    }
}

fn number(field: Option<&[u8]>, radix: u32) -> io::Result<u64> {
    field
        .and_then(|field| std::str::from_utf8(field).ok())
        .and_then(|field| u64::from_str_radix(field, radix).ok())
        .ok_or_else(|| io::Error::other("a number in a member's header is none"))
}
