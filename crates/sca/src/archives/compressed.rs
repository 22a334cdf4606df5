//! One compressed file: gzip, bzip2, xz, lzma, zstd, lz4. What is inside has the archive's path if it is
//! an archive itself (`a.tar.gz!/member`), else its name without the ending (`a.json.gz!/a.json`).

use super::Metered;
use crate::content::{Content, Format, HEAD, sniff};
use crate::extractor::file_name;
use crate::finding::Found;
use crate::trouble::{Code, Trouble};
use crate::walk::{Node, Walk};
use liblzma::stream::{CONCATENATED, Stream};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use std::io::{self, BufReader, Read};

/// Largest dictionary of xz and lzma, bytes. `xz -9` makes 64 MiB.
const MAX_DICTIONARY: u64 = 256 << 20;

/// The plain bytes of a compressed stream.
///
/// # Errors
/// The stream is none, or the format is not one of a single file.
pub(crate) fn decoder<'r>(
    format: Format,
    reader: &'r mut (dyn Read + 'r),
) -> Result<Box<dyn Read + 'r>, Trouble> {
    let lzma = |error: liblzma::stream::Error| Trouble::damaged(error.to_string());
    let reader = BufReader::with_capacity(64 << 10, reader);
    Ok(match format {
        Format::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
        Format::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(reader)),
        Format::Xz => {
            let stream = Stream::new_stream_decoder(MAX_DICTIONARY, CONCATENATED).map_err(lzma)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(reader, stream))
        }
        Format::Lzma => {
            let stream = Stream::new_lzma_decoder(MAX_DICTIONARY).map_err(lzma)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(reader, stream))
        }
        Format::Zstd => Box::new(Frames { reader: Some(reader), frame: None }),
        Format::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(reader)),
        _ => return Err(Trouble::new(Code::Method, format!("{} is no stream", format.name()))),
    })
}

/// Zstandard frames one after the other; skippable ones are skipped.
struct Frames<R: Read> {
    reader: Option<R>,
    frame: Option<StreamingDecoder<R, FrameDecoder>>,
}

impl<R: io::BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let count = frame.read(buffer)?;
                if count > 0 || buffer.is_empty() {
                    return Ok(count);
                }
            }
            if let Some(frame) = self.frame.take() {
                self.reader = Some(frame.into_inner());
            }
            let Some(mut reader) = self.reader.take() else { return Ok(0) };
            if reader.fill_buf()?.is_empty() {
                return Ok(0);
            }
            // The decoder takes the reader away when it fails; so a skippable frame is skipped by hand.
            let magic = reader.fill_buf()?;
            if matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]) {
                let mut header = [0; 8];
                reader.read_exact(&mut header)?;
                let [.., a, b, c, d] = header;
                super::skip(&mut reader, u64::from(u32::from_le_bytes([a, b, c, d])))?;
                self.reader = Some(reader);
                continue;
            }
            let frame = StreamingDecoder::new(reader).map_err(|error| match error {
                FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::BadMagicNumber(
                    _,
                )) => io::Error::other("something else behind the last frame"),
                error => io::Error::other(error.to_string()),
            })?;
            self.frame = Some(frame);
        }
    }
}

pub(crate) fn walk(
    walk: &Walk<'_>,
    node: &Node,
    format: Format,
    reader: &mut dyn Read,
    found: &mut Found,
) -> Result<(), Trouble> {
    let mut plain = Metered { inner: decoder(format, reader)?, budget: &walk.budget };
    let mut head = Vec::with_capacity(HEAD);
    plain.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let inner = match sniff(&head) {
        Content::Archive(_) => Node { depth: node.depth + 1, ..node.clone() },
        _ => node.member(&inner_name(file_name(&node.path))),
    };
    // The packed name was asked already; only a new name is asked again.
    let rows = if inner.path == node.path { 0 } else { walk.selector.by_path(&inner.path) };
    walk.headed(&inner, rows, None, head, &mut plain, found)
}

/// The name of what is inside, also of what was packed twice.
fn inner_name(name: &str) -> String {
    let mut inner = name;
    while let Some((stem, "gz" | "bz2" | "xz" | "lzma" | "zst" | "lz4" | "Z")) =
        inner.rsplit_once('.')
    {
        inner = stem;
    }
    match inner.rsplit_once('.') {
        Some((stem, "tgz" | "tbz2" | "txz" | "tzst")) => format!("{stem}.tar"),
        _ if inner == name || inner.is_empty() => "content".to_owned(),
        _ => inner.to_owned(),
    }
}
