//! Reading a file from anywhere in it: what archive readers need to look into archives within archives
//! without unpacking them.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// Bytes that can be read at any place.
pub trait ReadAt {
    /// Number of bytes.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// `UnexpectedEof` when fewer bytes are there; whatever the file system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A file and the size it had when it was opened.
#[derive(Debug)]
pub struct SizedFile {
    file: File,
    size: u64,
}

impl SizedFile {
    /// Takes the file's present size as the limit of what will be read.
    ///
    /// # Errors
    /// The file cannot be examined.
    pub fn new(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { file, size })
    }
}

impl ReadAt for SizedFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

impl ReadAt for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|start| self.get(start..start.checked_add(buffer.len())?))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.as_slice().read_at(buffer, offset)
    }
}

/// A part of something larger, seen as a whole.
#[derive(Clone, Copy)]
pub struct Window<'a> {
    outer: &'a dyn ReadAt,
    start: u64,
    size: u64,
}

impl<'a> Window<'a> {
    /// `size` bytes of `outer` from `start`, cut where `outer` ends.
    pub fn new(outer: &'a dyn ReadAt, start: u64, size: u64) -> Self {
        let size = size.min(outer.size().saturating_sub(start));
        Self { outer, start, size }
    }

    /// Reads the part from its begin to its end.
    pub const fn reader(self) -> WindowReader<'a> {
        WindowReader { window: self, position: 0 }
    }
}

impl ReadAt for Window<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
        if end > self.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.outer.read_at(buffer, self.start.saturating_add(offset))
    }
}

/// See [`Window::reader`].
pub struct WindowReader<'a> {
    window: Window<'a>,
    position: u64,
}

impl Read for WindowReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.window.size.saturating_sub(self.position);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(part) = buffer.get_mut(..count) else { return Ok(0) };
        self.window.read_at(part, self.position)?;
        self.position = self.position.saturating_add(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_shows_its_part_and_nothing_else() {
        let bytes = b"0123456789".as_slice();
        let window = Window::new(&bytes, 2, 5);
        let mut text = String::new();
        window.reader().read_to_string(&mut text).unwrap();
        assert_eq!(text, "23456");
        let inner = Window::new(&window, 3, 100);
        assert_eq!(inner.size(), 2);
        assert!(inner.read_at(&mut [0; 3], 0).is_err());
        assert!(inner.read_at(&mut [0; 1], u64::MAX).is_err());
    }
}
