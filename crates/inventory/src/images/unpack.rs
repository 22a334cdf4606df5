//! Unpacks the layers of an image in an OCI layout, so that they can be looked into like those of a runtime's store: a folder a layer, as the
//! kernel lays them over each other.
//!
//! A blob counts only if it has the digest it is named by. Its content is somebody's: a path that leads out, through a link, or too deep is
//! left out, and everything there may be too much of has a limit. What no collector reads is not written.

use super::digits;
use super::layers::Layered;
use super::manifest::Descriptor;
use crate::files::Files;
use aws_lc_rs::digest::{Context, SHA256};
use flate2::read::MultiGzDecoder;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, XattrFlags};
use rustix::io::Errno;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};
use tar::{Archive, Entry, EntryType};

/// Members of all layers of an image.
const MAX_MEMBERS: u64 = 1_000_000;
/// Bytes written of one image.
const MAX_WRITTEN: u64 = 4 << 30;
/// Bytes of one file that is written; a larger one is left out.
const MAX_FILE: u64 = 512 << 20;
/// Bytes that all layers of an image unpack to.
const MAX_UNPACKED: u64 = 64 << 30;
/// Largest packed layer, bytes.
const MAX_PACKED: u64 = 32 << 30;
/// Folders within folders.
const MAX_DEPTH: usize = 64;
/// What stands before a member: its header, and its name and attributes where they do not fit in that. They are read into memory.
const MAX_HEAD: u64 = 1 << 20;
/// What is deleted in a layer is named so, and a folder that hides all below it has such a file.
const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";
/// Nothing in there is looked at.
const UNREAD: [&str; 9] = [
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/i18n",
    "usr/share/zoneinfo",
    "usr/share/fonts",
    "usr/share/icons",
    "usr/include",
];

/// Layers that lie unpacked until this is dropped.
pub(crate) struct Unpacked {
    /// Where, in terms of the host's root.
    pub(crate) layered: Layered,
    folder: PathBuf,
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // What stays is removed at the next start.
        let _ = std::fs::remove_dir_all(&self.folder);
        // The folder around it goes with the last one in it.
        let _ = self.folder.parent().map(std::fs::remove_dir);
    }
}

/// Where to unpack.
pub(crate) struct Scratch<'s> {
    /// In terms of the host's root.
    pub(crate) path: &'s Path,
    /// The host's root, by its path here.
    pub(crate) root: &'s Path,
    /// How long it may take.
    pub(crate) limit: Duration,
}

/// Where a path of the root lies here.
fn here(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// Removes what is left of layers that were unpacked by a process that was killed.
pub(crate) fn tidy(root: &Path, path: &Path) {
    // Where it cannot be removed, unpacking will say so.
    let _ = std::fs::remove_dir_all(here(root, path));
}

/// Unpacks these layers, given from the lowest, whose blobs lie in `blobs`.
///
/// # Errors
/// Why it cannot be done, for people.
pub(crate) fn unpack(
    files: &Files,
    blobs: &Path,
    layers: &[Descriptor],
    scratch: &Scratch<'_>,
) -> Result<Unpacked, String> {
    let failed = |error: io::Error| format!("its layers cannot be unpacked: {error}");
    let folder = here(scratch.root, scratch.path);
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let mut unpacked = Unpacked {
        layered: Layered { folders: Vec::new(), of_user: false },
        folder: folder.clone(),
    };
    let mut budget = Budget {
        members: MAX_MEMBERS,
        written: MAX_WRITTEN,
        unpacked: MAX_UNPACKED,
        until: Instant::now() + scratch.limit,
    };
    for (nth, layer) in layers.iter().enumerate() {
        let name = digits(&layer.digest).ok_or("a layer has no digest of the usual kind")?;
        let path = blobs.join("sha256").join(name);
        let file = files.open(&path, MAX_PACKED).ok_or("a layer is missing or too large")?;
        let own = folder.join(nth.to_string());
        let mut builder = std::fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(builder.recursive(true), 0o700);
        builder.create(&own).map_err(failed)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let into = rustix::fs::open(&own, flags, Mode::empty()).map_err(|it| failed(it.into()))?;
        self::layer(file, &layer.digest, &into, &mut budget)?;
        unpacked.layered.folders.insert(0, scratch.path.join(nth.to_string()));
    }
    if unpacked.layered.folders.is_empty() {
        return Err("it has no layers".to_owned());
    }
    Ok(unpacked)
}

/// What may still be used.
struct Budget {
    members: u64,
    written: u64,
    unpacked: u64,
    until: Instant,
}

/// Hashes what is read.
struct Hashing<R> {
    inner: R,
    context: Context,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.context.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// Takes what is read from a budget and from `head`, and ends with an error where one is used up.
struct Limited<'b, R> {
    inner: R,
    budget: &'b mut Budget,
    head: &'b Cell<u64>,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.budget.unpacked == 0 || Instant::now() > self.budget.until {
            return Err(io::Error::other("it takes too long or unpacks to too much"));
        }
        if self.head.get() == 0 {
            return Err(io::Error::other("the name or the attributes of a file are too long"));
        }
        let most = self.budget.unpacked.min(self.head.get());
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.budget.unpacked -= read as u64;
        self.head.set(self.head.get() - read as u64);
        Ok(read)
    }
}

