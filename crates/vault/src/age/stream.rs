//! The content of an age file: chunks of 64 KiB, each encrypted with its number and whether it is the last.

use super::{FileKey, hkdf, unwritten};
use crate::aead::TAG;
use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use muster_model::{Error, Result};
use std::io::{self, Read, Write};
use zeroize::Zeroizing;

/// Length of the nonce in front of the chunks.
pub(super) const NONCE: usize = 16;
const CHUNK: usize = 64 * 1024;

/// The key of a content and the number of the next chunk.
struct Chunks {
    key: LessSafeKey,
    next: u64,
}

impl Chunks {
    fn new(key: &FileKey, nonce: &[u8; NONCE]) -> Result<Self> {
        let key = hkdf(key.as_slice(), nonce, b"payload")?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice());
        let key = key.map_err(|_| Error::internal("ChaCha20-Poly1305"))?;
        Ok(Self { key: LessSafeKey::new(key), next: 0 })
    }

    /// Eleven bytes of number, one that says whether it is the last.
    fn nonce(&mut self, last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        let number = self.next.to_be_bytes();
        nonce.iter_mut().skip(3).zip(number).for_each(|(to, from)| *to = from);
        if let Some(flag) = nonce.last_mut() {
            *flag = u8::from(last);
        }
        self.next += 1;
        Nonce::assume_unique_for_key(nonce)
    }
}

/// Encrypts what is written to it.
pub struct Writer<W> {
    out: W,
    chunks: Chunks,
    /// Less than a chunk, or one that may be the last.
    held: Zeroizing<Vec<u8>>,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W, key: &FileKey, nonce: &[u8; NONCE]) -> Result<Self> {
        let held = Zeroizing::new(Vec::with_capacity(CHUNK + TAG));
        Ok(Self { out, chunks: Chunks::new(key, nonce)?, held })
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.chunks.nonce(last);
        let mut chunk = std::mem::take(&mut *self.held);
        let sealed = self.chunks.key.seal_in_place_append_tag(nonce, Aad::empty(), &mut chunk);
        sealed.map_err(|_| io::Error::other("ChaCha20-Poly1305"))?;
        self.out.write_all(&chunk)?;
        chunk.clear();
        *self.held = chunk;
        Ok(())
    }

    /// Writes the last chunk and answers where everything was written to.
    ///
    /// # Errors
    /// `Unavailable`, if it cannot be written.
    pub fn finish(mut self) -> Result<W> {
        self.seal(true).and_then(|()| self.out.flush()).map_err(unwritten)?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits for more: only then is it certain that it is not the last.
        if self.held.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.held.len());
        self.held.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Decrypts what is read from it. A content that was altered, reordered or cut off is an error.
pub struct Reader<R> {
    input: R,
    chunks: Chunks,
    clear: Zeroizing<Vec<u8>>,
    /// What of it was given already.
    given: usize,
    /// The first byte of the next chunk.
    ahead: Option<u8>,
    ended: bool,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(input: R, key: &FileKey, nonce: &[u8; NONCE]) -> Result<Self> {
        Ok(Self {
            input,
            chunks: Chunks::new(key, nonce)?,
            clear: Zeroizing::default(),
            given: 0,
            ahead: None,
            ended: false,
        })
    }

    /// Opens the next chunk.
    fn open(&mut self) -> io::Result<()> {
        let altered =
            || io::Error::new(io::ErrorKind::InvalidData, "the file was altered or cut off");
        let mut chunk = Zeroizing::new(Vec::with_capacity(CHUNK + TAG + 1));
        chunk.extend(self.ahead.take());
        let wanted = (CHUNK + TAG + 1 - chunk.len()) as u64;
        Read::take(&mut self.input, wanted).read_to_end(&mut chunk)?;
        let last = chunk.len() <= CHUNK + TAG;
        if !last {
            self.ahead = chunk.pop();
        }
        let first = self.chunks.next == 0;
        let nonce = self.chunks.nonce(last);
        let length = self.chunks.key.open_in_place(nonce, Aad::empty(), &mut chunk);
        let length = length.map_err(|_| altered())?.len();
        // Only an empty content has an empty chunk.
        if length == 0 && !first {
            return Err(altered());
        }
        chunk.truncate(length);
        (self.clear, self.given, self.ended) = (chunk, 0, last);
        Ok(())
    }
}

impl<R: Read> Read for Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.clear.len() {
            if self.ended {
                return Ok(0);
            }
            self.open()?;
        }
        let left = self.clear.get(self.given..).unwrap_or_default();
        let given = left.len().min(out.len());
        out.iter_mut().zip(left).for_each(|(to, from)| *to = *from);
        self.given += given;
        Ok(given)
    }
}
