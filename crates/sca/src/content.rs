//! What a file is by its content. Names lie: a war may be called `.bin`, a tar `.zip`.

use memchr::memmem;

/// Bytes from the begin that [`sniff`] wants to see.
pub const HEAD: usize = 512;
/// How far into a program the archive of a self-extracting one is looked for.
const SFX_SEARCH: usize = 2 << 20;

/// An archive format or a compressed stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// ZIP and everything built on it.
    Zip,
    /// A tape archive: POSIX, GNU or before.
    Tar,
    /// One compressed file (RFC 1952).
    Gzip,
    /// One compressed file.
    Bzip2,
    /// One compressed file.
    Xz,
    /// One compressed file, the form before xz.
    Lzma,
    /// One compressed file (RFC 8878).
    Zstd,
    /// One compressed file, the frame format.
    Lz4,
    /// 7-Zip.
    SevenZip,
    /// RAR 1.5 to 7.
    Rar,
    /// Microsoft's cabinet.
    Cab,
    /// `ar`, and Debian packages.
    Ar,
    /// cpio, all three headers.
    Cpio,
    /// An RPM package.
    Rpm,
    /// ISO 9660 and Joliet.
    Iso,
}

impl Format {
    /// The word for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
            Self::SevenZip => "7z",
            Self::Rar => "rar",
            Self::Cab => "cab",
            Self::Ar => "ar",
            Self::Cpio => "cpio",
            Self::Rpm => "rpm",
            Self::Iso => "iso",
        }
    }

    /// Whether it can be read from begin to end without turning back.
    pub const fn streams(self) -> bool {
        !matches!(self, Self::Zip | Self::SevenZip | Self::Rar | Self::Cab | Self::Iso)
    }

    /// One compressed file without a name of its own.
    pub const fn is_single(self) -> bool {
        matches!(self, Self::Gzip | Self::Bzip2 | Self::Xz | Self::Lzma | Self::Zstd | Self::Lz4)
    }
}

/// A program, as far as its header tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// ELF.
    Elf,
    /// Windows.
    Pe,
    /// macOS.
    MachO,
    /// Starts with `#!`.
    Script,
}

/// What the begin of a file shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// An archive.
    Archive(Format),
    /// A program; an archive may hang on it.
    Program(Program),
    /// Anything else.
    Other,
}

const MAGIC: &[(&[u8], Format)] = &[
    (b"PK\x03\x04", Format::Zip),
    (b"PK\x05\x06", Format::Zip),
    (b"PK\x07\x08PK\x03\x04", Format::Zip),
    (b"\x1f\x8b\x08", Format::Gzip),
    (b"\xfd7zXZ\0", Format::Xz),
    (b"\x28\xb5\x2f\xfd", Format::Zstd),
    (b"\x04\x22\x4d\x18", Format::Lz4),
    (b"7z\xbc\xaf\x27\x1c", Format::SevenZip),
    (b"Rar!\x1a\x07", Format::Rar),
    (b"MSCF\0\0\0\0", Format::Cab),
    (b"!<arch>\n", Format::Ar),
    (b"070701", Format::Cpio),
    (b"070702", Format::Cpio),
    (b"070707", Format::Cpio),
    (b"\xc7\x71", Format::Cpio),
    (b"\xed\xab\xee\xdb", Format::Rpm),
];

/// What a file is that begins with `head`, its first [`HEAD`] bytes or all there are.
pub fn sniff(head: &[u8]) -> Content {
    if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Content::Archive(*format);
    }
    match head {
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => {
            Content::Archive(Format::Bzip2)
        }
        [0x7f, b'E', b'L', b'F', ..] => Content::Program(Program::Elf),
        [b'M', b'Z', ..] => Content::Program(Program::Pe),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] => {
            Content::Program(Program::MachO)
        }
        [b'#', b'!', ..] => Content::Program(Program::Script),
        // 64 KiB to 64 MiB dictionaries, an unknown or a sane size: the form without a magic.
        [0x5d, 0, 0, dictionary, 0..=4, rest @ ..]
            if (*dictionary & (*dictionary).wrapping_sub(1)) == 0
                && (rest.starts_with(&[0xff; 8]) || rest.get(5..8) == Some(&[0, 0, 0])) =>
        {
            Content::Archive(Format::Lzma)
        }
        _ if is_tar(head) => Content::Archive(Format::Tar),
        _ => Content::Other,
    }
}

