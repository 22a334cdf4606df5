//! `ar`: static libraries and, with three members, Debian packages (deb(5)). GNU's and BSD's long names.

use super::{read_exact, skip};
use crate::finding::Found;
use crate::trouble::Trouble;
use crate::walk::{Node, Walk};
use std::io::Read;

/// The last member of a Debian package: what it installs.
const DATA: &str = "data.tar";
/// Longest table of long names, bytes.
const MAX_NAMES: u64 = 16 << 20;

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    reader: &mut dyn Read,
    found: &mut Found,
) -> Result<(), Trouble> {
    read_exact(reader, &mut [0; 8])?;
    let mut long_names = Vec::new();
    loop {
        let mut header = [0; 60];
        let count = fill(reader, &mut header)?;
        if count == 0 {
            return Ok(());
        }
        if count < 60 || header.get(58..60) != Some(b"`\n") {
            return Err(Trouble::damaged("a member's header is damaged"));
        }
        walk.budget.member()?;
        let size: u64 = text(header.get(48..58))
            .parse()
            .map_err(|_| Trouble::damaged("a member's size is no number"))?;
        let name = text(header.get(..16));
        let mut member = reader.take(size);
        let mut padding = size & 1;
        if name == "//" {
            member.by_ref().take(MAX_NAMES).read_to_end(&mut long_names)?;
        } else if name != "/" && name != "/SYM64/" && !name.starts_with("__.SYMDEF") {
            let name = resolve(&name, &long_names, &mut member)?;
            if node.cached && name.starts_with(DATA) {
                return Ok(());
            }
            walk.stream(&node.member(&name), Some(member.limit()), &mut member, found)?;
        }
        let rest = member.limit();
        skip(&mut member, rest)?;
        // The last padding byte is often missing.
        while padding > 0 && reader.take(1).read(&mut [0])? > 0 {
            padding -= 1;
        }
    }
}

/// Reads as much as there is, up to the whole buffer.
fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut bytes = Vec::with_capacity(buffer.len());
    let count = reader.take(buffer.len() as u64).read_to_end(&mut bytes)?;
    if let Some(part) = buffer.get_mut(..count) {
        part.copy_from_slice(&bytes);
    }
    Ok(count)
}

fn text(field: Option<&[u8]>) -> String {
    String::from_utf8_lossy(field.unwrap_or_default()).trim_end().to_owned()
}

/// `name/`, `/123` (a place in the table of long names) or `#1/20` (twenty bytes in front of the content).
fn resolve(name: &str, long: &[u8], member: &mut dyn Read) -> Result<String, Trouble> {
    if let Some(length) = name.strip_prefix("#1/") {
        let length = length.parse().unwrap_or(0_u64).min(4096);
        let mut bytes = Vec::new();
        member.take(length).read_to_end(&mut bytes)?;
        return Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned());
    }
    if let Some(at) = name.strip_prefix('/').and_then(|at| at.parse::<usize>().ok()) {
        let rest = long.get(at..).unwrap_or_default();
        let end = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        let name = String::from_utf8_lossy(rest.get(..end).unwrap_or_default());
        return Ok(name.trim_end_matches('/').to_owned());
    }
    Ok(name.trim_end_matches('/').to_owned())
}
