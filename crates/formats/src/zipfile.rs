//! Reading ZIP files by their central directory alone: nothing is unpacked that was not asked for, and a
//! stored entry is a window into the file, so that an archive within an archive costs one seek.
//!
//! Understands ZIP64 and archives with something in front of them (a Spring Boot jar that starts as a shell
//! script). Unpacks stored and deflated entries and refuses encrypted ones; whoever knows other methods asks
//! where the packed bytes lie ([`ZipFile::location`]).

mod salvage;

use crate::read_at::{ReadAt, Window, WindowReader};
use flate2::read::DeflateDecoder;
use muster_model::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

const END: &[u8; 4] = b"PK\x05\x06";
const END64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const LOCAL: &[u8; 4] = b"PK\x03\x04";
const END_SIZE: usize = 22;

/// Largest central directory read, in bytes: about 300,000 entries.
pub const MAX_DIRECTORY: u64 = 32 << 20;

/// An open ZIP file.
pub struct ZipFile<'a> {
    source: &'a dyn ReadAt,
    /// Bytes in front of the archive proper; every offset in it counts from here.
    base: u64,
    directory: Vec<u8>,
    promised: u16,
}

/// One line of the central directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Name with `/` between segments; bytes that are not UTF-8 are replaced.
    pub name: Cow<'a, str>,
    /// Size of the content.
    pub size: u64,
    /// The name as it stands there: of what encoding, [`Entry::is_utf8`] tells.
    pub raw_name: &'a [u8],
    extra: &'a [u8],
    packed: u64,
    offset: u64,
    method: u16,
    flags: u16,
    crc32: u32,
}

impl<'a> Entry<'a> {
    /// Stored as it is, without compression.
    pub const fn is_stored(&self) -> bool {
        self.method == 0
    }

    /// Protected by a password.
    pub const fn is_encrypted(&self) -> bool {
        self.flags & 1 == 1
    }

    /// The archive says that the name is UTF-8; otherwise it is of the code page of whoever packed it.
    pub const fn is_utf8(&self) -> bool {
        self.flags & (1 << 11) != 0
    }

    /// The compression method by its number in APPNOTE 4.4.5; 99 stands for AES around another method.
    pub const fn method(&self) -> u16 {
        self.method
    }

    /// Size of the packed bytes.
    pub const fn packed_size(&self) -> u64 {
        self.packed
    }

    /// CRC-32 of the content.
    pub const fn crc32(&self) -> u32 {
        self.crc32
    }

    /// A folder, by its name.
    pub fn is_folder(&self) -> bool {
        self.raw_name.ends_with(b"/")
    }

    /// The body of an extra field (APPNOTE 4.5).
    pub fn extra(&self, id: u16) -> Option<&'a [u8]> {
        extra_field(self.extra, id)
    }
}

/// Where an entry lies, for whoever reads it when the directory is no longer at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Of the local header, from the begin of the file.
    at: u64,
    packed: u64,
}

impl Location {
    /// Size of the packed bytes.
    pub const fn packed_size(self) -> u64 {
        self.packed
    }

    /// Where the local header begins.
    pub const fn start(self) -> u64 {
        self.at
    }

    /// Where the packed bytes lie in the file, encrypted or not. Reads the local header.
    ///
    /// # Errors
    /// `Invalid` when the entry is not where the directory says, or reaches beyond the end.
    pub fn packed_range(self, source: &dyn ReadAt) -> Result<Range<u64>> {
        let mut header = [0; 30];
        source.read_at(&mut header, self.at).map_err(unreadable)?;
        if !header.starts_with(LOCAL) {
            return Err(damaged("an entry is not where the directory says"));
        }
        let skip = |at| u64::from(u16_at(&header, at).unwrap_or(0));
        let start = self.at.saturating_add(30 + skip(26) + skip(28));
        let end = start.checked_add(self.packed).filter(|end| *end <= source.size());
        Ok(start..end.ok_or_else(|| damaged("an entry reaches beyond the end"))?)
    }
}

fn damaged(why: &'static str) -> Error {
    Error::invalid("archive", why)
}

fn unreadable(source: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, "archive: cannot be read").with_source(source)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