/// Unpacks one layer into a folder.
fn layer(file: File, digest: &str, into: &OwnedFd, budget: &mut Budget) -> Result<(), String> {
    let broken = |error: io::Error| format!("a layer cannot be unpacked: {error}");
    let mut packed = BufReader::new(Hashing { inner: file, context: Context::new(&SHA256) });
    let magic: Vec<u8> =
        io::BufRead::fill_buf(&mut packed).map_err(broken)?.iter().take(4).copied().collect();
    match magic.as_slice() {
        [0x1f, 0x8b, ..] => members(MultiGzDecoder::new(&mut packed), into, budget)?,
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let decoder = ruzstd::decoding::StreamingDecoder::new(&mut packed);
            let decoder = decoder.map_err(|error| broken(io::Error::other(error.to_string())))?;
            members(decoder, into, budget)?;
        }
        _ => members(&mut packed, into, budget)?,
    }
    // All of it counts, also what comes after the end of the archive.
    io::copy(&mut packed, &mut io::sink()).map_err(broken)?;
    let told = hex::encode(packed.into_inner().context.finish());
    if digits(digest) == Some(told.as_str()) {
        Ok(())
    } else {
        Err("a layer does not have the digest it is named by".to_owned())
    }
}

fn members(reader: impl Read, into: &OwnedFd, budget: &mut Budget) -> Result<(), String> {
    let broken = |error: io::Error| format!("a layer cannot be unpacked: {error}");
    let (mut members, mut written) = (budget.members, budget.written);
    let head = Cell::new(MAX_HEAD);
    let mut archive = Archive::new(Limited { inner: reader, budget, head: &head });
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        head.set(u64::MAX);
        members = members.checked_sub(1).ok_or("its layers have too many files")?;
        let path = entry.path().ok().and_then(|path| within(&path));
        if let Some(path) = path.filter(|path| !UNREAD.iter().any(|it| path.starts_with(it))) {
            let used = member(&mut entry, &path, into, written).map_err(broken)?;
            written = written.saturating_sub(used);
        }
        if written == 0 {
            return Err("its layers unpack to too much".to_owned());
        }
        // Here and not on the way to the next one, where only so much may be read.
        io::copy(&mut entry, &mut io::sink()).map_err(broken)?;
        head.set(MAX_HEAD);
    }
    (budget.members, budget.written) = (members, written);
    Ok(())
}

/// The path of a member below the layer; none where it leads anywhere else.
fn within(path: &Path) -> Option<PathBuf> {
    let mut found = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => found.push(name),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    let fits = !found.as_os_str().is_empty() && found.components().count() <= MAX_DEPTH;
    fits.then_some(found)
}

