//! The compression methods of ZIP (APPNOTE 4.4.5).

use super::Member;
use crate::blob::{Blob, Forward, READ_BEHIND};
use crate::limits::Budget;
use crate::trouble::{Code, Trouble};
use flate2::Crc;
use liblzma::stream::{Filters, Stream};
use ppmd_rust::Ppmd8Decoder;
use std::io::{self, Read};

/// Largest dictionary of xz members, bytes.
const MAX_DICTIONARY: u64 = 256 << 20;

/// The plain bytes of a packed member.
pub(super) fn decoder<'a>(
    member: &Member,
    packed: &'a Blob,
) -> Result<Box<dyn Read + 'a>, Trouble> {
    let lzma = |error: liblzma::stream::Error| Trouble::damaged(error.to_string());
    let bytes: &[u8] = packed;
    Ok(match member.method {
        0 => Box::new(Forward::new(packed)),
        8 => Box::new(flate2::bufread::DeflateDecoder::new(Forward::new(packed))),
        9 => Box::new(deflate64::Deflate64Decoder::with_buffer(bytes)),
        12 => Box::new(bzip2::bufread::MultiBzDecoder::new(bytes)),
        14 => {
            // A version, the size of the properties, the properties (APPNOTE 5.8.8).
            let [_, _, 5, 0, rest @ ..] = bytes else {
                return Err(Trouble::damaged("its LZMA header is damaged"));
            };
            let (properties, rest) = rest
                .split_at_checked(5)
                .ok_or_else(|| Trouble::damaged("its LZMA header is cut short"))?;
            let mut filters = Filters::new();
            filters.lzma1_properties(properties).map_err(lzma)?;
            let stream = Stream::new_raw_decoder(&filters).map_err(lzma)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(rest, stream))
        }
        20 | 93 => Box::new(
            ruzstd::decoding::StreamingDecoder::new(bytes)
                .map_err(|error| Trouble::damaged(error.to_string()))?,
        ),
        95 => {
            let stream = Stream::new_stream_decoder(MAX_DICTIONARY, 0).map_err(lzma)?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(bytes, stream))
        }
        98 => {
            // Order, size of the model and what to do when it is full, in one word (APPNOTE 5.9.3).
            let [low, high, rest @ ..] = bytes else {
                return Err(Trouble::damaged("its PPMd header is cut short"));
            };
            let word = u32::from(u16::from_le_bytes([*low, *high]));
            let (order, memory) = ((word & 0xf) + 1, ((word >> 4 & 0xff) + 1) << 20);
            let decoder = Ppmd8Decoder::new(rest, order, memory, (word >> 12).into())
                .map_err(|error| Trouble::damaged(error.to_string()))?;
            Box::new(decoder)
        }
        other => {
            let name = match other {
                1 => "Shrink",
                2..=5 => "Reduce",
                6 => "Implode",
                96 => "JPEG",
                97 => "WavPack",
                _ => "unknown",
            };
            let message = format!("compressed by method {other} ({name})");
            return Err(Trouble::new(Code::Method, message));
        }
    })
}

/// Accounts for what comes out, never gives more than the directory promises, and compares the check sum
/// where a member is read to its end.
pub(super) struct Checked<'a> {
    inner: Box<dyn Read + 'a>,
    budget: &'a Budget,
    crc: Crc,
    left: u64,
    want: u32,
}

impl<'a> Checked<'a> {
    pub(super) fn new(inner: Box<dyn Read + 'a>, member: &Member, budget: &'a Budget) -> Self {
        Self { inner, budget, crc: Crc::new(), left: member.size, want: member.crc32 }
    }
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // In steps, so that what is behind can be let go meanwhile.
        let most = buffer.len().min(READ_BEHIND);
        let most = usize::try_from(self.left).unwrap_or(most).min(most);
        let Some(part) = buffer.get_mut(..most).filter(|part| !part.is_empty()) else {
            return Ok(0);
        };
        let count = self.inner.read(part)?;
        if count == 0 {
            return Err(io::Error::other("shorter than its directory says"));
        }
        self.budget.unpack(count as u64)?;
        self.crc.update(part.get(..count).unwrap_or_default());
        self.left -= count as u64;
        if self.left == 0 && self.crc.sum() != self.want {
            return Err(io::Error::other("its check sum is wrong"));
        }
        Ok(count)
    }
}
