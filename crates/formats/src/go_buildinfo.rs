//! The list of modules that the Go linker leaves in every program.
//!
//! Source of the layout: Go's `debug/buildinfo` package. Since Go 1.18 the strings follow the header; before,
//! the header held pointers to them. Of ELF files only the section in question is read; in programs of Windows and macOS the
//! header is looked for, and its strings have to follow it.

use crate::read_at::ReadAt;

const MAGIC: &[u8; 14] = b"\xff Go buildinf:";
/// Longest module list read, bytes.
const MAX_LIST: u64 = 4 << 20;
const MAX_SECTIONS: u64 = 10_000;
/// How far into the data segment the header is looked for when the section table is gone.
const SEARCH: u64 = 1 << 20;

/// A module and the version that was linked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// Import path.
    pub path: String,
    /// Version (`v1.9.1`), `(devel)` or empty for what was built from a working copy.
    pub version: String,
}

/// What a Go program says of its build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildInfo {
    /// Go's version, `go1.21.3`.
    pub go_version: String,
    /// The main module.
    pub main: Module,
    /// How it was built, `-ldflags` among it.
    pub settings: Vec<(String, String)>,
    /// The modules linked in, replacements in the place of what they replace.
    pub modules: Vec<Module>,
}

impl BuildInfo {
    /// The value the linker was told to give a variable (`-X main.Version=1.2`), where the build recorded it.
    pub fn linked_value(&self, variable: &str) -> Option<&str> {
        let (_, flags) = self.settings.iter().find(|(key, _)| key == "-ldflags")?;
        let needle = format!("{variable}=");
        let value = flags.split_once(&needle)?.1;
        let value = value.split(['"', '\'', ' ', '\\']).next()?;
        (!value.is_empty()).then_some(value)
    }
}

/// Reads the module list of a program. None when it is none, or no Go program.
pub fn read(source: &dyn ReadAt) -> Option<BuildInfo> {
    let Some(elf) = Elf::open(source) else { return search(source) };
    let (at, address) = elf.build_info()?;
    let header = elf.bytes(at, 32)?;
    if !header.starts_with(MAGIC) {
        return None;
    }
    let pointer_size = u64::from(*header.get(14)?);
    let flags = *header.get(15)?;
    let (version, list) = if flags & 2 != 0 {
        let (version, used) = elf.inline_string(at.checked_add(32)?)?;
        (version, elf.inline_string(at.checked_add(32 + used)?)?.0)
    } else {
        let string = |slot: u64| {
            let slot = address.checked_add(16 + slot * pointer_size)?;
            let header = elf.pointer(slot, pointer_size)?;
            let text = elf.pointer(header, pointer_size)?;
            let length = elf.pointer(header.checked_add(pointer_size)?, pointer_size)?;
            elf.bytes(elf.offset_of(text)?, length)
        };
        (string(0)?, string(1).unwrap_or_default())
    };
    let version = String::from_utf8_lossy(&version).into_owned();
    if !version.starts_with("go") && !version.starts_with("devel") {
        return None;
    }
    Some(parse_list(version, &list))
}

/// Looks for the header in a program of Windows or macOS.
fn search(source: &dyn ReadAt) -> Option<BuildInfo> {
    let mut magic = [0; 4];
    source.read_at(&mut magic, 0).ok()?;
    if !matches!(magic, [b'M', b'Z', ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe]) {
        return None;
    }
    let file = Elf { source, wide: true, big_endian: false, segments: Vec::new() };
    let mut at = 0;
    while at < source.size() {
        let window = file.bytes(at, SEARCH.min(source.size() - at))?;
        for found in memchr::memmem::find_iter(&window, MAGIC) {
            // A program that reads such headers itself has the magic among its texts.
            if let Some(info) = file.inline(at + found as u64) {
                return Some(info);
            }
        }
        at += SEARCH - MAGIC.len() as u64;
    }
    None
}

/// Reads the list itself: lines of tab-separated fields between two 16-byte markers.
fn parse_list(go_version: String, list: &[u8]) -> BuildInfo {
    let body = match list.len().checked_sub(16) {
        Some(end) if end > 16 && list.get(end - 1) == Some(&b'\n') => list.get(16..end),
        _ => None,
    };
    let mut info = BuildInfo { go_version, ..BuildInfo::default() };
    let text = String::from_utf8_lossy(body.unwrap_or_default()).into_owned();
    for line in text.lines() {
        let mut fields = line.split('\t');
        let kind = fields.next().unwrap_or_default();
        let module = Module {
            path: fields.next().unwrap_or_default().to_owned(),
            version: fields.next().unwrap_or_default().to_owned(),
        };
        match kind {
            "mod" => info.main = module,
            "build" => {
                let (_, setting) = line.split_once('\t').unwrap_or_default();
                if let Some((key, value)) = setting.split_once('=') {
                    info.settings.push((key.to_owned(), value.to_owned()));
                }
            }
            "dep" => info.modules.push(module),
            "=>" => {
                if let Some(replaced) = info.modules.last_mut() {
                    *replaced = module;
                }
            }
            _ => {}
        }
    }
    info
}