/// The folder of a path, made where it is not there; none where something else is in the way.
fn folder(into: BorrowedFd<'_>, path: &Path) -> io::Result<Option<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut at = into.try_clone_to_owned()?;
    for name in path {
        let mode = Mode::from_raw_mode(0o700);
        match rustix::fs::mkdirat(&at, name, mode) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(Errno::NAMETOOLONG | Errno::INVAL) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        at = match rustix::fs::openat(&at, name, flags, Mode::empty()) {
            Ok(next) => next,
            Err(Errno::NOTDIR | Errno::LOOP) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
    }
    Ok(Some(at))
}

/// Writes one member, `most` bytes of it at most; answers how many that were.
fn member<R: Read>(
    entry: &mut Entry<'_, R>,
    path: &Path,
    into: &OwnedFd,
    most: u64,
) -> io::Result<u64> {
    let kind = entry.header().entry_type();
    if kind == EntryType::Directory {
        return folder(into.as_fd(), path).map(|_| 0);
    }
    let (parent, Some(name)) = (path.parent().unwrap_or(Path::new("")), path.file_name()) else {
        return Ok(0);
    };
    let Some(parent) = folder(into.as_fd(), parent)? else { return Ok(0) };
    let told = name.to_str().unwrap_or_default();
    if told == OPAQUE {
        let flags = XattrFlags::empty();
        rustix::fs::fsetxattr(&parent, "trusted.overlay.opaque", b"y", flags)?;
        return Ok(0);
    }
    if let Some(gone) = told.strip_prefix(WHITEOUT) {
        if !gone.is_empty() && gone != "." && gone != ".." {
            let none = rustix::fs::makedev(0, 0);
            let mode = Mode::empty();
            place(&parent, gone.as_ref(), || {
                rustix::fs::mknodat(&parent, gone, FileType::CharacterDevice, mode, none)
            })?;
        }
        return Ok(0);
    }
    match kind {
        EntryType::Regular | EntryType::Continuous if entry.size() <= MAX_FILE => {
            let flags =
                OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mode = Mode::from_raw_mode(if entry.header().mode().unwrap_or(0) & 0o111 == 0 {
                0o600
            } else {
                0o700
            });
            let made = place(&parent, name, || rustix::fs::openat(&parent, name, flags, mode))?;
            let Some(file) = made else { return Ok(0) };
            io::copy(&mut entry.take(most), &mut File::from(file))
        }
        EntryType::Symlink => {
            if let Some(target) = entry.link_name()? {
                place(&parent, name, || rustix::fs::symlinkat(target.as_ref(), &parent, name))?;
            }
            Ok(0)
        }
        EntryType::Link => {
            let target = entry.link_name()?.and_then(|it| within(&it));
            if let Some((from, old)) =
                target.as_deref().and_then(|it| Some((it.parent()?, it.file_name()?)))
                && let Some(from) = folder(into.as_fd(), from)?
            {
                place(&parent, name, || {
                    rustix::fs::linkat(&from, old, &parent, name, AtFlags::empty())
                })?;
            }
            Ok(0)
        }
        // Nothing is looked for in devices and pipes, and none is made.
        _ => Ok(0),
    }
}

/// Makes something under a name, in the place of a file that had it; none where that cannot be.
fn place<T>(
    parent: &OwnedFd,
    name: &std::ffi::OsStr,
    make: impl Fn() -> Result<T, Errno>,
) -> io::Result<Option<T>> {
    match make() {
        Err(Errno::EXIST) => {
            if rustix::fs::unlinkat(parent, name, AtFlags::empty()).is_err() {
                return Ok(None);
            }
            make().map(Some).map_err(io::Error::from)
        }
        Err(Errno::NOENT | Errno::NAMETOOLONG | Errno::INVAL | Errno::MLINK | Errno::ISDIR) => {
            Ok(None)
        }
        made => made.map(Some).map_err(io::Error::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::sha256;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::fs;
    use std::io::Write;
    use tar::{Builder, Header};

    /// A layer of these members: type, path, content or target.
    fn layer(members: &[(EntryType, &str, &str)]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (kind, path, text) in members {
            let mut header = Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o644);
            // Past the checks of the builder, as somebody hostile would.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            let content = if matches!(kind, EntryType::Symlink | EntryType::Link) {
                header.set_link_name_literal(text).unwrap();
                ""
            } else {
                *text
            };
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    /// Unpacks these blobs, each told to be of the digest beside it; the folder is that of the root.
    fn unpacked(blobs: &[(Vec<u8>, String)]) -> (Result<Unpacked, String>, tempfile::TempDir) {
        let (files, folder) = crate::files::of(&[("x", "")]);
        let sha = folder.path().join("blobs/sha256");
        fs::create_dir_all(&sha).unwrap();
        for (blob, digest) in blobs {
            fs::write(sha.join(digests(digest)), blob).unwrap();
        }
        let layers: Vec<Descriptor> = blobs
            .iter()
            .map(|(_, digest)| Descriptor { digest: digest.clone(), ..Descriptor::default() })
            .collect();
        let limit = Duration::from_secs(60);
        let scratch = Scratch { path: Path::new("/scratch"), root: folder.path(), limit };
        (unpack(&files, Path::new("/blobs"), &layers, &scratch), folder)
    }

    fn digests(digest: &str) -> &str {
        digest.strip_prefix("sha256:").unwrap()
    }

    fn named(blob: Vec<u8>) -> (Vec<u8>, String) {
        let digest = sha256(&blob);
        (blob, digest)
    }

    const FILE: EntryType = EntryType::Regular;

    #[test]
    fn nothing_leads_out_of_a_layer() {
        let hostile = layer(&[
            (FILE, "../out", "x"),
            (FILE, "/etc/a", "absolute"),
            (FILE, "./b/../../out", "x"),
            (EntryType::Symlink, "link", "/"),
            (FILE, "link/out", "x"),
            (EntryType::Link, "hard", "../x"),
            (EntryType::Link, "gone", "nowhere"),
            (EntryType::Link, "same", "etc/a"),
            (EntryType::Char, "device", ""),
            (EntryType::Fifo, "pipe", ""),
            (FILE, "usr/share/doc/x", "unread"),
            (FILE, "etc/a", "twice"),
            (FILE, &"d/".repeat(49), "a folder by its name"),
        ]);
        let (unpacked, folder) = unpacked(&[named(hostile)]);
        let unpacked = unpacked.unwrap();
        let own = folder.path().join("scratch/0");
        assert_eq!(unpacked.layered.folders, [PathBuf::from("/scratch/0")]);
        let mut names: Vec<_> = fs::read_dir(&own)
            .unwrap()
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["d", "etc", "link", "same"]);
        assert_eq!(fs::read_to_string(own.join("etc/a")).unwrap(), "twice");
        assert_eq!(fs::read_to_string(own.join("same")).unwrap(), "absolute");
        for out in ["out", "scratch/out"] {
            assert!(!folder.path().join(out).exists(), "{out}");
        }
        drop(unpacked);
        assert!(!folder.path().join("scratch").exists());
    }

    #[test]
    fn packed_layers_are_unpacked_in_their_order() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&layer(&[(FILE, "a", "1")])).unwrap();
        let above =
            layer(&[(FILE, "dir/.wh..wh..opq", ""), (FILE, ".wh.a", ""), (FILE, ".wh...", "")]);
        let (unpacked, folder) = unpacked(&[named(gzip.finish().unwrap()), named(above)]);
        let unpacked = match unpacked {
            // Marks of what is deleted take root's rights.
            Err(why) if why.contains("not permitted") => return,
            unpacked => unpacked.unwrap(),
        };
        let folders = [PathBuf::from("/scratch/1"), PathBuf::from("/scratch/0")];
        assert_eq!(unpacked.layered.folders, folders);
        assert_eq!(fs::read_to_string(folder.path().join("scratch/0/a")).unwrap(), "1");
        let gone = rustix::fs::lstat(folder.path().join("scratch/1/a")).unwrap();
        assert_eq!(
            (FileType::from_raw_mode(gone.st_mode), gone.st_rdev),
            (FileType::CharacterDevice, 0)
        );
    }

    #[test]
    fn only_what_has_its_digest_counts_and_only_so_much_of_it() {
        let plain = layer(&[(FILE, "a", "1")]);
        let other = sha256(b"other");
        let why = |blobs: &[(Vec<u8>, String)]| unpacked(blobs).0.err().unwrap();
        assert!(why(&[(plain.clone(), other)]).contains("digest"));
        assert!(why(&[named(plain[..600].to_vec())]).contains("cannot be unpacked"));
        assert!(why(&[named(vec![0x1f, 0x8b, 0, 0])]).contains("cannot be unpacked"));
        assert!(why(&[named(vec![0x28, 0xb5, 0x2f, 0xfd, 0xff])]).contains("cannot be unpacked"));
        assert!(why(&[]).contains("no layers"));
        let into = |budget: &mut Budget| {
            let folder = tempfile::tempdir().unwrap();
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            let fd = rustix::fs::open(folder.path(), flags, Mode::empty()).unwrap();
            members(plain.as_slice(), &fd, budget).unwrap_err()
        };
        let until = Instant::now() + Duration::from_secs(60);
        let budget = || Budget { members: 9, written: 99, unpacked: 9_999, until };
        assert!(into(&mut Budget { members: 0, ..budget() }).contains("too many files"));
        assert!(into(&mut Budget { written: 1, ..budget() }).contains("too much"));
        assert!(into(&mut Budget { unpacked: 600, ..budget() }).contains("too much"));
    }

    #[test]
    fn a_name_that_fills_the_memory_is_not_read() {
        for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
            let name = |length: usize| "n".repeat(length);
            let (long, larger) = (name(600_000), name(2 << 20));
            // One of a few hundred kilobytes names a file that cannot be; the next file is there all the same.
            let fits = layer(&[(kind, "x", &long), (FILE, "a", "1"), (FILE, "b", &larger)]);
            let (unpacked_one, folder) = unpacked(&[named(fits)]);
            assert!(unpacked_one.is_ok(), "{kind:?}: {:?}", unpacked_one.err());
            let written = fs::metadata(folder.path().join("scratch/0/b")).unwrap().len();
            assert_eq!(written, 2 << 20);
            let over = layer(&[(kind, "x", &larger), (FILE, "a", "1")]);
            let why = unpacked(&[named(over)]).0.err().unwrap();
            assert!(why.contains("too long"), "{kind:?}: {why}");
        }
    }
}
