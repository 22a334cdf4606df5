//! Request bodies: bytes as sent (they are signed), then JSON, perhaps compressed.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use flate2::read::GzDecoder;
use muster_http::json::decode;
use muster_model::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use std::io::Read;

/// Largest body after decompression, in bytes. Compressed the edge's limit holds.
pub(crate) const MAX_UNPACKED: u64 = 96 << 20;

/// Reads a body that may be compressed with gzip.
pub(crate) fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T> {
    match headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes()) {
        None | Some(b"identity") => decode(body),
        Some(b"gzip") => decode(&unpack(body, MAX_UNPACKED)?),
        Some(_) => Err(Error::invalid("content-encoding", "must be gzip, or absent")),
    }
}

fn unpack(body: &[u8], most: u64) -> Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    let mut reader = GzDecoder::new(body).take(most + 1);
    reader.read_to_end(&mut unpacked).map_err(|_| Error::invalid("body", "is not valid gzip"))?;
    if unpacked.len() as u64 > most {
        return Err(Error::new(ErrorKind::TooLarge, "the body unpacks to more than 96 MiB"));
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::{Write, copy, repeat};

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap().into()
    }

    fn headers(encoding: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_ENCODING, encoding.parse().unwrap())])
    }

    #[test]
    fn plain_and_compressed_bodies_are_the_same() {
        assert_eq!(read::<Vec<u8>>(&HeaderMap::new(), &"[1,2]".into()).unwrap(), [1, 2]);
        assert_eq!(read::<Vec<u8>>(&headers("gzip"), &gzip(b"[1,2]")).unwrap(), [1, 2]);
        let broken = read::<Vec<u8>>(&headers("gzip"), &"[1,2]".into()).unwrap_err();
        assert_eq!(broken.parameter(), Some("body"));
        let other = read::<Vec<u8>>(&headers("br"), &"[1,2]".into()).unwrap_err();
        assert_eq!(other.parameter(), Some("content-encoding"));
    }

    #[test]
    fn a_bomb_is_refused_before_it_fills_the_memory() {
        const MOST: u64 = 1 << 16;
        let spaces = |count| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            copy(&mut repeat(b' ').take(count), &mut encoder).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(unpack(&spaces(MOST), MOST).unwrap().len() as u64, MOST);
        let error = unpack(&spaces(MOST * 100), MOST).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
}
