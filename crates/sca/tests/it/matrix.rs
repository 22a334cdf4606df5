//! The same content in every archive format, nested in each other, under names that lie: always the same
//! components, each with its virtual path.

use crate::pack::{self, Entry, Raw};
use crate::{purls, scan_bytes, troubles};

const LOCK: &[u8] = br#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"ms":"^2"}},
    "node_modules/ms":{"version":"2.1.3","license":"MIT"}}}"#;
const PROPERTIES: &[u8] = b"groupId=org.example\nartifactId=lib\nversion=1.0\n";
const METADATA: &[u8] = b"Metadata-Version: 2.1\nName: Flask\nVersion: 0.12.2\n\n";

const WANT: [&str; 4] =
    ["pkg:maven/org.example/lib@1.0", "pkg:maven/web", "pkg:npm/ms@2.1.3", "pkg:pypi/flask@0.12.2"];

fn tree() -> Vec<(String, Vec<u8>)> {
    let jar = pack::zip(&[("META-INF/maven/org.example/lib/pom.properties", PROPERTIES)]);
    let war = pack::zip(&[("WEB-INF/web.xml", b"<web-app/>"), ("WEB-INF/lib/lib-1.0.jar", &jar)]);
    vec![
        ("app/package-lock.json".to_owned(), LOCK.to_vec()),
        ("lib/web.war".to_owned(), war),
        ("site-packages/flask.dist-info/METADATA".to_owned(), METADATA.to_vec()),
        ("README.md".to_owned(), b"nothing here".to_vec()),
    ]
}

fn entries(tree: &[(String, Vec<u8>)]) -> Vec<Entry<'_>> {
    tree.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect()
}

/// The tree in every format that holds several files.
fn containers() -> Vec<(&'static str, Vec<u8>)> {
    let tree = tree();
    let entries = entries(&tree);
    let tar = pack::tar(&entries);
    let cpio = pack::cpio(&entries);
    vec![
        ("a.zip", pack::zip(&entries)),
        ("a.tar.gz", pack::gzip(&tar)),
        ("a.tar.bz2", pack::bzip2(&tar)),
        ("a.tar.xz", pack::xz(&tar)),
        ("a.tar.lzma", pack::lzma(&tar)),
        ("a.tar.zst", pack::zstd(&tar)),
        ("a.tar.lz4", pack::lz4(&tar)),
        ("a.7z", pack::seven_zip(&entries)),
        ("a.cab", pack::cab(&entries)),
        ("a.rpm", pack::rpm(&pack::gzip(&cpio))),
        ("a.deb", pack::ar(&[("debian-binary", b"2.0\n"), ("data.tar.xz", &pack::xz(&tar))])),
        ("a.cpio", cpio),
        ("a.tar", tar),
    ]
}

/// The four, with what the container itself is.
fn check(name: &str, bytes: &[u8]) {
    let report = scan_bytes(name, bytes);
    let mut found = purls(&report);
    found.retain(|purl| !purl.starts_with("pkg:rpm/demo@1.2-3.el9"));
    assert_eq!(found, WANT, "{name}: {:?}", report.troubles);
    assert!(report.ended.is_none() && report.troubles.is_empty(), "{name}: {:?}", report.troubles);
}

#[test]
fn every_format_gives_the_same() {
    for (name, bytes) in containers() {
        check(name, &bytes);
        check("renamed.bin", &bytes);
    }
}

#[test]
fn every_format_in_every_other_gives_the_same() {
    for (inner_name, inner) in containers() {
        let held: Vec<Entry<'_>> = vec![("x/inner.bin", &inner)];
        for (outer_name, outer) in [
            ("zip", pack::zip(&held)),
            ("tar", pack::tar(&held)),
            ("tar.gz", pack::gzip(&pack::tar(&held))),
            ("7z", pack::seven_zip(&held)),
            ("cpio", pack::cpio(&held)),
            ("cab", pack::cab(&held)),
            ("gz", pack::gzip(&inner)),
        ] {
            check(&format!("{inner_name} in {outer_name}"), &outer);
        }
    }
}

