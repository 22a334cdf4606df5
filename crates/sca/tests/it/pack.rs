//! Packing for tests: a ZIP writer that can lie, and thin covers of other writers.

use std::io::{Cursor, Write};

/// A file of a tree: its path and its content.
pub(crate) type Entry<'a> = (&'a str, &'a [u8]);

/// An entry of a ZIP as it is written, right or wrong.
pub(crate) struct Raw<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) packed: Vec<u8>,
    pub(crate) size: u32,
    pub(crate) crc: u32,
    pub(crate) method: u16,
    pub(crate) flags: u16,
}

impl<'a> Raw<'a> {
    /// Packed by `method` with the matching `packed` bytes.
    pub(crate) fn new(name: &'a str, content: &[u8], method: u16, packed: Vec<u8>) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let size = u32::try_from(content.len()).unwrap();
        Self { name: name.as_bytes(), packed, size, crc: crc.sum(), method, flags: 1 << 11 }
    }
}

/// Writes a ZIP of raw entries.
pub(crate) fn raw_zip(entries: &[Raw<'_>]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for one in entries {
        let offset = u32::try_from(bytes.len()).unwrap();
        bytes.extend(b"PK\x03\x04");
        let shared = fields(one);
        bytes.extend(&shared);
        bytes.extend(u16::try_from(one.name.len()).unwrap().to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(one.name);
        bytes.extend(&one.packed);
        central(&mut directory, one, offset);
    }
    end(bytes, &directory, entries.len())
}

fn fields(one: &Raw<'_>) -> Vec<u8> {
    let mut bytes = vec![20, 0];
    bytes.extend(one.flags.to_le_bytes());
    bytes.extend(one.method.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(one.crc.to_le_bytes());
    bytes.extend(u32::try_from(one.packed.len()).unwrap().to_le_bytes());
    bytes.extend(one.size.to_le_bytes());
    bytes
}

/// One line of the central directory.
pub(crate) fn central(directory: &mut Vec<u8>, one: &Raw<'_>, offset: u32) {
    directory.extend(b"PK\x01\x02\x14\0");
    directory.extend(fields(one));
    directory.extend(u16::try_from(one.name.len()).unwrap().to_le_bytes());
    directory.extend([0; 12]);
    directory.extend(offset.to_le_bytes());
    directory.extend(one.name);
}

/// Puts the directory and the end record behind.
pub(crate) fn end(mut bytes: Vec<u8>, directory: &[u8], count: usize) -> Vec<u8> {
    let start = u32::try_from(bytes.len()).unwrap();
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    let count = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// The same where the end record's fields are too small: the ZIP64 end record counts.
pub(crate) fn end64(mut bytes: Vec<u8>, directory: &[u8], count: u64) -> Vec<u8> {
    let start = bytes.len() as u64;
    bytes.extend(directory);
    let record = bytes.len() as u64;
    bytes.extend(b"PK\x06\x06");
    bytes.extend(44_u64.to_le_bytes());
    bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [count, count, directory.len() as u64, start] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(record.to_le_bytes());
    bytes.extend([1, 0, 0, 0]);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([0xff; 12]);
    bytes.extend([0, 0]);
    bytes
}

/// A gzip stream that unpacks to itself. Deflate serves as a language of two words, copy what follows and repeat the last bytes,
/// each five bytes long, in which a program can print itself; the checksum was found by solving linear equations.
pub(crate) fn quine() -> Vec<u8> {
    let copy = |count: u16| {
        let [low, high] = count.to_le_bytes();
        vec![0, low, high, !low, !high]
    };
    let prefix = b"\x1f\x8b\x08\x08\0\0\0\0\0\xffq.gz\0".to_vec();
    let suffix = b"\x01\0\0\xff\xff\xa2\xeb\xb5\xb5\xce\0\0\0".to_vec();
    // Two matches each, of the last 20 and the last 18 bytes.
    let (again, last) = (vec![0x42, 0x88, 0x21, 0xc4, 0], vec![0x82, 0x8b, 0xc0, 0x45, 0]);
    let (one, four, none) = (copy(5), copy(20), copy(0));
    let head = [&prefix, &four, &prefix, &four, &again, &one, &again, &one];
    let body = [&one, &four, &again, &one, &one, &four, &again, &four, &again, &four, &again];
    let turn = [&four, &again, &four, &again, &none, &none, &copy(18), &again, &none, &none];
    let tail = [&copy(18), &last, &suffix, &last, &suffix];
    let units = head.into_iter().chain(body).chain(turn).chain(tail);
    units.flatten().copied().collect()
}

/// A ZIP by the zip crate.
pub(crate) fn zip(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A tape archive by the tar crate.
pub(crate) fn tar(entries: &[Entry<'_>]) -> Vec<u8> {
    tar_with_links(entries, &[])
}

/// The same with links: where each lies and what it points to.
pub(crate) fn tar_with_links(entries: &[Entry<'_>], links: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, target) in links {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        header.set_cksum();
        builder.append_link(&mut header, name, target).unwrap();
    }
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn lzma(bytes: &[u8]) -> Vec<u8> {
    let options = liblzma::stream::LzmaOptions::new_preset(1).unwrap();
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(crate) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A 7z by the sevenz-rust2 crate, one solid block.
pub(crate) fn seven_zip(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut writer = sevenz_rust2::ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    for (name, content) in entries {
        let entry = sevenz_rust2::ArchiveEntry::new_file(name);
        writer.push_archive_entry(entry, Some(*content)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A cabinet by the cab crate.
pub(crate) fn cab(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut builder = cab::CabinetBuilder::new();
    let folder = builder.add_folder(cab::CompressionType::MsZip);
    for (name, _) in entries {
        folder.add_file(*name);
    }
    let mut writer = builder.build(Cursor::new(Vec::new())).unwrap();
    let mut rest = entries.iter();
    while let Some(mut file) = writer.next_file().unwrap() {
        file.write_all(rest.next().unwrap().1).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// `ar`, short names only.
pub(crate) fn ar(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in entries {
        let header =
            format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 100_644, content.len());
        bytes.extend(header.as_bytes());
        bytes.extend(*content);
        bytes.extend(vec![b'\n'; content.len() & 1]);
    }
    bytes
}

/// cpio of the new ASCII form.
pub(crate) fn cpio(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let end: Entry<'_> = ("TRAILER!!!", b"");
    for (name, content) in entries.iter().chain([&end]) {
        let mode = if *name == end.0 { 0 } else { 0o100_644 };
        bytes.extend(b"070701");
        for field in [0, mode, 0, 0, 1, 0, content.len(), 0, 0, 0, 0, name.len() + 1, 0] {
            bytes.extend(format!("{field:08X}").as_bytes());
        }
        bytes.extend(name.as_bytes());
        bytes.push(0);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

/// An RPM package around a payload, its header with name, version, release and architecture.
pub(crate) fn rpm(payload: &[u8]) -> Vec<u8> {
    let mut bytes = b"\xed\xab\xee\xdb\x03\x00".to_vec();
    bytes.resize(96, 0);
    bytes.extend(header(&[]));
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes.extend(header(&[(1000, "demo"), (1001, "1.2"), (1002, "3.el9"), (1022, "x86_64")]));
    bytes.extend(payload);
    bytes
}

fn header(tags: &[(u32, &str)]) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, text) in tags {
        for word in [*tag, 6, u32::try_from(store.len()).unwrap(), 1] {
            index.extend(word.to_be_bytes());
        }
        store.extend(text.as_bytes());
        store.push(0);
    }
    let mut bytes = b"\x8e\xad\xe8\x01\0\0\0\0".to_vec();
    bytes.extend(u32::try_from(tags.len()).unwrap().to_be_bytes());
    bytes.extend(u32::try_from(store.len()).unwrap().to_be_bytes());
    bytes.extend(index);
    bytes.extend(store);
    bytes
}
