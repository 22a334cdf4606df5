//! A small knowledge base: one vulnerability of a package of Debian 12, one of a jar.

use crate::world::NOW;
use muster_advisory::{Place, source};
use std::io::{Cursor, Write};
use std::path::Path;

const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const MEDIUM: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L";

/// Puts it where a server with this data folder finds it.
pub(crate) fn put(data_dir: &Path) {
    compile(
        data_dir,
        &[
            ("Debian", advisory("CVE-2026-1", "Debian:12", "curl", MEDIUM, "7.88.1-11")),
            (
                "Maven",
                advisory(
                    "CVE-2026-2",
                    "Maven",
                    "org.apache.logging.log4j:log4j-core",
                    CRITICAL,
                    "2.15.0",
                ),
            ),
        ],
    );
}

/// Another state of knowledge: that of the jar was a mistake.
pub(crate) fn put_corrected(data_dir: &Path) {
    let curl = advisory("CVE-2026-1", "Debian:12", "curl", CRITICAL, "7.88.1-11");
    let other = advisory("CVE-2026-3", "Maven", "org.example:other", MEDIUM, "1.0");
    compile(data_dir, &[("Debian", curl), ("Maven", other)]);
}

fn compile(data_dir: &Path, advisories: &[(&str, String)]) {
    let source = tempfile::tempdir().unwrap();
    for (ecosystem, text) in advisories {
        let mut dump = zip::ZipWriter::new(Cursor::new(Vec::new()));
        dump.start_file("a.json", zip::write::SimpleFileOptions::default()).unwrap();
        dump.write_all(text.as_bytes()).unwrap();
        std::fs::create_dir(source.path().join(ecosystem)).unwrap();
        let file = source.path().join(ecosystem).join("all.zip");
        std::fs::write(file, dump.finish().unwrap().into_inner()).unwrap();
    }
    let place = Place::of(data_dir);
    std::fs::create_dir_all(place.folder()).unwrap();
    source::compile_folder(source.path(), &place.file(), NOW, &mut |_| {}).unwrap();
}

fn advisory(id: &str, ecosystem: &str, name: &str, vector: &str, fixed: &str) -> String {
    format!(
        r#"{{"id":"{id}","modified":"2026-01-02T00:00:00Z","published":"2026-01-01T00:00:00Z",
        "summary":"{name} is broken","references":[{{"type":"WEB","url":"https://example.com/{id}"}}],
        "severity":[{{"type":"CVSS_V3","score":"{vector}"}}],
        "affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"ranges":[{{"type":"ECOSYSTEM",
        "events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
    )
}