impl<'a> ZipFile<'a> {
    /// Finds and reads the central directory.
    ///
    /// # Errors
    /// `Invalid` when this is no ZIP file or a damaged one, `TooLarge` when its directory is larger than
    /// [`MAX_DIRECTORY`], `Unavailable` when it cannot be read.
    pub fn open(source: &'a dyn ReadAt) -> Result<Self> {
        Self::open_within(source, MAX_DIRECTORY)
    }

    /// As [`ZipFile::open`], with another limit of the directory's size in bytes.
    ///
    /// # Errors
    /// As [`ZipFile::open`].
    pub fn open_within(source: &'a dyn ReadAt, max_directory: u64) -> Result<Self> {
        let (end, tail) = find_end(source)?;
        let field = |at| u32_at(&tail, at).map(u64::from).ok_or_else(|| damaged("cut short"));
        let (mut size, mut start, mut until) = (field(12)?, field(16)?, end);
        // It may stand there for the number of entries alone, or for nothing: it is between directory and end all the same.
        match read_end64(source, end) {
            Ok(wide) => (size, start, until) = wide.unwrap_or((size, start, until)),
            Err(error) if size == u64::from(u32::MAX) || start == u64::from(u32::MAX) => {
                return Err(error);
            }
            Err(_) => {}
        }
        if size > max_directory {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("archive: its directory is larger than {} MiB", max_directory >> 20),
            ));
        }
        let base = until
            .checked_sub(size)
            .and_then(|at| at.checked_sub(start))
            .ok_or_else(|| damaged("its directory lies outside of it"))?;
        let mut directory =
            vec![0; usize::try_from(size).map_err(|_| damaged("its directory is too large"))?];
        source.read_at(&mut directory, base.saturating_add(start)).map_err(unreadable)?;
        if !directory.is_empty() && !directory.starts_with(CENTRAL) {
            return Err(damaged("its directory is not where its end says"));
        }
        Ok(Self { source, base, directory, promised: u16_at(&tail, 10).unwrap_or(0) })
    }

    /// The members of an archive whose directory is gone or damaged, by the headers in front of them; of the last one that is cut off,
    /// what is there. [`ZipFile::promised`] is 65,535 then.
    ///
    /// # Errors
    /// `Invalid` when there is no member, `TooLarge` when their directory would have more than `max_directory` bytes, `Unavailable`
    /// when it cannot be read.
    pub fn salvage(source: &'a dyn ReadAt, max_directory: u64) -> Result<Self> {
        let directory = salvage::directory(source, max_directory)?;
        if directory.is_empty() {
            return Err(damaged("no member can be found"));
        }
        Ok(Self { source, base: 0, directory, promised: u16::MAX })
    }

    /// Bytes of the directory, which has been read: it lies at the end of the source.
    pub fn directory_size(&self) -> u64 {
        self.directory.len() as u64
    }

    /// The entries in the order of the directory, directories included. Ends early where the directory is
    /// damaged.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut rest = self.directory.as_slice();
        std::iter::from_fn(move || {
            let (entry, next) = parse_entry(rest)?;
            rest = next;
            Some(entry)
        })
    }

    /// Where an entry lies.
    pub const fn location(&self, entry: &Entry<'_>) -> Location {
        Location { at: self.base.saturating_add(entry.offset), packed: entry.packed }
    }

    /// The packed bytes of an entry that is not encrypted.
    fn packed(&self, entry: &Entry<'_>) -> Result<Window<'a>> {
        if entry.is_encrypted() {
            return Err(damaged("the entry is encrypted"));
        }
        let range = self.location(entry).packed_range(self.source)?;
        Ok(Window::new(self.source, range.start, entry.packed))
    }

    /// Entries the end record promises; 65,535 stands for that many or more.
    pub const fn promised(&self) -> u16 {
        self.promised
    }

    /// A stored entry as a part of the file.
    ///
    /// # Errors
    /// `Invalid` when the entry is compressed, encrypted or damaged.
    pub fn window(&self, entry: &Entry<'_>) -> Result<Window<'a>> {
        if !entry.is_stored() {
            return Err(damaged("the entry is compressed"));
        }
        self.packed(entry)
    }

    /// Reads an entry from its begin, unpacking as it goes, and never more than the directory promises.
    ///
    /// # Errors
    /// `Invalid` for encrypted, damaged and unknown kinds of entries.
    pub fn reader(&self, entry: &Entry<'_>) -> Result<EntryReader<'a>> {
        let packed = self.packed(entry)?.reader();
        let inner = match entry.method {
            0 => Unpack::Stored(packed),
            8 => Unpack::Deflated(Box::new(DeflateDecoder::new(packed))),
            _ => return Err(damaged("the entry is compressed by an unknown method")),
        };
        Ok(EntryReader(inner.take(entry.size)))
    }

    /// The whole content of an entry.
    ///
    /// # Errors
    /// `TooLarge` when it is larger than `max` bytes; else as [`ZipFile::reader`].
    pub fn read(&self, entry: &Entry<'_>, max: u64) -> Result<Vec<u8>> {
        if entry.size > max {
            return Err(Error::new(ErrorKind::TooLarge, "archive: an entry is too large"));
        }
        let mut bytes = Vec::new();
        self.reader(entry)?.read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }
}

/// See [`ZipFile::reader`].
pub struct EntryReader<'a>(std::io::Take<Unpack<'a>>);

enum Unpack<'a> {
    Stored(WindowReader<'a>),
    Deflated(Box<DeflateDecoder<WindowReader<'a>>>),
}

impl Read for Unpack<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Stored(reader) => reader.read(buffer),
            Self::Deflated(reader) => reader.read(buffer),
        }
    }
}