/// As [`sniff`], with the whole file at hand: also ISO images, and archives behind a program.
pub fn sniff_whole(bytes: &[u8]) -> (Content, usize) {
    let content = sniff(bytes.get(..HEAD).unwrap_or(bytes));
    match content {
        Content::Other if bytes.get(32_769..32_774) == Some(b"CD001") => {
            (Content::Archive(Format::Iso), 0)
        }
        Content::Program(program) => behind_program(bytes, program)
            .map_or((content, 0), |(format, at)| (Content::Archive(format), at)),
        _ => (content, 0),
    }
}

/// The archive of a self-extracting program or of a jar that starts as a script, and where it begins. A ZIP
/// is counted from its end, so it begins at 0.
fn behind_program(bytes: &[u8], program: Program) -> Option<(Format, usize)> {
    let tail = bytes.get(bytes.len().saturating_sub(22 + 65_535)..)?;
    if memmem::rfind(tail, b"PK\x05\x06").is_some() {
        return Some((Format::Zip, 0));
    }
    if matches!(program, Program::Script | Program::MachO) {
        return None;
    }
    let front = bytes.get(..SFX_SEARCH).unwrap_or(bytes);
    let seven = memmem::find(front, b"7z\xbc\xaf\x27\x1c\0").map(|at| (Format::SevenZip, at));
    let rar = || memmem::find(front, b"Rar!\x1a\x07").map(|at| (Format::Rar, at));
    let cab = || memmem::find(front, b"MSCF\0\0\0\0").map(|at| (Format::Cab, at));
    seven.or_else(rar).or_else(cab)
}

/// A tar header: its check sum is right. That holds for all dialects, also those without a magic.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.first_chunk::<512>() else { return false };
    let field = header.get(148..156).unwrap_or_default();
    let digits = field.iter().skip_while(|b| **b == b' ').take_while(|b| b.is_ascii_digit());
    let mut told = 0_u64;
    let mut any = false;
    for digit in digits {
        told = told * 8 + u64::from(digit - b'0');
        any = true;
    }
    let sum = |bytes: &[u8]| bytes.iter().map(|b| u64::from(*b)).sum::<u64>();
    any && header.first() != Some(&0) && told == sum(header) - sum(field) + 8 * 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_their_begin() {
        for (head, want) in [
            (b"PK\x03\x04rest".as_slice(), Content::Archive(Format::Zip)),
            (b"\x1f\x8b\x08\0", Content::Archive(Format::Gzip)),
            (b"BZh91AY&SY", Content::Archive(Format::Bzip2)),
            (b"BZhello", Content::Other),
            (b"\x7fELF\x02", Content::Program(Program::Elf)),
            (b"#!/bin/sh\n", Content::Program(Program::Script)),
            (b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", Content::Archive(Format::Lzma)),
            (b"{}", Content::Other),
            (b"", Content::Other),
        ] {
            assert_eq!(sniff(head), want, "{head:?}");
        }
    }

    #[test]
    fn a_tar_is_told_by_its_check_sum() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_old();
        header.set_size(2);
        header.set_cksum();
        builder.append_data(&mut header, "a", b"hi".as_slice()).unwrap();
        let mut bytes = builder.into_inner().unwrap();
        assert_eq!(sniff(&bytes), Content::Archive(Format::Tar));
        bytes[0] = b'b';
        assert_eq!(sniff(&bytes), Content::Other);
        assert_eq!(sniff(&[0; 512]), Content::Other);
    }

    #[test]
    fn archives_behind_programs_are_found() {
        let mut bytes = b"MZ".to_vec();
        bytes.resize(4000, 1);
        bytes.extend(b"7z\xbc\xaf\x27\x1c\0\x04");
        assert_eq!(sniff_whole(&bytes), (Content::Archive(Format::SevenZip), 4000));
        let mut bytes = b"#!/bin/sh\n".to_vec();
        bytes.extend(b"PK\x05\x06");
        bytes.resize(bytes.len() + 18, 0);
        assert_eq!(sniff_whole(&bytes), (Content::Archive(Format::Zip), 0));
    }
}