struct Elf<'a> {
    source: &'a dyn ReadAt,
    wide: bool,
    big_endian: bool,
    /// Address, file offset, size in the file, writable.
    segments: Vec<(u64, u64, u64, bool)>,
}

impl<'a> Elf<'a> {
    fn open(source: &'a dyn ReadAt) -> Option<Self> {
        let mut ident = [0; 16];
        source.read_at(&mut ident, 0).ok()?;
        if !ident.starts_with(b"\x7fELF") {
            return None;
        }
        let mut elf = Self {
            source,
            wide: ident.get(4) == Some(&2),
            big_endian: ident.get(5) == Some(&2),
            segments: Vec::new(),
        };
        let (at, size, count) = if elf.wide {
            (elf.number(32, 8)?, elf.number(54, 2)?, elf.number(56, 2)?)
        } else {
            (elf.number(28, 4)?, elf.number(42, 2)?, elf.number(44, 2)?)
        };
        for index in 0..count.min(256) {
            let at = at.checked_add(index * size)?;
            let loaded = elf.number(at, 4)? == 1;
            let (flags, offset, address, filled) =
                if elf.wide { (4, 8, 16, 32) } else { (24, 4, 8, 16) };
            if loaded {
                let field = |into, size| elf.number(at.checked_add(into)?, size);
                let word = elf.word();
                let segment = (
                    field(address, word)?,
                    field(offset, word)?,
                    field(filled, word)?,
                    field(flags, 4)? & 2 != 0,
                );
                elf.segments.push(segment);
            }
        }
        Some(elf)
    }

    /// What follows a header at this place of the file.
    fn inline(&self, at: u64) -> Option<BuildInfo> {
        if self.number(at.checked_add(15)?, 1)? & 2 == 0 {
            return None;
        }
        let (version, used) = self.inline_string(at.checked_add(32)?)?;
        let (list, _) = self.inline_string(at.checked_add(32 + used)?)?;
        let version = String::from_utf8(version).ok()?;
        version.starts_with("go").then(|| parse_list(version, &list))
    }

    const fn word(&self) -> u64 {
        if self.wide { 8 } else { 4 }
    }

    fn bytes(&self, at: u64, count: u64) -> Option<Vec<u8>> {
        if count > MAX_LIST || at.checked_add(count)? > self.source.size() {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(count).ok()?];
        self.source.read_at(&mut bytes, at).ok()?;
        Some(bytes)
    }

    /// An unsigned number of 2, 4 or 8 bytes.
    fn number(&self, at: u64, size: u64) -> Option<u64> {
        let mut bytes = self.bytes(at, size)?;
        if !self.big_endian {
            bytes.reverse();
        }
        Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }

    /// File offset and address of the header: its own section, or within the writable data.
    fn build_info(&self) -> Option<(u64, u64)> {
        if let Some(found) = self.section(b".go.buildinfo\0") {
            return Some(found);
        }
        let (address, offset, size, _) = *self.segments.iter().find(|segment| segment.3)?;
        let data = self.bytes(offset, size.min(SEARCH))?;
        let at = data.chunks(16).position(|chunk| chunk.starts_with(MAGIC))? as u64 * 16;
        Some((offset.checked_add(at)?, address.checked_add(at)?))
    }

    fn section(&self, name: &[u8]) -> Option<(u64, u64)> {
        let (table, size, count, names) = if self.wide {
            (self.number(40, 8)?, self.number(58, 2)?, self.number(60, 2)?, self.number(62, 2)?)
        } else {
            (self.number(32, 4)?, self.number(46, 2)?, self.number(48, 2)?, self.number(50, 2)?)
        };
        let word = self.word();
        let (address, offset) = (8 + word, 8 + 2 * word);
        let at = |index: u64| table.checked_add(index.checked_mul(size)?);
        let names = self.number(at(names)?.checked_add(offset)?, word)?;
        (0..count.min(MAX_SECTIONS)).find_map(|index| {
            let at = at(index)?;
            let name_at = names.checked_add(self.number(at, 4)?)?;
            if self.bytes(name_at, name.len() as u64)? != name {
                return None;
            }
            Some((
                self.number(at.checked_add(offset)?, word)?,
                self.number(at.checked_add(address)?, word)?,
            ))
        })
    }

