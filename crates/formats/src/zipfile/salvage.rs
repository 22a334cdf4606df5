//! What is left of a ZIP file without its central directory: its members by the headers in front of them
//! (APPNOTE 4.3.7), each as the line that the directory would have had.

use super::{CENTRAL, LOCAL, Zip64Extra, u16_at, u32_at, u64_at, unreadable};
use crate::read_at::ReadAt;
use memchr::memmem;
use muster_model::{Error, ErrorKind, Result};

/// What stands behind a member whose header does not know its sizes (APPNOTE 4.3.9).
const DESCRIPTOR: &[u8; 4] = b"PK\x07\x08";
const ZIP64: u16 = 1;
/// Bytes looked through at a time.
const STRIDE: u64 = 1 << 16;
/// Members whose end is nowhere to be found: each costs a look through all that follows.
const MAX_ENDLESS: u32 = 4;
/// Letters looked at, of headers, descriptors and what happens to look like them.
const MAX_HITS: u32 = 1 << 24;

/// A member's header.
struct Header {
    fixed: [u8; 30],
    name: Vec<u8>,
    extra: Vec<u8>,
    at: u64,
}

/// What a header or a descriptor says of a member's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Extent {
    crc32: u32,
    packed: u64,
    size: u64,
    /// Where the search for the next member goes on.
    next: u64,
}

