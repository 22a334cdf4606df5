//! Java classes that a build has moved to another package, found by an index over the archives they come from.

use crate::pack::{Entry, zip};
use crate::purls;
use muster_sca::{Blob, Budget, ClassIndex, Input, Limits, Options, Report, classes, scan};
use std::time::Instant;

/// A class `PACKAGE/NAME` with a field of its own type and one whose constant is `mark`.
fn class(package: &str, name: &str, mark: u32) -> Vec<u8> {
    let full = format!("{package}/{name}");
    let descriptor = format!("L{full};");
    let utf8 = [&full, "java/lang/Object", "self", &descriptor, "MARK", "I", "ConstantValue"];
    let mut out = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x0b".to_vec();
    for text in utf8 {
        out.push(1);
        out.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        out.extend(text.as_bytes());
    }
    out.extend([7, 0, 1, 7, 0, 2, 3]);
    out.extend(mark.to_be_bytes());
    // Public, itself, its parent, no interfaces, two fields, no methods, no attributes.
    for number in [0x21_u16, 8, 9, 0, 2, 2, 3, 4, 0, 0x18, 5, 6, 1, 7, 0, 2, 10, 0, 0] {
        out.extend(number.to_be_bytes());
    }
    out
}

/// A jar of `count` classes, the first `old` of which are those of every version.
fn jar(package: &str, version: u32, old: u32, count: u32, pom: Option<&str>) -> Vec<u8> {
    let mut files = Vec::new();
    for number in 0..count {
        let mark = if number < old { number } else { number + 1000 * version };
        files.push((
            format!("{package}/C{number}.class"),
            class(package, &format!("C{number}"), mark),
        ));
    }
    if let Some(pom) = pom {
        files.push(("META-INF/maven/g/a/pom.properties".to_owned(), pom.as_bytes().to_vec()));
    }
    let entries: Vec<Entry<'_>> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    zip(&entries)
}

fn pom(version: u32) -> String {
    format!("groupId=org.owner\nartifactId=lib\nversion={version}.0\n")
}

/// An index over versions 1 and 2 of one library.
fn index() -> ClassIndex {
    let folder = tempfile::tempdir().unwrap();
    for version in [1, 2] {
        let bytes = jar("org/owner", version, 30, 40, Some(&pom(version)));
        std::fs::write(folder.path().join(format!("lib-{version}.0.jar")), bytes).unwrap();
    }
    let mut bytes = Vec::new();
    let budget = Budget::new(Limits::default(), Instant::now());
    let size = classes::build(folder.path(), &Options::default(), &budget, &mut bytes).unwrap();
    assert_eq!((size.artifacts, size.classes), (2, 50));
    ClassIndex::new(Blob::heap(bytes, None)).unwrap()
}

fn scan_with(index: &ClassIndex, name: &str, bytes: &[u8]) -> Report {
    let options = Options { index: Some(index.clone()), ..Options::default() };
    scan(Input::Bytes(name, bytes), &options, &Budget::new(Limits::default(), Instant::now()))
}

#[test]
fn moved_classes_are_those_of_their_artifact_and_version() {
    let index = index();
    for version in [1, 2] {
        let report = scan_with(&index, "app-5.jar", &jar("hidden/by/app", version, 30, 40, None));
        let want = format!("pkg:maven/org.owner/lib@{version}.0");
        assert_eq!(purls(&report), [want.as_str()], "they are all there is: the archive is it");
        let bytes =
            jar("hidden/by/app", version, 30, 40, Some("groupId=x\nartifactId=app\nversion=5\n"));
        let report = scan_with(&index, "app-5.jar", &bytes);
        assert_eq!(purls(&report), [want.as_str(), "pkg:maven/x/app@5"]);
        let place = &report.components[0].places[0];
        assert_eq!(place.reason, "40 of its 40 classes lie inside, whatever their package");
    }
}

#[test]
fn of_another_version_only_the_name_is_told() {
    let report = scan_with(
        &index(),
        "app-5.jar",
        &jar("hidden", 3, 30, 40, Some("groupId=x\nartifactId=app\nversion=5\n")),
    );
    assert_eq!(purls(&report), ["pkg:maven/org.owner/lib", "pkg:maven/x/app@5"]);
    assert_eq!(report.components[0].confidence, 60);
}

#[test]
fn strange_classes_and_a_broken_index_say_nothing() {
    let index = index();
    let report = scan_with(&index, "app-5.jar", &jar("other", 9, 0, 40, None));
    assert_eq!(purls(&report), ["pkg:maven/app@5"]);
    assert!(ClassIndex::new(Blob::heap(b"MUSTERCL".to_vec(), None)).is_err());
    assert!(ClassIndex::new(Blob::heap(vec![0xff; 200], None)).is_err());
}
