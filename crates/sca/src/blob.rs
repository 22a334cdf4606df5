//! Bytes that can be shared and cut without copying: a mapped file, or an unpacked member in memory.

use crate::limits::Held;
use memmap2::{Mmap, MmapMut, UncheckedAdvice};
use muster_formats::read_at::ReadAt;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::ops::{Deref, Range};
use std::sync::Arc;

/// What is read from begin to end of a mapped file is let go in steps of this size.
pub(crate) const READ_BEHIND: usize = 4 << 20;
/// Less than this is not worth a call.
const LET_GO: usize = 64 << 10;

/// A run of bytes with shared ownership. Cloning and cutting cost nothing.
#[derive(Clone)]
pub struct Blob {
    owner: Arc<Owner>,
    range: Range<usize>,
}

enum Owner {
    Map(Mmap),
    Heap { bytes: Vec<u8>, _held: Option<Held> },
    Unpacked { bytes: MmapMut, _held: Held },
}

impl Blob {
    /// A file, mapped: only the pages that are looked at are read.
    ///
    /// # Errors
    /// The file cannot be mapped.
    #[expect(unsafe_code, reason = "a mapping can only be made so; see below")]
    pub fn map(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(Self::heap(Vec::new(), None));
        }
        // SAFETY: the bytes are only ever read as bytes, so a file that changes meanwhile gives other
        // bytes, which every parser survives. A file that shrinks meanwhile can end the process with
        // SIGBUS: what is scanned in a server are its own blobs, which nothing shortens.
        let map = unsafe { Mmap::map(file)? };
        let range = 0..map.len();
        Ok(Self { owner: Arc::new(Owner::Map(map)), range })
    }

    /// Bytes in memory, with the guard of the memory they take.
    pub fn heap(bytes: Vec<u8>, held: Option<Held>) -> Self {
        let range = 0..bytes.len();
        Self { owner: Arc::new(Owner::Heap { bytes, _held: held }), range }
    }

    /// What a reader gives of `size` bytes behind those in `head`, in memory that goes back to the system when it is no longer
    /// needed: an allocator would keep much of it for the next.
    ///
    /// # Errors
    /// The reader's, and when there is no memory.
    pub(crate) fn unpack(
        size: usize,
        head: &[u8],
        reader: &mut dyn Read,
        held: Held,
    ) -> io::Result<Self> {
        let mut bytes = MmapMut::map_anon(size.max(head.len()))?;
        let (begin, mut rest) = bytes.split_at_mut(head.len());
        begin.copy_from_slice(head);
        let mut end = head.len();
        while !rest.is_empty() {
            match reader.read(rest) {
                Ok(0) => break,
                Ok(count) => {
                    end += count;
                    rest = rest.get_mut(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self { owner: Arc::new(Owner::Unpacked { bytes, _held: held }), range: 0..end })
    }

    /// `size` bytes that `fill` writes; none where it gives up, or where there is no memory. Where much is held (`full`) they lie
    /// in memory that goes back to the system.
    pub(crate) fn filled(
        size: usize,
        held: Held,
        full: bool,
        fill: impl FnOnce(&mut [u8]) -> Option<()>,
    ) -> Option<Self> {
        let owner = if full {
            let mut bytes = MmapMut::map_anon(size).ok()?;
            fill(&mut bytes)?;
            Owner::Unpacked { bytes, _held: held }
        } else {
            let mut bytes = vec![0; size];
            fill(&mut bytes)?;
            Owner::Heap { bytes, _held: Some(held) }
        };
        Some(Self { owner: Arc::new(owner), range: 0..size })
    }

    /// A part of it. None where it reaches beyond.
    pub fn cut(&self, range: Range<u64>) -> Option<Self> {
        let start = self.range.start.checked_add(usize::try_from(range.start).ok()?)?;
        let end = self.range.start.checked_add(usize::try_from(range.end).ok()?)?;
        (start <= end && end <= self.range.end)
            .then(|| Self { owner: Arc::clone(&self.owner), range: start..end })
    }

    /// Tells the system that a part has been read: the pages of a mapped file no longer count as this process's memory.
    /// Who asks for them again gets them again.
    #[expect(unsafe_code, reason = "pages can only be let go so; see below")]
    pub(crate) fn let_go(&self, range: Range<u64>) {
        let Owner::Map(map) = &*self.owner else { return };
        let Some(part) = self.cut(range).filter(|part| part.len() >= LET_GO) else { return };
        // SAFETY: the map is of a file, shared and never written: a page that is let go comes back from the file.
        let gone = unsafe {
            map.unchecked_advise_range(UncheckedAdvice::DontNeed, part.range.start, part.len())
        };
        // Nothing depends on it.
        drop(gone);
    }

    /// Ends the reading of it. Who is its last owner gives it back anyway.
    pub(crate) fn end(self) {
        if Arc::strong_count(&self.owner) > 1 {
            self.let_go(0..self.size());
        }
    }

    /// Number of bytes, as archives count.
    pub fn size(&self) -> u64 {
        self.len() as u64
    }
}

/// Reads a blob from begin to end, and lets go of what is behind.
pub(crate) struct Forward<'a> {
    blob: &'a Blob,
    at: usize,
    /// As far as it has been let go.
    gone: usize,
}

impl<'a> Forward<'a> {
    pub(crate) fn new(blob: &'a Blob) -> Self {
        Self { blob, at: 0, gone: 0 }
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.blob.get(self.at..).unwrap_or_default()
    }
}

impl BufRead for Forward<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.rest())
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
        if self.at - self.gone >= READ_BEHIND {
            self.blob.let_go(self.gone as u64..self.at as u64);
            self.gone = self.at;
        }
    }
}

impl Read for Forward<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.rest().read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let all: &[u8] = match &*self.owner {
            Owner::Map(map) => map,
            Owner::Heap { bytes, .. } => bytes,
            Owner::Unpacked { bytes, .. } => bytes,
        };
        all.get(self.range.clone()).unwrap_or_default()
    }
}

impl ReadAt for Blob {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        (&**self).read_at(buffer, offset)
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn parts_of_parts_stay_inside() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        for blob in [Blob::map(&file).unwrap(), Blob::heap(b"0123456789".to_vec(), None)] {
            let part = blob.cut(2..8).unwrap();
            assert_eq!(&*part, b"234567");
            assert_eq!(&*part.cut(1..3).unwrap(), b"34");
            assert!(part.cut(1..7).is_none());
            assert!(part.cut(5..u64::MAX).is_none());
        }
        assert!(Blob::map(&tempfile::tempfile().unwrap()).unwrap().is_empty());
    }

    /// Kilobytes of a mapped file that count as this process's memory.
    fn resident(path: &std::path::Path) -> u64 {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut lines = maps.lines().skip_while(|line| !line.ends_with(path.to_str().unwrap()));
        let line = lines.find_map(|line| line.strip_prefix("Rss:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    #[test]
    fn what_was_let_go_is_there_when_asked_for() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let content: Vec<u8> = (0..8_u32 << 18).flat_map(u32::to_le_bytes).collect();
        file.write_all(&content).unwrap();
        let blob = Blob::map(file.as_file()).unwrap();
        assert!(*blob == *content);
        assert_eq!(resident(file.path()), 8 << 10);
        let half = blob.cut(4 << 20..8 << 20).unwrap();
        half.let_go(0..half.size());
        assert_eq!(resident(file.path()), 4 << 10);
        half.let_go(1..u64::MAX);
        Blob::heap(content.clone(), None).let_go(0..content.len() as u64);
        assert!(*blob == *content);
    }
}