    /// Where in the file an address lies.
    fn offset_of(&self, address: u64) -> Option<u64> {
        self.segments.iter().find_map(|(start, offset, size, _)| {
            let into = address.checked_sub(*start)?;
            (into < *size).then(|| offset.checked_add(into))?
        })
    }

    fn pointer(&self, address: u64, size: u64) -> Option<u64> {
        if size != 4 && size != 8 {
            return None;
        }
        self.number(self.offset_of(address)?, size)
    }

    /// A string with its length in front, seven bits a byte; also how many bytes both take.
    fn inline_string(&self, at: u64) -> Option<(Vec<u8>, u64)> {
        let mut length = 0_u64;
        for index in 0..5 {
            let byte = self.number(at.checked_add(index)?, 1)?;
            length |= (byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                let start = at.checked_add(index + 1)?;
                return Some((self.bytes(start, length)?, index + 1 + length));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIST: &[u8] = b"0123456789abcdefpath\tx.org/app\nmod\tx.org/app\t(devel)\t\n\
        dep\tgithub.com/gin-gonic/gin\tv1.9.1\th1:x=\ndep\told.org/a\tv1.0.0\n=>\tnew.org/a\tv2.0.0\th1:y=\n\
        build\t-compiler=gc\nbuild\t-ldflags=\"-s -X \\\"main.Version=1.21.0\\\"\"\n0123456789abcdef";

    /// A 64-bit little-endian ELF file with one writable segment and no sections.
    fn program(payload: &[u8]) -> Vec<u8> {
        let mut elf = vec![0; 64 + 56];
        elf[..6].copy_from_slice(b"\x7fELF\x02\x01");
        elf[32] = 64;
        elf[54] = 56;
        elf[56] = 1;
        elf[64] = 1;
        elf[68] = 6;
        elf[72] = 128;
        elf[80..88].copy_from_slice(&0x40_0000_u64.to_le_bytes());
        elf[96..104].copy_from_slice(&(payload.len() as u64).to_le_bytes());
        elf.resize(128, 0);
        elf.extend(payload);
        elf
    }

    fn inline() -> Vec<u8> {
        let mut payload = vec![0; 16];
        payload.extend(MAGIC);
        payload.extend([8, 2]);
        payload.extend([0; 16]);
        payload.extend([8]);
        payload.extend(b"go1.21.3");
        let [low, high] = u16::try_from(LIST.len()).unwrap().to_le_bytes();
        payload.extend([low | 0x80, high << 1 | low >> 7]);
        payload.extend(LIST);
        program(&payload)
    }

    #[test]
    fn the_list_follows_the_header() {
        let info = read(&inline()).unwrap();
        assert_eq!(info.go_version, "go1.21.3");
        assert_eq!(info.main.path, "x.org/app");
        assert_eq!(info.linked_value("main.Version"), Some("1.21.0"));
        assert_eq!(info.linked_value("main.Other"), None);
        let modules: Vec<_> =
            info.modules.iter().map(|m| (m.path.as_str(), m.version.as_str())).collect();
        assert_eq!(modules, [("github.com/gin-gonic/gin", "v1.9.1"), ("new.org/a", "v2.0.0")]);
    }

    #[test]
    fn older_programs_point_to_it() {
        let base = 0x40_0000_u64;
        let mut payload = Vec::new();
        payload.extend(MAGIC);
        payload.extend([8, 0]);
        payload.extend((base + 32).to_le_bytes());
        payload.extend((base + 48).to_le_bytes());
        payload.extend((base + 64).to_le_bytes());
        payload.extend(6_u64.to_le_bytes());
        payload.extend((base + 70).to_le_bytes());
        payload.extend((LIST.len() as u64).to_le_bytes());
        payload.extend(b"go1.16");
        payload.extend(LIST);
        assert_eq!(read(&program(&payload)).unwrap().modules.len(), 2);
    }

    #[test]
    fn other_programs_have_none() {
        assert_eq!(read(&program(&[0; 64])), None);
        assert_eq!(read(&b"#!/bin/sh".to_vec()), None);
    }

    proptest! {
        #[test]
        fn never_panics(noise in proptest::collection::vec(any::<(u16, u8)>(), 0..12)) {
            let mut bytes = inline();
            for (at, value) in noise {
                let at = usize::from(at) % bytes.len();
                bytes[at] = value;
            }
            let _ = read(&bytes);
        }
    }
}
