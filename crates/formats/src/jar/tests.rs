use super::*;
use proptest::prelude::*;
use std::io::{Cursor, Write};
use zip::CompressionMethod::{Deflated, Stored};
use zip::write::{SimpleFileOptions, ZipWriter};

fn pack(entries: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn one(file_name: &str, entries: &[(&str, &[u8])]) -> Jar {
    let bytes = pack(entries, Deflated);
    survey(&bytes, file_name, Limits::default()).unwrap().jars.remove(0)
}

fn gav(jar: &Jar) -> (&str, &str, &str) {
    (&jar.identity.group, &jar.identity.artifact, &jar.identity.version)
}

const LOG4J: (&str, &[u8]) = (
    "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties",
    b"groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n",
);

#[test]
fn maven_files_beat_the_name_and_the_name_a_manifest_that_does_not_add_to_it() {
    let manifest: (&str, &[u8]) = ("META-INF/MANIFEST.MF", b"Implementation-Version: 2.14.1.x\n");
    let jar = one("log4j-core-9.jar", &[LOG4J, manifest]);
    assert_eq!(gav(&jar), ("org.apache.logging.log4j", "log4j-core", "2.14.1"));
    assert_eq!(jar.identity.version_source, VersionSource::Pom);
    let jar = one("log4j-core-9.jar", &[manifest]);
    assert_eq!(gav(&jar), ("", "log4j-core", "9"));
    assert_eq!(jar.identity.version_source, VersionSource::FileName);
    let jar = one("log4j-core-2.14.1.jar", &[manifest]);
    assert_eq!(gav(&jar), ("", "log4j-core", "2.14.1.x"));
    assert_eq!(jar.identity.version_source, VersionSource::Manifest);
    let jar = one("log4j-core-9.jar", &[("META-INF/MANIFEST.MF", b"Bundle-Version: 9.0.0.v1\n")]);
    assert_eq!(gav(&jar), ("", "log4j-core", "9"));
    let jar = one("catalina.jar", &[("META-INF/MANIFEST.MF", b"Bundle-Version: 9.0.1\n")]);
    assert_eq!(gav(&jar), ("", "catalina", "9.0.1"));
}

#[test]
fn what_was_shaded_in_does_not_name_the_archive() {
    let own: (&str, &[u8]) =
        ("META-INF/maven/g/app/pom.properties", b"groupId=g\nartifactId=app\nversion=1\n");
    let jar = one("app-1-all.jar", &[LOG4J, own]);
    assert_eq!(gav(&jar), ("g", "app", "1"));
    assert_eq!(jar.shaded[0].artifact, "log4j-core");
    // One coordinate, and a file name that speaks of another version of something else.
    let jar = one("tool-7.jar", &[LOG4J]);
    assert_eq!(gav(&jar), ("", "tool", "7"));
    assert_eq!(jar.shaded.len(), 1);
    // A renamed archive is still what its only coordinate says.
    assert_eq!(gav(&one("lib.jar", &[LOG4J])).1, "log4j-core");
}

#[test]
fn a_stated_version_tells_where_the_name_ends() {
    let manifest: (&str, &[u8]) = ("META-INF/MANIFEST.MF", b"Bundle-Version: 2.4.21\n");
    assert_eq!(gav(&one("groovy-ant-2.4.21-indy.jar", &[manifest])), ("", "groovy-ant", "2.4.21"));
    let manifest: (&str, &[u8]) = ("META-INF/MANIFEST.MF", b"Bundle-Version: 2.4\n");
    assert_eq!(gav(&one("groovy-ant-2.4.21-indy.jar", &[manifest])).1, "groovy-ant-2.4.21-indy");
}

#[test]
fn the_manifest_of_a_part_is_not_that_of_the_whole() {
    let manifest = |name: &str| format!("Bundle-SymbolicName: {name}\nBundle-Version: 2.25.3\n");
    for (file, bundle, version) in [
        ("bash-utils.jar", "org.apache.log4j.slf4j.impl", ""),
        ("bash-utils-1.0.jar", "org.apache.log4j.slf4j.impl", "1.0"),
        ("log4j-all.jar", "org.apache.log4j.slf4j.impl", "2.25.3"),
        ("xercesImpl.jar", "org.apache.xerces;singleton:=true", "2.25.3"),
    ] {
        let manifest = manifest(bundle);
        let entry: (&str, &[u8]) = ("META-INF/MANIFEST.MF", manifest.as_bytes());
        assert_eq!(gav(&one(file, &[entry])).2, version, "{file}");
    }
}

#[test]
fn a_group_is_told_or_proven_and_never_guessed() {
    let package: (&str, &[u8]) = ("org/springframework/core/Ordered.class", b"");
    assert_eq!(gav(&one("spring-core-5.3.17.jar", &[package])).0, "org.springframework");
    assert_eq!(gav(&one("spring-core-5.3.17.jar", &[("x", b"")])).0, "");
    let vendor: (&str, &[u8]) =
        ("META-INF/MANIFEST.MF", b"Implementation-Vendor-Id: org.example\n");
    assert_eq!(gav(&one("a-1.jar", &[vendor])).0, "org.example");
    let bundle: (&str, &[u8]) =
        ("META-INF/MANIFEST.MF", b"Bundle-SymbolicName: org.acme.modules.acme-xml\n");
    assert_eq!(gav(&one("acme-xml_2.12-1.jar", &[bundle])).0, "org.acme.modules");
    let bundle: (&str, &[u8]) = ("META-INF/MANIFEST.MF", b"Bundle-SymbolicName: org.acme.xml\n");
    assert_eq!(gav(&one("xml-1.jar", &[bundle])).0, "");
    let words: (&str, &[u8]) =
        ("META-INF/MANIFEST.MF", b"Implementation-Vendor-Id: The ACME Co.\n");
    assert_eq!(gav(&one("a-1.jar", &[words])).0, "");
}

#[test]
fn archives_inside_are_found_stored_or_deflated() {
    let lib = pack(&[LOG4J], Deflated);
    for (outer, middle) in [(Stored, Stored), (Deflated, Stored), (Deflated, Deflated)] {
        let war = pack(&[("WEB-INF/lib/log4j-core-2.14.1.jar", &lib)], middle);
        let ear = pack(&[("web.war", &war), ("readme.txt", b"x")], outer);
        let found = survey(&ear, "app.ear", Limits::default()).unwrap();
        let names: Vec<_> = found.jars.iter().map(|jar| jar.inner.as_str()).collect();
        assert_eq!(names, ["", "web.war", "web.war!/WEB-INF/lib/log4j-core-2.14.1.jar"]);
        let jar = &found.jars[2];
        assert_eq!(jar.identity.version, "2.14.1");
        assert_eq!(jar.sha256, hash(&mut lib.as_slice()).unwrap());
        assert_eq!(jar.size, lib.len() as u64);
        assert_eq!(jar.file_name(), "log4j-core-2.14.1.jar");
        assert_eq!(found.troubles, []);
    }
}

#[test]
fn limits_end_the_descent_and_not_the_survey() {
    let mut bytes = pack(&[LOG4J], Deflated);
    for _ in 0..6 {
        bytes = pack(&[("in.jar", &bytes)], Deflated);
    }
    let found = survey(&bytes, "out.jar", Limits::default()).unwrap();
    assert_eq!(found.jars.len(), 5);
    assert_eq!(found.troubles[0].1, "archives are nested too deep");
    let small = Limits { memory: 10, ..Limits::default() };
    assert_eq!(survey(&bytes, "out.jar", small).unwrap().jars.len(), 1);
    let broken = pack(&[("bad.jar", b"no archive"), ("good.jar", &pack(&[], Stored))], Stored);
    let found = survey(&broken, "out.jar", Limits::default()).unwrap();
    assert_eq!(found.jars.len(), 2);
    assert_eq!(found.troubles[0].0, "bad.jar");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics(noise in proptest::collection::vec(any::<(u16, u8)>(), 0..16)) {
        let lib = pack(&[LOG4J], Deflated);
        let mut bytes = pack(&[("a.jar", &lib), ("META-INF/MANIFEST.MF", b"Main-Class: x\n")], Stored);
        for (at, value) in noise {
            let at = usize::from(at) % bytes.len();
            bytes[at] = value;
        }
        let _ = survey(&bytes, "x.jar", Limits::default());
    }
}