impl Read for EntryReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

/// The end record: where it is and what it says. It is the last thing in the file but for a comment of at
/// most 65,535 bytes.
fn find_end(source: &dyn ReadAt) -> Result<(u64, Vec<u8>)> {
    let size = source.size();
    // Nearly every archive has no comment: look there before reading 64 KiB.
    for reach in [END_SIZE as u64, (END_SIZE + 65_535) as u64] {
        let reach = reach.min(size);
        let mut tail = vec![0; usize::try_from(reach).unwrap_or(0)];
        source.read_at(&mut tail, size - reach).map_err(unreadable)?;
        let found = tail.windows(END_SIZE).enumerate().rev().find(|(at, record)| {
            record.starts_with(END)
                && u16_at(record, 20)
                    .is_some_and(|comment| at + END_SIZE + usize::from(comment) <= tail.len())
        });
        if let Some((at, record)) = found {
            return Ok((size - reach + at as u64, record.to_vec()));
        }
    }
    Err(damaged("its end is missing"))
}

/// Size and start of the directory as the ZIP64 record in front of the end record gives them, and where
/// that record stands.
fn read_end64(source: &dyn ReadAt, end: u64) -> Result<Option<(u64, u64, u64)>> {
    let Some(locator_at) = end.checked_sub(20) else { return Ok(None) };
    let mut locator = [0; 20];
    source.read_at(&mut locator, locator_at).map_err(unreadable)?;
    if !locator.starts_with(LOCATOR64) {
        return Ok(None);
    }
    // The locator's offset does not count what was put in front of the archive; without extensible data,
    // which nobody writes, the record stands right before its locator.
    let told = u64_at(&locator, 8).unwrap_or(0);
    for at in [told, locator_at.saturating_sub(56)] {
        let mut record = [0; 56];
        if source.read_at(&mut record, at).is_ok() && record.starts_with(END64) {
            let (size, start) = (u64_at(&record, 40), u64_at(&record, 48));
            if let (Some(size), Some(start)) = (size, start) {
                return Ok(Some((size, start, at)));
            }
        }
    }
    Err(damaged("its ZIP64 record is missing"))
}

fn parse_entry(bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    if !bytes.starts_with(CENTRAL) {
        return None;
    }
    let length = |at| u16_at(bytes, at).map(usize::from);
    let (name_len, extra_len, comment_len) = (length(28)?, length(30)?, length(32)?);
    let name = bytes.get(46..46 + name_len)?;
    let extra = bytes.get(46 + name_len..46 + name_len + extra_len)?;
    let next = bytes.get(46 + name_len + extra_len + comment_len..)?;
    let mut large = Zip64Extra::find(extra);
    Some((
        Entry {
            name: String::from_utf8_lossy(name),
            size: large.widen(u32_at(bytes, 24)?),
            packed: large.widen(u32_at(bytes, 20)?),
            offset: large.widen(u32_at(bytes, 42)?),
            raw_name: name,
            extra,
            method: u16_at(bytes, 10)?,
            flags: u16_at(bytes, 8)?,
            crc32: u32_at(bytes, 16)?,
        },
        next,
    ))
}

