//! Kernel modules: what is in a `.ko` file, and the lists that name them.
//!
//! At most [`MAX_BYTES`] of a module are unpacked; the largest in use have about 30 MB.

use flate2::read::GzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::Stream;
use object::{Object, ObjectSection};
use ruzstd::decoding::StreamingDecoder;
use std::io::{self, Read};

/// Most bytes of an unpacked module.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Memory the decoders may take for their windows; modules are packed with 2 to 8 MB.
const MAX_WINDOW: u64 = 32 * 1024 * 1024;

/// What a module says of itself in its `.modinfo` section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModInfo {
    /// Its name, as `/proc/modules` has it.
    pub name: String,
    /// `MODULE_VERSION`; most have none.
    pub version: String,
    /// Checksum of its source, written by modpost.
    pub srcversion: String,
    /// `MODULE_DESCRIPTION`.
    pub description: String,
    /// `MODULE_LICENSE`.
    pub license: String,
    /// `MODULE_AUTHOR`, as often as given.
    pub authors: Vec<String>,
    /// Kernel and options it was built for.
    pub vermagic: String,
    /// Built together with its kernel.
    pub intree: bool,
    /// A signature is appended to it. Whether that holds is the kernel's business.
    pub signed: bool,
}

/// Reads a module file, packed or not.
///
/// # Errors
/// `InvalidData` for damaged, too large, or other files than modules; what reading gives.
pub fn read(mut file: impl Read) -> io::Result<ModInfo> {
    let mut magic = [0; 4];
    file.read_exact(&mut magic)?;
    let file = magic.as_slice().chain(file);
    let mut bytes = Vec::new();
    match magic {
        [0x7f, b'E', b'L', b'F'] => limited(file, &mut bytes)?,
        [0x1f, 0x8b, ..] => limited(GzDecoder::new(file), &mut bytes)?,
        [0xfd, b'7', b'z', b'X'] => {
            let stream = Stream::new_stream_decoder(MAX_WINDOW, 0).map_err(damaged)?;
            limited(XzDecoder::new_stream(file, stream), &mut bytes)?;
        }
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let decoder = StreamingDecoder::new_with_max_window_size(file, MAX_WINDOW);
            limited(decoder.map_err(damaged)?, &mut bytes)?;
        }
        _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "not a kernel module")),
    }
    ModInfo::parse(&bytes)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no .modinfo section"))
}

fn limited(reader: impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    reader.take(MAX_BYTES + 1).read_to_end(bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "unpacks to more than 64 MiB"));
    }
    Ok(())
}

fn damaged(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

impl ModInfo {
    /// Reads an unpacked module; nothing if it is none.
    pub fn parse(elf: &[u8]) -> Option<Self> {
        const SIGNATURE: &[u8] = b"~Module signature appended~\n";
        let file = object::File::parse(elf).ok()?;
        let section = file.section_by_name_bytes(b".modinfo")?;
        let mut info = Self { signed: elf.ends_with(SIGNATURE), ..Self::default() };
        for entry in section.data().ok()?.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((key, value)) = entry.split_once('=') else { continue };
            let value = value.to_owned();
            match key {
                "name" => info.name = value,
                "version" => info.version = value,
                "srcversion" => info.srcversion = value,
                "description" => info.description = value,
                "license" => info.license = value,
                "author" if info.authors.len() < 100 => info.authors.push(value),
                "vermagic" => info.vermagic = value,
                "intree" => info.intree = value == "Y",
                _ => {}
            }
        }
        Some(info)
    }
}

/// A line of `/proc/modules`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// Bytes in memory.
    pub size: i64,
    /// `Live`, `Loading` or `Unloading`.
    pub state: String,
    /// Letters of what it taints the kernel with (`O` out of tree, `E` unsigned, `P` proprietary ...).
    pub taints: String,
}

/// Reads `/proc/modules`.
pub fn loaded(text: &str) -> Vec<Loaded> {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [name, size, _users, _used_by, state, ..] = fields.as_slice() else { return None };
        let taints = fields.get(6).copied().unwrap_or_default().trim_matches(['(', ')']);
        Some(Loaded {
            name: (*name).to_owned(),
            size: size.parse().ok()?,
            state: (*state).to_owned(),
            taints: taints.to_owned(),
        })
    };
    text.lines().filter_map(line).collect()
}

/// The paths in `modules.dep`, relative to the file unless they begin with `/`.
pub fn paths(modules_dep: &str) -> impl Iterator<Item = &str> {
    modules_dep.lines().filter_map(|line| line.split_once(':')).map(|(path, _)| path.trim())
}

/// The name under which the module of a file is loaded; nothing if it is no module's.
pub fn name_of(path: &str) -> Option<String> {
    let file = path.rsplit('/').next()?;
    let stem =
        [".ko", ".ko.gz", ".ko.xz", ".ko.zst"].iter().find_map(|end| file.strip_suffix(end))?;
    Some(stem.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_loaded_ones_are_listed() {
        let text =
            "xfs 2150400 1 - Live 0xffffffffc0a00000 (OE)\nloop 40960 0 - Loading 0x0\nbad\n";
        let modules = loaded(text);
        assert_eq!(modules.len(), 2);
        assert_eq!((modules[0].size, modules[0].taints.as_str()), (2_150_400, "OE"));
        assert_eq!((modules[1].name.as_str(), modules[1].state.as_str()), ("loop", "Loading"));
    }

    #[test]
    fn a_file_is_loaded_under_its_stem() {
        assert_eq!(name_of("kernel/fs/snd-hda-intel.ko.xz").unwrap(), "snd_hda_intel");
        assert_eq!(name_of("x.ko").unwrap(), "x");
        assert_eq!(name_of("x.ko.bz2"), None);
        let dep = "kernel/a.ko: kernel/b.ko\n/opt/c.ko.zst:\nbroken\n";
        assert_eq!(paths(dep).collect::<Vec<_>>(), ["kernel/a.ko", "/opt/c.ko.zst"]);
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let endless = io::repeat(0);
        let error = limited(endless, &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "unpacks to more than 64 MiB");
    }

    proptest! {
        #[test]
        fn anything_can_be_read(which in 0_usize..5, tail: Vec<u8>) {
            let magics: [&[u8]; 5] =
                [b"\x7fELF", b"\x1f\x8b\x08\0", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b""];
            let mut bytes = magics[which].to_vec();
            bytes.extend(tail);
            let _ = read(bytes.as_slice());
            let _ = ModInfo::parse(&bytes);
        }

        #[test]
        fn any_list_can_be_read(text in "[a-z0-9 :/.()\\n-]{0,200}") {
            let _ = (loaded(&text), paths(&text).filter_map(name_of).count());
        }
    }
}
