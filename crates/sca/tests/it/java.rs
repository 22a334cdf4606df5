//! Java archives: who they are without Maven's files, what they hold, and what they only say.

use crate::pack::{Entry, zip};
use crate::{purls, scan_bytes};

fn scan(name: &str, entries: &[Entry<'_>]) -> Vec<String> {
    purls(&scan_bytes(name, &zip(entries)))
}

#[test]
fn an_unknown_group_stays_unknown() {
    let entries: &[Entry<'_>] = &[("com/acme/Tool.class", b"\xca\xfe\xba\xbe")];
    assert_eq!(scan("acme-tool-1.2.jar", entries), ["pkg:maven/acme-tool@1.2"]);
    let report = scan_bytes("acme-tool-1.2.jar", &zip(entries));
    assert!(!report.components[0].is_identified());
    assert_eq!(report.components[0].confidence, 50);
}

#[test]
fn the_manifest_tells_the_group_if_the_packages_agree() {
    let manifest = b"Manifest-Version: 1.0\nImplementation-Vendor: org.json4s\n";
    let class: Entry<'_> = ("org/json4s/A.class", b"");
    assert_eq!(
        scan("json4s-ast_2.12-3.7.0.jar", &[("META-INF/MANIFEST.MF", manifest), class]),
        ["pkg:maven/org.json4s/json4s-ast_2.12@3.7.0"]
    );
    let elsewhere: Entry<'_> = ("com/other/A.class", b"");
    assert_eq!(
        scan("fantasy-3.7.0.jar", &[("META-INF/MANIFEST.MF", manifest), elsewhere]),
        ["pkg:maven/fantasy@3.7.0"]
    );
}

#[test]
fn public_names_tell_the_group() {
    let class: Entry<'_> = ("com/google/gson/Gson.class", b"");
    assert_eq!(scan("gson-2.2.4.jar", &[class]), ["pkg:maven/com.google.code.gson/gson@2.2.4"]);
}

#[test]
fn a_specification_names_itself_where_the_file_is_a_repositorys() {
    let class: Entry<'_> = ("javax/wonder/A.class", b"");
    assert_eq!(scan("wonder-api-1.1.jar", &[class]), ["pkg:maven/javax.wonder/wonder-api@1.1"]);
    let other: Entry<'_> = ("com/acme/A.class", b"");
    assert_eq!(scan("wonder-api-1.1.jar", &[class, other]), ["pkg:maven/wonder-api@1.1"]);
    let manifest: Entry<'_> = ("META-INF/MANIFEST.MF", b"Implementation-Version: 9.0\n");
    assert_eq!(scan("wonder-api.jar", &[class, manifest]), ["pkg:maven/wonder-api@9.0"]);
}

#[test]
fn what_was_shaded_in_and_what_a_notice_lists_is_there() {
    let notice = b"demo\n\nThis project bundles the following dependencies:\n\n- com.google.guava:guava:32.1.3-jre\n";
    let found = scan(
        "demo-1.0.jar",
        &[
            (
                "META-INF/maven/org.demo/demo/pom.properties",
                b"groupId=org.demo\nartifactId=demo\nversion=1.0\n",
            ),
            (
                "META-INF/maven/g/shaded/pom.properties",
                b"groupId=g\nartifactId=shaded\nversion=2\n",
            ),
            ("META-INF/NOTICE", notice),
            (
                "META-INF/DEPENDENCIES",
                b"  - Codec (https://x) commons-codec:commons-codec:jar:1.11\n",
            ),
            ("A.class", b""),
        ],
    );
    assert_eq!(
        found,
        [
            "pkg:maven/com.google.guava/guava@32.1.3-jre",
            "pkg:maven/g/shaded@2",
            "pkg:maven/org.demo/demo@1.0"
        ]
    );
}

#[test]
fn other_zip_archives_are_no_java() {
    assert!(scan("a.zip", &[("readme.txt", b"x")]).is_empty());
    assert!(
        scan("app.apk", &[("AndroidManifest.xml", b"x"), ("META-INF/MANIFEST.MF", b"A: b\n")])
            .is_empty()
    );
}
