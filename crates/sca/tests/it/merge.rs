//! One truth: many places, one row.

use crate::pack::zip;
use crate::{purls, scan_bytes};
use muster_sca::finding::{Kind, Relation, Scope};

const LOCK: &[u8] = br#"{"packages":{"":{"dependencies":{"a":"^1"},"devDependencies":{"d":"1"}},
    "node_modules/a":{"version":"1.0.0","dependencies":{"b":"*"}},
    "node_modules/a/node_modules/b":{"version":"2.0.0"},
    "node_modules/b":{"version":"1.0.0","optional":true},
    "node_modules/d":{"version":"1.0.0","dev":true}}}"#;

#[test]
fn lock_manifest_and_installed_record_are_one_row() {
    let bytes = zip(&[
        ("app/package-lock.json", LOCK),
        ("app/package.json", br#"{"name":"app","version":"1.0.0","dependencies":{"a":"^1"}}"#),
        ("app/node_modules/a/package.json", br#"{"name":"a","version":"1.0.0","license":"MIT"}"#),
        (
            "app/node_modules/a/package-lock.json",
            br#"{"packages":{"node_modules/z":{"version":"9.0.0"}}}"#,
        ),
        ("app/node_modules/a/test/fixture/package.json", br#"{"name":"f","version":"1.0.0"}"#),
        ("app/test/package-lock.json", br#"{"packages":{"node_modules/t":{"version":"9.0.0"}}}"#),
    ]);
    let report = scan_bytes("app.zip", &bytes);
    assert_eq!(
        purls(&report),
        ["pkg:npm/a@1.0.0", "pkg:npm/b@1.0.0", "pkg:npm/b@2.0.0", "pkg:npm/d@1.0.0"]
    );
    let [a, b1, b2, d] = report.components.as_slice() else { panic!("four rows") };
    let kinds: Vec<Kind> = a.places.iter().map(|place| place.kind).collect();
    assert_eq!(a.places.len(), 3);
    assert!(
        [Kind::Installed, Kind::Locked, Kind::Declared].iter().all(|kind| kinds.contains(kind))
    );
    assert_eq!(
        (a.relation, a.licences.as_slice()),
        (Relation::Direct, ["MIT".to_owned()].as_slice())
    );
    assert_eq!(a.depends.as_slice(), std::slice::from_ref(&b2.purl));
    assert_eq!((b1.relation, b1.scope), (Relation::Transitive, Scope::Optional));
    assert_eq!((d.relation, d.scope), (Relation::Direct, Scope::Development));
    assert_eq!(report.left_out.values().sum::<u64>(), 3);
}

#[test]
fn vendored_python_is_bundled_and_installed_python_installed() {
    let bytes = zip(&[
        ("lib/site-packages/flask-1.0.dist-info/METADATA", b"Name: Flask\nVersion: 1.0\n\n"),
        ("lib/site-packages/pip/_vendor/idna-3.dist-info/METADATA", b"Name: idna\nVersion: 3\n\n"),
        (
            "lib/site-packages/c-1.dist-info/sboms/c.cyclonedx.json",
            br#"{"bomFormat":"CycloneDX","components":[{"name":"x","purl":"pkg:cargo/x@1.0.0"}]}"#,
        ),
        ("lib/site-packages/x/package-lock.json", LOCK),
    ]);
    let report = scan_bytes("venv.zip", &bytes);
    let kinds: Vec<(String, Kind)> =
        report.components.iter().map(|one| (one.purl.to_string(), one.kind())).collect();
    assert_eq!(
        kinds,
        [
            ("pkg:cargo/x@1.0.0".to_owned(), Kind::Bundled),
            ("pkg:pypi/flask@1.0".to_owned(), Kind::Installed),
            ("pkg:pypi/idna@3".to_owned(), Kind::Bundled),
        ]
    );
}

#[test]
fn a_manifest_without_versions_speaks_of_what_is_locked() {
    let bytes = zip(&[
        ("a/requirements.txt", b"flask\nonly-here\n"),
        ("a/poetry.lock", b"[[package]]\nname = \"Flask\"\nversion = \"2.0\"\n"),
    ]);
    let report = scan_bytes("a.zip", &bytes);
    assert_eq!(purls(&report), ["pkg:pypi/flask@2.0", "pkg:pypi/only-here"]);
    assert_eq!(report.components[0].relation, Relation::Direct);
}
