//! Packed files as streams, with limits.

use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Most bytes a file may unpack to.
pub(super) const MAX_UNPACKED: u64 = 8 << 30;
/// Most bytes of a file that is read as one.
pub(super) const MAX_DOCUMENT: u64 = 512 << 20;
/// Longest line.
const MAX_LINE: u64 = 16 << 20;

/// The content of a file, unpacked by its name's ending.
pub(super) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    let file = BufReader::with_capacity(1 << 17, File::open(path)?);
    let name = path.to_string_lossy();
    let content: Box<dyn Read> = if name.ends_with(".gz") {
        Box::new(MultiGzDecoder::new(file))
    } else if name.ends_with(".zst") {
        let decoder = ruzstd::decoding::StreamingDecoder::new(file)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
        Box::new(decoder)
    } else {
        Box::new(file)
    };
    Ok(Box::new(content.take(MAX_UNPACKED)))
}

/// All of a file.
pub(super) fn whole(path: &Path) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    open(path)?.take(MAX_DOCUMENT + 1).read_to_end(&mut out)?;
    if u64::try_from(out.len()).is_ok_and(|length| length > MAX_DOCUMENT) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("unpacks to more than {MAX_DOCUMENT} bytes"),
        ));
    }
    Ok(out)
}

/// Line by line; a line that is too long ends the file with an error.
pub(super) fn lines(path: &Path, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 17, open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut reader).take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n')
            && u64::try_from(line.len()).is_ok_and(|length| length >= MAX_LINE)
        {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("a line is longer than {MAX_LINE} bytes"),
            ));
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if !text.is_empty() {
            each(text)?;
        }
    }
}
