//! The constant pool.

use super::{Hash, Reader, simple};

/// One entry, as far as fingerprints look at it.
#[derive(Clone, Copy)]
enum Constant<'a> {
    Utf8(&'a [u8]),
    Number(u64),
    Class(u16),
    String(u16),
    Member(u16, u16),
    NameAndType(u16, u16),
    /// A method's type, a handle, a call site: the number of its kind and one reference.
    Other(u8, u16),
    None,
}

pub(super) struct Constants<'a> {
    entries: Vec<Constant<'a>>,
}

impl<'a> Constants<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let count = usize::from(reader.u16()?);
        let mut entries = Vec::with_capacity(count.min(reader.bytes.len()));
        entries.push(Constant::None);
        while entries.len() < count {
            let tag = reader.u8()?;
            let entry = match tag {
                1 => {
                    let length = usize::from(reader.u16()?);
                    Constant::Utf8(reader.take(length)?)
                }
                3 | 4 => Constant::Number(u64::from(reader.u32()?)),
                5 | 6 => {
                    let high = u64::from(reader.u32()?);
                    Constant::Number(high << 32 | u64::from(reader.u32()?))
                }
                7 => Constant::Class(reader.u16()?),
                8 => Constant::String(reader.u16()?),
                9..=11 => Constant::Member(reader.u16()?, reader.u16()?),
                12 => Constant::NameAndType(reader.u16()?, reader.u16()?),
                15 => {
                    reader.skip(1)?;
                    Constant::Other(tag, reader.u16()?)
                }
                16 | 19 | 20 => Constant::Other(tag, reader.u16()?),
                17 | 18 => {
                    reader.skip(2)?;
                    Constant::Other(tag, reader.u16()?)
                }
                _ => return None,
            };
            entries.push(entry);
            // A long or a double takes two places.
            if matches!(tag, 5 | 6) {
                entries.push(Constant::None);
            }
        }
        Some(Self { entries })
    }

    fn get(&self, at: u16) -> Constant<'a> {
        self.entries.get(usize::from(at)).copied().unwrap_or(Constant::None)
    }

    pub(super) fn utf8(&self, at: u16) -> Option<&'a [u8]> {
        match self.get(at) {
            Constant::Utf8(text) => Some(text),
            _ => None,
        }
    }

    /// The internal name of a class.
    pub(super) fn class(&self, at: u16) -> Option<&'a [u8]> {
        match self.get(at) {
            Constant::Class(name) => self.utf8(name),
            _ => None,
        }
    }

    /// What an instruction or a field refers to.
    pub(super) fn hash(&self, at: u16, hash: &mut Hash) {
        match self.get(at) {
            Constant::Number(number) => hash.number(number),
            Constant::Class(name) => self.class_name(name, hash),
            // A text with a dot or a slash may be the name of a class or a resource, which moving changes.
            Constant::String(text) => match self.utf8(text) {
                Some(text) if !text.iter().any(|byte| matches!(byte, b'.' | b'/')) => {
                    hash.text(text);
                }
                _ => hash.number(2),
            },
            Constant::Member(class, member) => {
                if let Constant::Class(name) = self.get(class) {
                    self.class_name(name, hash);
                }
                self.name_and_type(member, hash);
            }
            Constant::Other(kind @ (17 | 18), member) => {
                hash.number(u64::from(kind));
                self.name_and_type(member, hash);
            }
            Constant::Other(16, descriptor) => {
                hash.descriptor(self.utf8(descriptor).unwrap_or_default());
            }
            Constant::Utf8(_)
            | Constant::NameAndType(..)
            | Constant::Other(..)
            | Constant::None => {
                hash.number(3);
            }
        }
    }

    /// The name of a class, or the descriptor of an array.
    fn class_name(&self, name: u16, hash: &mut Hash) {
        let name = self.utf8(name).unwrap_or_default();
        if name.starts_with(b"[") { hash.descriptor(name) } else { hash.text(simple(name)) }
    }

    fn name_and_type(&self, at: u16, hash: &mut Hash) {
        if let Constant::NameAndType(name, descriptor) = self.get(at) {
            hash.text(self.utf8(name).unwrap_or_default());
            hash.descriptor(self.utf8(descriptor).unwrap_or_default());
        }
    }
}
