//! Archives made to end whoever opens them. Each has its verdict; none costs much.

use crate::pack::{self, Raw};
use crate::{purls, scan_within, troubles};
use muster_sca::Limits;
use std::time::Duration;

const LOCK: &[u8] = br#"{"packages":{"node_modules/ms":{"version":"2.1.3"}}}"#;
const MS: &[&str] = &["pkg:npm/ms@2.1.3"];

/// An archive, and what is said of it.
struct Bomb {
    name: &'static str,
    file: &'static str,
    bytes: Vec<u8>,
    limits: Limits,
    verdict: Verdict,
    /// What is found all the same.
    found: &'static [&'static str],
}

/// The code of what was said, and of what.
enum Verdict {
    /// The scan ended there.
    Ends(&'static str),
    /// A member or archive is called so, and all the rest was looked at.
    Says(&'static str, &'static str),
    /// There is nothing wrong with it.
    Fine,
}
use Verdict::{Ends, Fine, Says};

fn zeros(mebibytes: usize) -> Vec<u8> {
    vec![0; mebibytes << 20]
}

/// A file that somebody wants, `times` in an archive of its own.
fn nested(times: usize) -> Vec<u8> {
    let lock = pack::zip(&[("package-lock.json", LOCK)]);
    (0..times).fold(lock, |inner, _| pack::zip(&[("in.zip", &inner)]))
}

/// As 42.zip: sixteen archives in each, four deep.
fn tree() -> Vec<u8> {
    let names: Vec<String> = (0..16).map(|number| format!("{number}.zip")).collect();
    (0..4).fold(pack::zip(&[("package-lock.json", LOCK)]), |inner, _| {
        let held: Vec<_> = names.iter().map(|name| (name.as_str(), inner.as_slice())).collect();
        pack::zip(&held)
    })
}

/// As in "A better zip bomb": many names in the directory, one kernel.
fn overlapping() -> Vec<u8> {
    let content = zeros(1);
    let kernel = Raw::new("package-lock.json", &content, 8, pack::deflate(&content));
    let mut bytes = pack::raw_zip(std::slice::from_ref(&kernel));
    bytes.truncate(30 + kernel.name.len() + kernel.packed.len());
    let mut directory = Vec::new();
    for _ in 0..1_000 {
        pack::central(&mut directory, &kernel, 0);
    }
    pack::end(bytes, &directory, 1_000)
}

/// A directory of a million names, one of which is wanted.
fn million() -> Vec<u8> {
    let lock = Raw::new("package-lock.json", LOCK, 0, LOCK.to_vec());
    let mut bytes = pack::raw_zip(std::slice::from_ref(&lock));
    bytes.truncate(30 + lock.name.len() + lock.packed.len());
    let mut directory = Vec::new();
    pack::central(&mut directory, &lock, 0);
    let empty = Raw::new("x", b"", 0, Vec::new());
    let mut local = pack::raw_zip(std::slice::from_ref(&empty));
    local.truncate(31);
    for _ in 1..1_000_000 {
        let offset = u32::try_from(bytes.len()).unwrap();
        bytes.extend(&local);
        pack::central(&mut directory, &empty, offset);
    }
    pack::end64(bytes, &directory, 1_000_000)
}

/// A packed member whose size is a lie, and a good one.
fn liar() -> Vec<u8> {
    let mut liar = Raw::new("a/package-lock.json", LOCK, 8, pack::deflate(LOCK));
    liar.size = u32::MAX - 1;
    let good = Raw::new("b/package-lock.json", LOCK, 8, pack::deflate(LOCK));
    pack::raw_zip(&[liar, good])
}

/// A member that promises more than there is, behind a good one: the place of the number, and the number.
fn promising(mut bytes: Vec<u8>, number: &[u8], promise: &[u8]) -> Vec<u8> {
    let at = bytes.windows(number.len()).rposition(|part| part == number).unwrap();
    bytes.splice(at..at + number.len(), promise.iter().copied());
    bytes
}

fn lying_ar() -> Vec<u8> {
    let bytes = pack::ar(&[("debian-binary", b"2.0\n"), ("b.json", LOCK)]);
    promising(bytes, format!("{:<10}`", LOCK.len()).as_bytes(), b"4294967296`")
}

fn lying_cpio() -> Vec<u8> {
    let bytes = pack::cpio(&[("package-lock.json", LOCK), ("b/x.bin", LOCK)]);
    promising(bytes, format!("{:08X}", LOCK.len()).as_bytes(), b"000FFFFE")
}

fn lying_tar() -> Vec<u8> {
    let mut bytes = pack::tar(&[("package-lock.json", LOCK), ("b/package-lock.json", LOCK)]);
    let second = bytes.get_mut(1024..).and_then(|rest| rest.first_chunk_mut::<512>()).unwrap();
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes().copy_from_slice(second);
    header.set_size(1 << 40);
    header.set_cksum();
    second.copy_from_slice(header.as_bytes());
    bytes
}

/// Two large archives in one, larger than the memory that may be held.
fn hungry() -> Vec<u8> {
    let inner = pack::raw_zip(&[Raw::new("x.bin", &zeros(3), 0, zeros(3))]);
    pack::zip(&[("inner.zip", &inner), ("package-lock.json", LOCK)])
}

fn zoo() -> Vec<Bomb> {
    let usual = Limits::default;
    let total = || Limits { total: 2 << 20, ..usual() };
    let bomb = |name, file, bytes, limits, verdict, found| Bomb {
        name,
        file,
        bytes,
        limits,
        verdict,
        found,
    };
    vec![
        bomb("nested", "a.zip", nested(20), usual(), Says("limit.depth", DEEPEST), &[]),
        bomb("nested less", "a.zip", nested(12), usual(), Fine, MS),
        bomb("itself", "q.gz", pack::quine(), usual(), Says("limit.depth", "q.gz"), &[]),
        bomb("42", "42.zip", tree(), few(1_000), Ends("limit.archives"), MS),
        bomb(
            "gzip",
            "package-lock.json.gz.gz",
            pack::gzip(&pack::gzip(&zeros(4))),
            total(),
            Ends("limit.total"),
            &[],
        ),
        bomb(
            "bzip2",
            "package-lock.json.bz2",
            pack::bzip2(&zeros(4)),
            total(),
            Ends("limit.total"),
            &[],
        ),
        bomb("xz", "package-lock.json.xz", pack::xz(&zeros(4)), total(), Ends("limit.total"), &[]),
        bomb(
            "lzma",
            "package-lock.json.lzma",
            pack::lzma(&zeros(4)),
            total(),
            Ends("limit.total"),
            &[],
        ),
        bomb(
            "zstd",
            "package-lock.json.zst",
            pack::zstd(&zeros(4)),
            total(),
            Ends("limit.total"),
            &[],
        ),
        bomb(
            "lz4",
            "package-lock.json.lz4",
            pack::lz4(&zeros(4)),
            total(),
            Ends("limit.total"),
            &[],
        ),
        bomb(
            "7z",
            "a.7z",
            pack::seven_zip(&[("package-lock.json", &zeros(4))]),
            total(),
            Ends("limit.total"),
            &[],
        ),
        bomb("overlapping", "a.zip", overlapping(), usual(), Says("archive.overlap", "a.zip"), &[]),
        bomb("a million", "a.zip", million(), usual(), Fine, MS),
        bomb("a million and no", "a.zip", million(), members(999_999), Ends("limit.members"), &[]),
        bomb(
            "lying zip",
            "a.zip",
            liar(),
            usual(),
            Says("archive.damaged", "a.zip!/a/package-lock.json"),
            MS,
        ),
        bomb(
            "lying tar",
            "a.tar",
            lying_tar(),
            usual(),
            Says("archive.damaged", "a.tar!/b/package-lock.json"),
            MS,
        ),
        bomb("lying cpio", "a.cpio", lying_cpio(), usual(), Says("archive.damaged", "a.cpio"), MS),
        bomb("lying ar", "a.a", lying_ar(), usual(), Says("archive.damaged", "a.a"), &[]),
        bomb(
            "hungry",
            "a.zip",
            hungry(),
            Limits { memory: 1 << 20, ..usual() },
            Says("limit.memory", "a.zip!/inner.zip"),
            MS,
        ),
        bomb(
            "late",
            "a.zip",
            nested(1),
            Limits { time: Duration::ZERO, ..usual() },
            Ends("limit.time"),
            &[],
        ),
    ]
}

const DEEPEST: &str = "a.zip!/in.zip!/in.zip!/in.zip!/in.zip!/in.zip!/in.zip!/in.zip!/in.zip!/in.zip!/in.zip!/in.zip!/in.zip\
                       !/in.zip!/in.zip!/in.zip!/in.zip";

fn few(archives: u64) -> Limits {
    Limits { archives, ..Limits::default() }
}

fn members(members: u64) -> Limits {
    Limits { members, ..Limits::default() }
}

#[test]
fn each_has_its_verdict() {
    for Bomb { name, file, bytes, limits, verdict, found } in zoo() {
        let report = scan_within(file, &bytes, limits);
        let ended = report.ended.as_ref().map(|ended| ended.code.as_str());
        match verdict {
            Ends(code) => assert_eq!(ended, Some(code), "{name}: {:?}", report.troubles),
            Says(code, path) => {
                assert_eq!((ended, troubles(&report)), (None, vec![(code, path)]), "{name}");
            }
            Fine => assert_eq!((ended, troubles(&report)), (None, vec![]), "{name}"),
        }
        assert_eq!(purls(&report), found, "{name}");
    }
}

#[test]
fn the_one_that_is_itself_is() {
    let mut unpacked = Vec::new();
    let bytes = pack::quine();
    let mut decoder = flate2::read::GzDecoder::new(bytes.as_slice());
    std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
    assert_eq!(unpacked, bytes);
}

#[test]
fn what_shares_its_bytes_is_not_unpacked() {
    assert!(scan_within("a.zip", &overlapping(), Limits::default()).bytes < 1 << 20);
}

#[test]
fn a_depth_that_is_asked_for_is_followed() {
    let deep = Limits { depth: 32, ..Limits::default() };
    assert_eq!(purls(&scan_within("a.zip", &nested(20), deep)), MS);
}

#[test]
fn paths_are_only_names() {
    let report = scan_within(
        "a.zip",
        &pack::raw_zip(&[
            Raw::new("../../../etc/package-lock.json", LOCK, 0, LOCK.to_vec()),
            Raw::new("/abs/package-lock.json", LOCK, 0, LOCK.to_vec()),
            Raw::new("C:\\win\\package-lock.json", LOCK, 0, LOCK.to_vec()),
        ]),
        Limits::default(),
    );
    let places: Vec<&str> =
        report.components[0].places.iter().map(|place| place.path.as_str()).collect();
    assert_eq!(
        places,
        [
            "a.zip!/../../../etc/package-lock.json",
            "a.zip!/C:/win/package-lock.json",
            "a.zip!/abs/package-lock.json"
        ]
    );
}
