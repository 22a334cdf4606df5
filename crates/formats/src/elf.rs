//! ELF files, as far as their headers tell what they are and who loads them.

use crate::read_at::ReadAt;

/// The program headers of one file, bytes: the kernel runs none that has more.
const MAX_PROGRAM_HEADERS: u64 = 65_536;
/// The longest path of a loader, bytes: `PATH_MAX`.
const MAX_LOADER: u64 = 4_096;
/// `PT_INTERP`.
const NAMES_LOADER: u64 = 3;

/// The machine architecture of an ELF header's first 20 bytes, in the words of `uname -m`.
pub fn machine(header: &[u8]) -> Option<&'static str> {
    if !header.starts_with(b"\x7fELF") {
        return None;
    }
    let is_64 = *header.get(4)? == 2;
    let big = *header.get(5)? == 2;
    let bytes = [*header.get(18)?, *header.get(19)?];
    let number = if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) };
    // Numbers of the ELF specification's e_machine.
    Some(match number {
        3 => "i686",
        8 => "mips",
        20 => "ppc",
        21 if big => "ppc64",
        21 => "ppc64le",
        22 => "s390x",
        40 => "armv7l",
        62 => "x86_64",
        183 => "aarch64",
        243 if is_64 => "riscv64",
        258 => "loongarch64",
        _ => return None,
    })
}

/// The program that the kernel starts to load this one (`PT_INTERP` of the ELF specification), such as
/// `/lib64/ld-linux-x86-64.so.2`. None for a file that is linked statically, is no ELF file, or is a broken one.
pub fn loader(file: &dyn ReadAt) -> Option<String> {
    let mut head = [0; 64];
    let read = usize::try_from(file.size().min(64)).ok()?;
    file.read_at(head.get_mut(..read)?, 0).ok()?;
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let [_, _, _, _, class, order, ..] = head;
    let (is_64, big) = (class == 2, order == 2);
    let number = |bytes: &[u8], at: usize, length: usize| -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(length)?)?.iter();
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if big { bytes.fold(0, add) } else { bytes.rev().fold(0, add) })
    };
    // Of the header: where the program headers are, how long each is, how many. Of each: offset and length in the file.
    let word = if is_64 { 8 } else { 4 };
    let table = number(&head, if is_64 { 32 } else { 28 }, word)?;
    let sizes = if is_64 { 54 } else { 42 };
    let (each, count) = (number(&head, sizes, 2)?, number(&head, sizes + 2, 2)?);
    let (offset, length) = if is_64 { (8, 32) } else { (4, 16) };
    let total = each * count;
    if each < 32 || total > MAX_PROGRAM_HEADERS {
        return None;
    }
    let mut headers = vec![0; usize::try_from(total).ok()?];
    file.read_at(&mut headers, table).ok()?;
    let mut headers = headers.chunks_exact(usize::try_from(each).ok()?);
    let header = headers.find(|header| number(header, 0, 4) == Some(NAMES_LOADER))?;
    let (offset, length) = (number(header, offset, word)?, number(header, length, word)?);
    if length > MAX_LOADER {
        return None;
    }
    let mut path = vec![0; usize::try_from(length).ok()?];
    file.read_at(&mut path, offset).ok()?;
    let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
    path.truncate(end);
    String::from_utf8(path).ok().filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_test_is_built_for_this_machine() {
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        assert_eq!(machine(&bytes), Some(std::env::consts::ARCH));
        assert_eq!(machine(b"#!/bin/sh\n"), None);
        assert_eq!(machine(b"\x7fELF\x02"), None);
    }

    #[test]
    fn the_loader_is_that_of_the_file() {
        let bytes = std::fs::read("/proc/self/exe").unwrap();
        let found = loader(&bytes.as_slice()).unwrap();
        assert!(std::path::Path::new(&found).exists(), "{found}");
        // The loader has none.
        let bytes = std::fs::read(found).unwrap();
        assert_eq!(loader(&bytes.as_slice()), None);
    }

    #[test]
    fn headers_of_both_sizes_and_orders_are_read() {
        let file = |is_64: bool, big: bool| {
            let (header, each) = if is_64 { (64, 56) } else { (52, 32) };
            let mut bytes = vec![0; 512];
            let mut put = |at: usize, length: usize, value: usize| {
                let value = (value as u64).to_le_bytes();
                for (place, byte) in value[..length].iter().enumerate() {
                    bytes[at + if big { length - 1 - place } else { place }] = *byte;
                }
            };
            let word = if is_64 { 8 } else { 4 };
            put(if is_64 { 32 } else { 28 }, word, header);
            put(if is_64 { 54 } else { 42 }, 2, each);
            put(if is_64 { 56 } else { 44 }, 2, 2);
            // The second names the loader.
            put(header + each, 4, 3);
            put(header + each + if is_64 { 8 } else { 4 }, word, 400);
            put(header + each + if is_64 { 32 } else { 16 }, word, 9);
            bytes[..6].copy_from_slice(&[
                0x7f,
                b'E',
                b'L',
                b'F',
                1 + u8::from(is_64),
                1 + u8::from(big),
            ]);
            bytes[400..409].copy_from_slice(b"/lib/ld.\0");
            bytes
        };
        for (is_64, big) in [(true, false), (true, true), (false, false), (false, true)] {
            let bytes = file(is_64, big);
            assert_eq!(loader(&bytes.as_slice()).as_deref(), Some("/lib/ld."), "{is_64} {big}");
            for cut in 0..409 {
                assert_eq!(loader(&bytes.get(..cut).unwrap()), None, "{cut}");
            }
        }
    }
}
