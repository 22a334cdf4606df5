//! The header of a package: an index of tags over a store of values, big-endian throughout (rpm's manual,
//! "Package format", the header structure; a header in the database lacks the eight magic bytes).

use crate::order::{Broken, CUT, Order, Result, index};
use std::borrow::Cow;

const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const INSTALL_TIME: u32 = 1008;
const VENDOR: u32 = 1011;
const ARCH: u32 = 1022;
const OLD_FILE_NAMES: u32 = 1027;
const FILE_STATES: u32 = 1029;
const FILE_MODES: u32 = 1030;
const SOURCE_RPM: u32 = 1044;
const DIR_INDEXES: u32 = 1116;
const BASE_NAMES: u32 = 1117;
const DIR_NAMES: u32 = 1118;
const MODULARITY: u32 = 5096;

const INT16: u32 = 3;
const INT32: u32 = 4;
const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const I18N_STRING: u32 = 9;

/// Bytes of one index entry: tag, type, offset, count.
const ENTRY: usize = 16;
/// Most index entries rpm itself accepts.
const MAX_ENTRIES: usize = 0xffff;
/// Type bits of a mode, and those of a folder.
const TYPE_BITS: u16 = 0o170_000;
const FOLDER: u16 = 0o040_000;

/// A header whose index has been checked.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    entries: &'a [u8],
    store: &'a [u8],
}

/// What the inventory needs of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package<'a> {
    /// Name.
    pub name: Cow<'a, str>,
    /// Version, without epoch and release.
    pub version: Cow<'a, str>,
    /// Release.
    pub release: Cow<'a, str>,
    /// Epoch; none is not the same as 0 when printed.
    pub epoch: Option<u32>,
    /// Architecture; empty for the keys rpm keeps as packages.
    pub arch: Cow<'a, str>,
    /// Vendor.
    pub vendor: Cow<'a, str>,
    /// File name of the source package.
    pub source_rpm: Cow<'a, str>,
    /// Module the package was built in (`nodejs:18:...`), empty for most.
    pub module: Cow<'a, str>,
    /// Seconds since 1970.
    pub installed: Option<u32>,
}

impl Package<'_> {
    /// `epoch:version-release` as `%{EVR}` prints it, without the epoch where there is none.
    pub fn evr(&self) -> String {
        let (version, release) = (&self.version, &self.release);
        match self.epoch {
            Some(epoch) => format!("{epoch}:{version}-{release}"),
            None => format!("{version}-{release}"),
        }
    }

    /// Name and version-release of the source package, from its file name `NAME-VERSION-RELEASE.src.rpm`.
    pub fn source(&self) -> Option<(&str, &str)> {
        let stem = self.source_rpm.strip_suffix(".rpm")?;
        let stem = stem.strip_suffix(".src").or_else(|| stem.strip_suffix(".nosrc"))?;
        let release = stem.rfind('-')?;
        let version = stem.get(..release)?.rfind('-')?;
        Some((stem.get(..version)?, stem.get(version + 1..)?))
    }
}

impl<'a> Header<'a> {
    /// Checks the lengths of a header.
    ///
    /// # Errors
    /// When the index or the store is longer than the header.
    pub fn new(blob: &'a [u8]) -> Result<Self> {
        let count = index(Order::Big.u32(blob, 0)?)?;
        let size = index(Order::Big.u32(blob, 4)?)?;
        if count > MAX_ENTRIES {
            return Err(Broken("a header with more than 65535 entries"));
        }
        let (entries, store) =
            blob.get(8..).and_then(|rest| rest.split_at_checked(count * ENTRY)).ok_or(CUT)?;
        Ok(Self { entries, store: store.get(..size).ok_or(CUT)? })
    }

    /// The package.
    ///
    /// # Errors
    /// When there is no name or no version.
    pub fn package(&self) -> Result<Package<'a>> {
        let package = Package {
            name: self.text(NAME),
            version: self.text(VERSION),
            release: self.text(RELEASE),
            epoch: self.int(EPOCH),
            arch: self.text(ARCH),
            vendor: self.text(VENDOR),
            source_rpm: self.text(SOURCE_RPM),
            module: self.text(MODULARITY),
            installed: self.int(INSTALL_TIME),
        };
        if package.name.is_empty() || package.version.is_empty() {
            return Err(Broken("a package without name or version"));
        }
        Ok(package)
    }

    /// Calls `each` with the absolute path of every file of the package that is installed; folders are
    /// left out.
    pub fn paths(&self, each: &mut dyn FnMut(&[u8])) {
        let states = self.find(FILE_STATES).map_or(&[][..], |(_, bytes, _)| bytes);
        let modes = self.find(FILE_MODES).filter(|(ty, ..)| *ty == INT16);
        let wanted = |at: usize| {
            // 1: replaced by another package's file; 2: left out, such as documentation.
            let there = !matches!(states.get(at), Some(1 | 2));
            let mode = modes.and_then(|(_, modes, _)| Order::Big.u16(modes, at * 2).ok());
            there && mode.is_none_or(|mode| mode & TYPE_BITS != FOLDER)
        };
        let folders: Vec<_> = self.strings(DIR_NAMES).collect();
        let places = self.find(DIR_INDEXES).filter(|(ty, ..)| *ty == INT32);
        let mut path = Vec::new();
        for (at, base) in self.strings(BASE_NAMES).enumerate() {
            let folder = places
                .and_then(|(_, places, _)| Order::Big.u32(places, at.checked_mul(4)?).ok())
                .and_then(|place| folders.get(usize::try_from(place).ok()?));
            if let Some(folder) = folder.filter(|_| wanted(at)) {
                path.clear();
                path.extend_from_slice(folder);
                path.extend_from_slice(base);
                each(&path);
            }
        }
        for (at, path) in self.strings(OLD_FILE_NAMES).enumerate() {
            if wanted(at) {
                each(path);
            }
        }
    }

    /// Type, bytes from its offset on, and count of a tag.
    fn find(&self, tag: u32) -> Option<(u32, &'a [u8], usize)> {
        let entry =
            self.entries.chunks_exact(ENTRY).find(|entry| Order::Big.u32(entry, 0) == Ok(tag))?;
        let word = |at| Order::Big.u32(entry, at).ok();
        let offset = usize::try_from(word(8)?).ok()?;
        Some((word(4)?, self.store.get(offset..)?, usize::try_from(word(12)?).ok()?))
    }

    fn text(&self, tag: u32) -> Cow<'a, str> {
        self.strings(tag).next().map(String::from_utf8_lossy).unwrap_or_default()
    }

    fn int(&self, tag: u32) -> Option<u32> {
        let (ty, bytes, count) = self.find(tag)?;
        (ty == INT32 && count > 0).then(|| Order::Big.u32(bytes, 0).ok())?
    }

    /// The strings of a tag. Each takes at least its NUL, so a false count cannot make more of them than
    /// there are bytes.
    fn strings(&self, tag: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (mut rest, count) = match self.find(tag) {
            Some((STRING, bytes, _)) => (bytes, 1),
            Some((STRING_ARRAY | I18N_STRING, bytes, count)) => (bytes, count),
            _ => (&[][..], 0),
        };
        std::iter::from_fn(move || {
            let end = rest.iter().position(|&byte| byte == 0)?;
            let (text, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            Some(text)
        })
        .take(count)
    }
}
