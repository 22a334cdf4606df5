//! Java class files (JVM specification, chapter 4), as far as a fingerprint needs them.
//!
//! [`fingerprint`] gives the same number for a class before and after a build has moved it to another package: of every
//! class name only the part behind the last `/` counts, texts that may be names of packages do not count, and neither does
//! anything that a rewriter lays out anew (the order of the constant pool, line numbers, jump distances).

mod code;
mod constants;

use constants::Constants;

/// Largest class file looked at, bytes.
pub const MAX_CLASS: u64 = 4 << 20;

/// Access flags that compilers and rewriters agree on.
const FLAGS: u16 = 0x7fff;

/// The fingerprint of a class; none of bytes that are no class file, or one that tells nothing (a module's or package's
/// description, an interface without members).
pub fn fingerprint(bytes: &[u8]) -> Option<u64> {
    if bytes.len() as u64 > MAX_CLASS {
        return None;
    }
    let mut reader = Reader { bytes };
    if reader.u32()? != 0xcafe_babe {
        return None;
    }
    reader.skip(4)?;
    let constants = Constants::read(&mut reader)?;
    let access = reader.u16()?;
    if access & 0x8000 != 0 {
        return None;
    }
    let mut hash = Hash::new();
    hash.number(u64::from(access & FLAGS));
    hash.text(simple(constants.class(reader.u16()?)?));
    hash.text(constants.class(reader.u16()?).map_or(b"".as_slice(), simple));
    let interfaces = reader.u16()?;
    for _ in 0..interfaces {
        hash.text(simple(constants.class(reader.u16()?)?));
    }
    let fields = members(&mut reader, &constants)?;
    let methods = members(&mut reader, &constants)?;
    if fields.is_empty() && methods.is_empty() {
        return None;
    }
    for group in [fields, methods] {
        hash.number(group.len() as u64);
        for member in group {
            hash.number(member);
        }
    }
    Some(hash.finish())
}

/// The name of a class without its package, of a path in an archive (`a/b/C$D.class`) or an internal name (`a/b/C$D`).
pub fn simple(name: &[u8]) -> &[u8] {
    name.rsplit(|byte| *byte == b'/').next().unwrap_or(name)
}

/// The fingerprints of the fields or of the methods, sorted.
fn members(reader: &mut Reader<'_>, constants: &Constants<'_>) -> Option<Vec<u64>> {
    let count = reader.u16()?;
    let mut members = Vec::with_capacity(usize::from(count.min(1024)));
    for _ in 0..count {
        let mut hash = Hash::new();
        hash.number(u64::from(reader.u16()? & FLAGS));
        hash.text(constants.utf8(reader.u16()?)?);
        hash.descriptor(constants.utf8(reader.u16()?)?);
        for _ in 0..reader.u16()? {
            let name = constants.utf8(reader.u16()?)?;
            let length = reader.u32()? as usize;
            let mut body = Reader { bytes: reader.take(length)? };
            match name {
                b"Code" => {
                    body.skip(4)?;
                    let length = body.u32()? as usize;
                    code::hash(body.take(length)?, constants, &mut hash)?;
                }
                b"ConstantValue" => constants.hash(body.u16()?, &mut hash),
                _ => {}
            }
        }
        members.push(hash.finish());
    }
    members.sort_unstable();
    Some(members)
}

/// Bytes from begin to end, big endian.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        self.take(count).map(|_| ())
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }
}

/// A hash over what counts (FNV-1a, 64 bits, mixed at the end).
struct Hash(u64);

impl Hash {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    fn number(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    }

    fn text(&mut self, text: &[u8]) {
        text.iter().for_each(|byte| self.byte(*byte));
        self.number(text.len() as u64);
    }

    /// A descriptor with its classes' packages left out: `(Ljava/util/List;I)V` counts as `(LList;I)V`.
    fn descriptor(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some((first, after)) = rest.split_first() {
            self.byte(*first);
            rest = after;
            if *first == b'L' {
                let end = rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len());
                let (class, after) = rest.split_at(end);
                self.text(simple(class));
                rest = after;
            }
        }
        self.number(1);
    }

    const fn finish(&self) -> u64 {
        let mixed = (self.0 ^ (self.0 >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ (mixed >> 32)
    }
}

#[cfg(test)]
mod tests;