/// The body of the first extra field with this id.
fn extra_field(mut extra: &[u8], wanted: u16) -> Option<&[u8]> {
    while let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(length);
        let body = extra.get(4..end)?;
        if id == wanted {
            return Some(body);
        }
        extra = extra.get(end..).unwrap_or_default();
    }
    None
}

/// The 64-bit values of an entry, in the order size, packed size, offset, each there only when its 32-bit
/// field is full.
struct Zip64Extra<'a>(&'a [u8]);

impl<'a> Zip64Extra<'a> {
    fn find(extra: &'a [u8]) -> Self {
        Self(extra_field(extra, 1).unwrap_or_default())
    }

    fn widen(&mut self, field: u32) -> u64 {
        if field != u32::MAX {
            return u64::from(field);
        }
        let value = u64_at(self.0, 0).unwrap_or(u64::from(field));
        self.0 = self.0.get(8..).unwrap_or_default();
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{Cursor, Write};
    use zip::write::{SimpleFileOptions, ZipWriter};

    fn archive(entries: &[(&str, &[u8], zip::CompressionMethod)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content, method) in entries {
            let options = SimpleFileOptions::default().compression_method(*method);
            writer.start_file(*name, options).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn sample() -> Vec<u8> {
        archive(&[
            ("a/stored.txt", b"as it is", zip::CompressionMethod::Stored),
            ("deflated.txt", &[b'x'; 5000], zip::CompressionMethod::Deflated),
        ])
    }

    fn contents(bytes: &Vec<u8>) -> Vec<(String, Vec<u8>)> {
        let zip = ZipFile::open(bytes).unwrap();
        zip.entries().map(|e| (e.name.to_string(), zip.read(&e, 10_000).unwrap())).collect()
    }

    #[test]
    fn reads_what_another_writer_wrote() {
        let bytes = sample();
        assert_eq!(
            contents(&bytes),
            [
                ("a/stored.txt".to_owned(), b"as it is".to_vec()),
                ("deflated.txt".to_owned(), vec![b'x'; 5000])
            ]
        );
        let zip = ZipFile::open(&bytes).unwrap();
        let entries: Vec<_> = zip.entries().collect();
        assert_eq!(zip.window(&entries[0]).unwrap().size(), 8);
        assert!(zip.window(&entries[1]).is_err());
        assert_eq!(zip.read(&entries[1], 100).unwrap_err().kind(), ErrorKind::TooLarge);
    }

    #[test]
    fn a_script_in_front_and_a_comment_behind_do_not_matter() {
        let mut bytes = b"#!/bin/sh\nexec java -jar \"$0\"\n".to_vec();
        bytes.extend(sample());
        let comment_at = bytes.len() - 2;
        bytes[comment_at] = 5;
        bytes.extend(b"hello");
        assert_eq!(contents(&bytes).len(), 2);
    }

    #[test]
    fn zip64_is_read() {
        let mut bytes = sample();
        let end = bytes.split_off(bytes.len() - END_SIZE);
        let record_at = bytes.len() as u64;
        let (size, start) = (u32_at(&end, 12).unwrap(), u32_at(&end, 16).unwrap());
        bytes.extend(END64);
        bytes.extend([0; 36]);
        bytes.extend(u64::from(size).to_le_bytes());
        bytes.extend(u64::from(start).to_le_bytes());
        bytes.extend(LOCATOR64);
        bytes.extend([0; 4]);
        bytes.extend(record_at.to_le_bytes());
        bytes.extend([0; 4]);
        // As 7-Zip ends an archive of more than 65,535 members below 4 GiB: only their number does not fit.
        let mut many = [&*bytes, &*end].concat();
        let counts = many.len() - END_SIZE + 8;
        many[counts..counts + 4].fill(0xff);
        assert_eq!(contents(&many).len(), 2);
        bytes.extend(END);
        bytes.extend([0xff; 16]);
        bytes.extend([0; 2]);
        assert_eq!(contents(&bytes).len(), 2);
        bytes.splice(0..0, *b"in front");
        assert_eq!(contents(&bytes).len(), 2);
        assert_eq!(
            Zip64Extra::find(&[9, 0, 1, 0, 7, 1, 0, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0]).widen(u32::MAX),
            1 | 1 << 32
        );
    }

    #[test]
    fn a_lying_size_never_yields_more_than_it_says() {
        let mut bytes = sample();
        // The directory's size of the deflated entry: 5000 becomes 10.
        let at = bytes.windows(4).rposition(|w| w == CENTRAL).unwrap() + 24;
        bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
        assert_eq!(contents(&bytes)[1].1.len(), 10);
    }

    #[test]
    fn members_are_found_without_a_directory() {
        let bytes = sample();
        let local = |bytes: &[u8]| memchr::memmem::find(bytes, CENTRAL).unwrap();
        let read = |bytes: &Vec<u8>| {
            let zip = ZipFile::salvage(bytes, MAX_DIRECTORY).unwrap();
            let entries = zip.entries().map(|it| (it.name.to_string(), zip.read(&it, 10_000).ok()));
            entries.collect::<Vec<_>>()
        };
        let whole: Vec<_> =
            contents(&bytes).into_iter().map(|(name, it)| (name, Some(it))).collect();
        let cut = bytes[..local(&bytes)].to_vec();
        assert!(ZipFile::open(&cut).is_err());
        assert_eq!(read(&cut), whole);
        assert_eq!(read(&[b"in front, PK\x03\x04 as well", &*cut].concat()), whole);
        let mut short = cut.clone();
        short.truncate(cut.len() - 3);
        assert_eq!(read(&short), [whole[0].clone(), (whole[1].0.clone(), None)]);
        // The first header is overwritten: what follows is found.
        assert_eq!(read(&[b"PK\x03\x05", &cut[4..]].concat()), whole[1..]);
        assert!(ZipFile::salvage(&b"PK\x03\x04".to_vec(), MAX_DIRECTORY).is_err());
    }

    /// As `sample`, but the sizes stand behind the members, in a descriptor of this form.
    fn streamed(signed: bool, wide: bool) -> Vec<u8> {
        let bytes = sample();
        let zip = ZipFile::open(&bytes).unwrap();
        let mut out = Vec::new();
        for entry in zip.entries() {
            let packed = zip.location(&entry).packed_range(&bytes).unwrap();
            let at = usize::try_from(zip.location(&entry).start()).unwrap();
            let mut header = bytes[at..usize::try_from(packed.start).unwrap()].to_vec();
            header[6] |= 8;
            header[14..26].fill(0);
            out.extend(header);
            out.extend(
                &bytes
                    [usize::try_from(packed.start).unwrap()..usize::try_from(packed.end).unwrap()],
            );
            out.extend(signed.then_some(b"PK\x07\x08").into_iter().flatten());
            out.extend(entry.crc32.to_le_bytes());
            for size in [entry.packed, entry.size] {
                out.extend(&size.to_le_bytes()[..if wide { 8 } else { 4 }]);
            }
        }
        out.extend(CENTRAL);
        out
    }

    #[test]
    fn sizes_behind_the_members_are_found() {
        for (signed, wide) in [(true, false), (true, true), (false, false), (false, true)] {
            let bytes = streamed(signed, wide);
            let zip = ZipFile::salvage(&bytes, MAX_DIRECTORY).unwrap();
            let read: Vec<_> = zip
                .entries()
                .map(|it| (it.name.to_string(), zip.read(&it, 10_000).unwrap()))
                .collect();
            assert_eq!(read, contents(&sample()), "{signed} {wide}");
            // Without the last descriptor the last member is named, but not whole.
            let cut = bytes[..bytes.len() - 10].to_vec();
            let zip = ZipFile::salvage(&cut, MAX_DIRECTORY).unwrap();
            let names: Vec<_> = zip.entries().map(|it| it.name.to_string()).collect();
            assert_eq!(names, ["a/stored.txt", "deflated.txt"], "{signed} {wide}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<(u16, u8)>(), 0..12), cut in 0usize..600) {
            let mut bytes = sample();
            for (at, value) in noise {
                let at = usize::from(at) % bytes.len();
                bytes[at] = value;
            }
            bytes.truncate(bytes.len().saturating_sub(cut % 40));
            for zip in [ZipFile::open(&bytes), ZipFile::salvage(&bytes, MAX_DIRECTORY)].into_iter().flatten() {
                for entry in zip.entries() {
                    let _ = zip.read(&entry, 100_000);
                }
            }
        }
    }
}
