//! Archives made to end whoever opens them. Each has its verdict; none costs much.

use crate::pack::{self, Raw};
use crate::{purls, scan_within, troubles};
use muster_sca::Limits;
use std::time::Duration;

const LOCK: &[u8] = br#"{"packages":{"node_modules/ms":{"version":"2.1.3"}}}"#;

fn zeros(count: usize) -> Vec<u8> {
    vec![0; count]
}

#[test]
fn nesting_ends_where_the_limit_says() {
    let mut bytes = pack::zip(&[("package-lock.json", LOCK)]);
    for _ in 0..20 {
        bytes = pack::zip(&[("in.zip", &bytes)]);
    }
    let report = scan_within("a.zip", &bytes, Limits::default());
    assert_eq!(report.troubles[0].code, "limit.depth");
    assert!(report.ended.is_none() && report.components.is_empty());
    let deep = Limits { depth: 32, ..Limits::default() };
    assert_eq!(purls(&scan_within("a.zip", &bytes, deep)), ["pkg:npm/ms@2.1.3"]);
}

#[test]
fn a_stream_that_becomes_a_thousandfold_is_called_so() {
    // A lock file, so that somebody wants all of it; gzip in gzip, so that little becomes much.
    let bomb = pack::gzip(&pack::gzip(&zeros(64 << 20)));
    let small = Limits { total: 32 << 20, ..Limits::default() };
    let report = scan_within("package-lock.json.gz.gz", &bomb, small);
    assert_eq!(report.ended.unwrap().code, "limit.total");
}

#[test]
fn members_that_share_their_bytes_are_not_unpacked() {
    // As in "A better zip bomb": many names in the directory, one kernel.
    let content = zeros(1 << 20);
    let kernel = Raw::new("package-lock.json", &content, 8, pack::deflate(&content));
    let mut bytes = pack::raw_zip(std::slice::from_ref(&kernel));
    bytes.truncate(30 + kernel.name.len() + kernel.packed.len());
    let mut directory = Vec::new();
    for _ in 0..1_000 {
        pack::central(&mut directory, &kernel, 0);
    }
    let bytes = pack::end(bytes, &directory, 1_000);
    let report = scan_within("a.zip", &bytes, Limits::default());
    assert_eq!(troubles(&report), [("archive.overlap", "a.zip")]);
    assert!(report.bytes < 1 << 20);
}

#[test]
fn a_flood_of_members_ends_the_scan() {
    let entries: Vec<Raw<'_>> = (0..60_000).map(|_| Raw::new("x", b"", 0, Vec::new())).collect();
    let bytes = pack::raw_zip(&entries);
    let few = Limits { members: 10_000, ..Limits::default() };
    assert_eq!(scan_within("a.zip", &bytes, few).ended.unwrap().code, "limit.members");
    assert!(scan_within("a.zip", &bytes, Limits::default()).ended.is_none());
}

#[test]
fn a_tree_of_archives_ends_by_their_number() {
    let mut bytes = pack::zip(&[("package-lock.json", LOCK)]);
    for _ in 0..4 {
        let names: Vec<String> = (0..16).map(|n| format!("{n}.zip")).collect();
        let held: Vec<_> = names.iter().map(|name| (name.as_str(), bytes.as_slice())).collect();
        bytes = pack::zip(&held);
    }
    let few = Limits { archives: 1_000, ..Limits::default() };
    assert_eq!(scan_within("42.zip", &bytes, few).ended.unwrap().code, "limit.archives");
}

#[test]
fn sizes_that_lie_cost_neither_memory_nor_the_rest() {
    let mut liar = Raw::new("a/package-lock.json", LOCK, 8, pack::deflate(LOCK));
    liar.size = u32::MAX - 1;
    let good = Raw::new("b/package-lock.json", LOCK, 8, pack::deflate(LOCK));
    let report = scan_within("a.zip", &pack::raw_zip(&[liar, good]), Limits::default());
    assert_eq!(purls(&report), ["pkg:npm/ms@2.1.3"]);
    assert_eq!(troubles(&report), [("archive.damaged", "a.zip!/a/package-lock.json")]);
}

#[test]
fn memory_is_asked_for_before_it_is_taken() {
    let inner = pack::raw_zip(&[Raw::new("x.bin", &zeros(3 << 20), 0, zeros(3 << 20))]);
    let outer = pack::zip(&[("inner.zip", &inner), ("package-lock.json", LOCK)]);
    let small = Limits { memory: 1 << 20, ..Limits::default() };
    let report = scan_within("a.zip", &outer, small);
    assert_eq!(purls(&report), ["pkg:npm/ms@2.1.3"]);
    assert_eq!(troubles(&report), [("limit.memory", "a.zip!/inner.zip")]);
}

#[test]
fn time_runs_out_with_a_verdict() {
    let none = Limits { time: Duration::ZERO, ..Limits::default() };
    let report = scan_within("a.zip", &pack::zip(&[("package-lock.json", LOCK)]), none);
    assert_eq!(report.ended.unwrap().code, "limit.time");
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