/// The directory's lines of all members that are found, at most `max` bytes.
pub(super) fn directory(source: &dyn ReadAt, max: u64) -> Result<Vec<u8>> {
    let mut directory = Vec::new();
    let mut search = Search::new(source);
    let (mut from, mut endless) = (0, 0);
    while let Some(at) = search.find(from, LOCAL)? {
        let Some(header) = Header::read(source, at)? else {
            from = at + LOCAL.len() as u64;
            continue;
        };
        let extent = match header.extent(&mut search)? {
            Some(extent) => extent,
            None if endless == MAX_ENDLESS => break,
            None => {
                endless += 1;
                header.until_the_next(&mut search)?
            }
        };
        header.write(extent, &mut directory);
        if directory.len() as u64 > max {
            let message = format!("archive: its directory would be larger than {} MiB", max >> 20);
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        from = extent.next;
    }
    Ok(directory)
}

impl Header {
    /// None where only the four letters of a header stand.
    fn read(source: &dyn ReadAt, at: u64) -> Result<Option<Self>> {
        let mut fixed = [0; 30];
        let rest = source.size() - at;
        if rest < fixed.len() as u64 {
            return Ok(None);
        }
        source.read_at(&mut fixed, at).map_err(unreadable)?;
        let length = |at| usize::from(u16_at(&fixed, at).unwrap_or(0));
        let (name, extra) = (length(26), length(28));
        if name == 0 || (30 + name + extra) as u64 > rest {
            return Ok(None);
        }
        let mut name = vec![0; name];
        source.read_at(&mut name, at + 30).map_err(unreadable)?;
        let mut extra = vec![0; extra];
        source.read_at(&mut extra, at + 30 + name.len() as u64).map_err(unreadable)?;
        Ok((!name.contains(&0)).then_some(Self { fixed, name, extra, at }))
    }

    fn body(&self) -> u64 {
        self.at + (self.fixed.len() + self.name.len() + self.extra.len()) as u64
    }

    /// Whether the sizes stand behind the packed bytes.
    fn is_streamed(&self) -> bool {
        u16_at(&self.fixed, 6).is_some_and(|flags| flags & (1 << 3) != 0)
    }

    fn field(&self, at: usize) -> u32 {
        u32_at(&self.fixed, at).unwrap_or(0)
    }

    /// None for a streamed member whose end cannot be found. One that reaches beyond the end is cut there.
    fn extent(&self, search: &mut Search<'_>) -> Result<Option<Extent>> {
        let mut large = Zip64Extra::find(&self.extra);
        let (size, packed) = (large.widen(self.field(22)), large.widen(self.field(18)));
        if self.is_streamed() && packed == 0 {
            return self.described(search);
        }
        let packed = packed.min(search.source.size() - self.body());
        let next = self.body() + packed;
        Ok(Some(Extent { crc32: self.field(14), packed, size, next }))
    }

    /// The extent by a descriptor that counts as many packed bytes as lie in front of it.
    fn described(&self, search: &mut Search<'_>) -> Result<Option<Extent>> {
        let (source, mut from) = (search.source, self.body());
        while let Some(at) = search.find(from, b"PK")? {
            let start = self.body().max(at.saturating_sub(20));
            let mut around =
                vec![0; usize::try_from(source.size().min(at + 24) - start).unwrap_or(0)];
            source.read_at(&mut around, start).map_err(unreadable)?;
            let (before, behind) = around.split_at(usize::try_from(at - start).unwrap_or(0));
            if let Some(extent) = descriptor(before, behind, at - self.body(), at) {
                return Ok(Some(extent));
            }
            from = at + 2;
        }
        Ok(None)
    }

    /// Up to the next header: what cannot be unpacked is at least named.
    fn until_the_next(&self, search: &mut Search<'_>) -> Result<Extent> {
        let next = search.find(self.body(), LOCAL)?.unwrap_or(search.source.size());
        let packed = next - self.body();
        Ok(Extent { crc32: 0, packed, size: packed, next })
    }

    /// Adds the line of the directory, with 64-bit sizes.
    fn write(&self, extent: Extent, directory: &mut Vec<u8>) {
        // In front of what else stands there: it is the first that counts.
        let mut extra = [ZIP64.to_le_bytes(), 24_u16.to_le_bytes()].concat();
        for value in [extent.size, extent.packed, self.at] {
            extra.extend(value.to_le_bytes());
        }
        extra.extend(&self.extra);
        let length = u16::try_from(extra.len()).unwrap_or(28);
        extra.truncate(usize::from(length));
        directory.extend(CENTRAL);
        directory.extend([0; 2]);
        // Version needed, flags, method, time and date.
        directory.extend(&self.fixed[4..14]);
        directory.extend(extent.crc32.to_le_bytes());
        directory.extend([0xff; 8]);
        directory.extend(&self.fixed[26..28]);
        directory.extend(length.to_le_bytes());
        // Comment, disk and attributes.
        directory.extend([0; 10]);
        directory.extend([0xff; 4]);
        directory.extend(&self.name);
        directory.extend(&extra);
    }
}

/// A descriptor at the signature that `behind` begins with, `distance` bytes behind the begin of the packed bytes, or right in
/// front of it: its own signature is not a duty.
fn descriptor(before: &[u8], behind: &[u8], distance: u64, at: u64) -> Option<Extent> {
    let narrow = |bytes: &[u8], from| {
        Some((
            u32_at(bytes, from)?,
            u32_at(bytes, from + 4)?.into(),
            u32_at(bytes, from + 8)?.into(),
        ))
    };
    let wide = |bytes: &[u8], from| {
        Some((u32_at(bytes, from)?, u64_at(bytes, from + 4)?, u64_at(bytes, from + 12)?))
    };
    let fits = |(crc32, packed, size): (u32, u64, u64), taken: u64, next: u64| {
        (packed == taken).then_some(Extent { crc32, packed, size, next })
    };
    if behind.starts_with(DESCRIPTOR) {
        // The wide one first: its upper half would be taken for the narrow one's size.
        return wide(behind, 4)
            .and_then(|said| fits(said, distance, at + 24))
            .or_else(|| fits(narrow(behind, 4)?, distance, at + 16));
    }
    if !behind.starts_with(LOCAL) && !behind.starts_with(CENTRAL) {
        return None;
    }
    let from = |length: usize| before.len().checked_sub(length);
    from(20)
        .and_then(|from| fits(wide(before, from)?, distance - 20, at))
        .or_else(|| fits(narrow(before, from(12)?)?, distance - 12, at))
}

/// Looks for letters in the archive, each stretch of which is read once.
struct Search<'a> {
    source: &'a dyn ReadAt,
    window: Vec<u8>,
    /// Where the window lies.
    start: u64,
    hits_left: u32,
}

impl<'a> Search<'a> {
    const fn new(source: &'a dyn ReadAt) -> Self {
        Self { source, window: Vec::new(), start: 0, hits_left: MAX_HITS }
    }

    /// The first place from `from` on where `wanted` stands.
    fn find(&mut self, mut from: u64, wanted: &[u8]) -> Result<Option<u64>> {
        while self.hits_left > 0 {
            let skip = from.checked_sub(self.start).and_then(|skip| usize::try_from(skip).ok());
            let rest = skip.and_then(|skip| self.window.get(skip..)).unwrap_or_default();
            if let Some(at) = memmem::find(rest, wanted) {
                self.hits_left -= 1;
                return Ok(Some(from + at as u64));
            }
            // It may stand across the border.
            from += rest.len().saturating_sub(wanted.len() - 1) as u64;
            let length = STRIDE.min(self.source.size().saturating_sub(from));
            if length < wanted.len() as u64 {
                break;
            }
            self.window.resize(usize::try_from(length).map_err(Error::internal)?, 0);
            self.source.read_at(&mut self.window, from).map_err(unreadable)?;
            self.start = from;
        }
        Ok(None)
    }
}
