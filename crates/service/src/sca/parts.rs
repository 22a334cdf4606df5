//! What the engine's process writes: a few documents, one after another, each behind a line with its name and length.

use muster_model::{Error, Result};
use std::io::{self, Write};

/// The report.
pub(super) const REPORT: &str = "report";
/// The bill of materials.
pub(super) const CYCLONEDX: &str = "cyclonedx";

/// Writes one document.
pub(super) fn write(out: &mut dyn Write, name: &str, document: &[u8]) -> io::Result<()> {
    writeln!(out, "{name} {}", document.len())?;
    out.write_all(document)
}

/// The document of this name.
///
/// # Errors
/// `Internal` if it is not there, or the documents do not lie as they say.
pub(super) fn read<'a>(mut all: &'a [u8], wanted: &str) -> Result<&'a [u8]> {
    let lies = || Error::internal("the engine's documents do not lie as they say");
    while !all.is_empty() {
        let end = all.iter().position(|byte| *byte == b'\n').ok_or_else(lies)?;
        let (head, rest) = all.split_at(end);
        let rest = rest.get(1..).ok_or_else(lies)?;
        let head = std::str::from_utf8(head).map_err(|_| lies())?;
        let (name, length) = head.split_once(' ').ok_or_else(lies)?;
        let length: usize = length.parse().map_err(|_| lies())?;
        let document = rest.get(..length).ok_or_else(lies)?;
        if name == wanted {
            return Ok(document);
        }
        all = rest.get(length..).ok_or_else(lies)?;
    }
    Err(Error::internal(format!("the engine has written no {wanted}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back_as_they_went() {
        let mut all = Vec::new();
        write(&mut all, REPORT, b"{\n}").unwrap();
        write(&mut all, CYCLONEDX, b"").unwrap();
        assert_eq!(read(&all, REPORT).unwrap(), b"{\n}");
        assert_eq!(read(&all, CYCLONEDX).unwrap(), b"");
        assert!(read(&all, "spdx").is_err());
        for lie in
            [b"report".as_slice(), b"report 5\n{}", b"report x\n{}", b"report 2 {}\n", b"\xff 1\nx"]
        {
            assert!(read(lie, REPORT).is_err(), "{lie:?}");
        }
    }
}