#[test]
fn places_are_virtual_paths() {
    let tree = tree();
    let inner = pack::gzip(&pack::tar(&entries(&tree)));
    let outer = pack::zip(&[("deep/inner.tgz", &inner)]);
    let report = scan_bytes("outer.zip", &outer);
    let place = |purl: &str| {
        let found = report.components.iter().find(|one| one.purl.to_string() == purl).unwrap();
        found.places.iter().map(|place| place.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(place(WANT[0]), ["outer.zip!/deep/inner.tgz!/lib/web.war!/WEB-INF/lib/lib-1.0.jar"]);
    assert_eq!(place(WANT[2]), ["outer.zip!/deep/inner.tgz!/app/package-lock.json"]);
}

#[test]
fn every_method_of_zip_is_unpacked() {
    let ppmd = {
        let mut packed = vec![0x35, 0x00];
        let mut encoder = ppmd_rust::Ppmd8Encoder::new(
            &mut packed,
            6,
            4 << 20,
            ppmd_rust::RestoreMethod::Restart,
        )
        .unwrap();
        std::io::Write::write_all(&mut encoder, LOCK).unwrap();
        encoder.finish(true).unwrap();
        packed
    };
    let lzma = {
        // Properties stand behind a version and their size; the stream's own header is left out.
        let alone = pack::lzma(LOCK);
        let mut packed = vec![9, 20, 5, 0];
        packed.extend(&alone[..5]);
        packed.extend(&alone[13..]);
        packed
    };
    for (method, packed) in [
        (0, LOCK.to_vec()),
        (8, pack::deflate(LOCK)),
        (9, pack::deflate(LOCK)),
        (12, pack::bzip2(LOCK)),
        (14, lzma),
        (93, pack::zstd(LOCK)),
        (95, pack::xz(LOCK)),
        (98, ppmd),
    ] {
        let bytes = pack::raw_zip(&[Raw::new("package-lock.json", LOCK, method, packed)]);
        let report = scan_bytes("a.zip", &bytes);
        assert_eq!(purls(&report), ["pkg:npm/ms@2.1.3"], "{method}: {:?}", report.troubles);
    }
}

#[test]
fn what_cannot_be_read_is_said_member_by_member() {
    let mut encrypted = Raw::new("secret/pom.xml", LOCK, 0, LOCK.to_vec());
    encrypted.flags |= 1;
    let aes = Raw::new("aes.jar", LOCK, 99, LOCK.to_vec());
    let shrunk = Raw::new("old/package-lock.json", LOCK, 1, LOCK.to_vec());
    let mut wrong = Raw::new("crc/package-lock.json", LOCK, 8, pack::deflate(LOCK));
    wrong.crc ^= 1;
    let mut short = Raw::new("short/package-lock.json", LOCK, 8, pack::deflate(LOCK));
    short.size += 1;
    let good = Raw::new("good/package-lock.json", LOCK, 8, pack::deflate(LOCK));
    let report = scan_bytes("a.zip", &pack::raw_zip(&[encrypted, aes, shrunk, wrong, short, good]));
    assert_eq!(purls(&report), ["pkg:npm/ms@2.1.3"]);
    assert_eq!(
        troubles(&report),
        [
            ("archive.encrypted", "a.zip!/aes.jar"),
            ("archive.damaged", "a.zip!/crc/package-lock.json"),
            ("archive.unsupported_method", "a.zip!/old/package-lock.json"),
            ("archive.encrypted", "a.zip!/secret/pom.xml"),
            ("archive.damaged", "a.zip!/short/package-lock.json"),
        ]
    );
}

#[test]
fn names_in_old_code_pages_and_programs_in_front_do_not_matter() {
    let (name, ..) = encoding_rs::GBK.encode("配置/package-lock.json");
    let mut entry = Raw::new("", LOCK, 0, LOCK.to_vec());
    entry.name = &name;
    entry.flags = 0;
    let mut bytes = b"MZ a program that unpacks itself".to_vec();
    bytes.extend(pack::raw_zip(&[entry]));
    let report = scan_bytes("setup.exe", &bytes);
    assert_eq!(report.components[0].places[0].path, "setup.exe!/配置/package-lock.json");
    let mut bytes = b"MZ a program that unpacks itself".to_vec();
    bytes.extend(pack::seven_zip(&[("package-lock.json", LOCK)]));
    assert_eq!(purls(&scan_bytes("setup.exe", &bytes)), ["pkg:npm/ms@2.1.3"]);
}

#[test]
fn a_truncated_archive_gives_what_is_there() {
    let tree = tree();
    let tar = pack::tar(&entries(&tree));
    let cut = &tar[..tar.len() - 2000];
    for (name, bytes) in [("a.tar", cut.to_vec()), ("a.tar.gz", pack::gzip(cut))] {
        let report = scan_bytes(name, &bytes);
        assert!(purls(&report).contains(&WANT[2].to_owned()), "{name}");
    }
    let whole = pack::gzip(&tar);
    let report = scan_bytes("a.tar.gz", &whole[..whole.len() / 2]);
    assert_eq!(report.troubles[0].code, "archive.damaged");
}

#[test]
fn a_zip_without_its_directory_gives_what_is_there() {
    let tree = tree();
    let zip = pack::zip(&entries(&tree));
    let cut = &zip[..zip.len() - 30];
    let report = scan_bytes("a.zip", cut);
    assert_eq!(purls(&report), purls(&scan_bytes("a.zip", &zip)));
    assert_eq!(troubles(&report), [("archive.damaged", "a.zip")]);
    let half = scan_bytes("a.zip", &zip[..zip.len() / 2]);
    assert!(!half.components.is_empty());
    let inside = pack::zip(&[("in/a.jar", cut)]);
    assert_eq!(troubles(&scan_bytes("b.zip", &inside)), [("archive.damaged", "b.zip!/in/a.jar")]);
}
