//! Images: layers on layers, and the packages of their operating system.

use crate::pack::{self, Entry};
use crate::{purls, scan_bytes};

const STATUS: &[u8] =
    b"Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\n";
const NEWER: &[u8] =
    b"Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.3-1\n";
const RELEASE: &[u8] = b"ID=debian\nVERSION_ID=\"12\"\n";
const LOCK: &[u8] = br#"{"packages":{"node_modules/ms":{"version":"2.1.3"}}}"#;
const NEXT: &[u8] = br#"{"packages":{"node_modules/ms":{"version":"9.9.9"}}}"#;

fn layers() -> Vec<Vec<u8>> {
    let layers: [&[Entry<'_>]; 3] = [
        &[
            ("etc/os-release", RELEASE),
            ("var/lib/dpkg/status", STATUS),
            ("app/package-lock.json", LOCK),
            ("gone/package-lock.json", NEXT),
            ("opaque/sub/package-lock.json", NEXT),
        ],
        &[("var/lib/dpkg/status", NEWER), (".wh.gone", b""), ("opaque/.wh..wh..opq", b"")],
        &[("later/readme.txt", b"x")],
    ];
    layers.iter().map(|entries| pack::tar(entries)).collect()
}

const WANT: [&str; 2] =
    ["pkg:deb/debian/bash@5.3-1?arch=amd64&distro=debian-12", "pkg:npm/ms@2.1.3"];

#[test]
fn upper_layers_hide_what_lies_below() {
    let layers = layers();
    let manifest = br#"[{"Config":"c.json","RepoTags":["x:1"],"Layers":["0/layer.tar","1/layer.tar","2/layer.tar"]}]"#;
    let saved = pack::tar(&[
        ("manifest.json", manifest),
        ("0/layer.tar", &layers[0]),
        ("1/layer.tar", &layers[1]),
        ("2/layer.tar", &layers[2]),
    ]);
    assert_eq!(purls(&scan_bytes("image.tar", &saved)), WANT);
    assert_eq!(purls(&scan_bytes("image.tar.gz", &pack::gzip(&saved))), WANT);
}

#[test]
fn an_oci_layout_is_read_by_its_manifests() {
    let layers: Vec<Vec<u8>> = layers().iter().map(|layer| pack::gzip(layer)).collect();
    let manifest = br#"{"schemaVersion":2,"config":{"digest":"sha256:cc"},
        "layers":[{"digest":"sha256:l0"},{"digest":"sha256:l1"},{"digest":"sha256:l2"}]}"#;
    let layout = pack::tar(&[
        ("oci-layout", b"{}"),
        ("index.json", br#"{"manifests":[{"digest":"sha256:m"}]}"#),
        ("blobs/sha256/l0", &layers[0]),
        ("blobs/sha256/l1", &layers[1]),
        ("blobs/sha256/l2", &layers[2]),
        ("blobs/sha256/m", manifest),
    ]);
    assert_eq!(purls(&scan_bytes("oci.tar", &layout)), WANT);
}

#[test]
fn layers_without_a_manifest_are_archives_like_others() {
    let layers = layers();
    let bytes = pack::tar(&[("0.tar", &layers[0]), ("1.tar", &layers[1])]);
    let found = purls(&scan_bytes("layers.tar", &bytes));
    assert!(found.contains(&"pkg:npm/ms@9.9.9".to_owned()));
}
