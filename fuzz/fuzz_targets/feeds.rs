//! Any bytes as every feed of the knowledge base: compiled, opened and asked without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_advisory::{Knowledge, source};
use muster_model::Micros;
use std::cell::OnceCell;

/// One of each kind, by the place and name it is known by.
const FEEDS: [&str; 17] = [
    "PyPI/all.zip",
    "PyPI/updates/PYSEC-1.json",
    "malicious/npm.jsonl",
    "kev/known_exploited_vulnerabilities.json",
    "epss/epss_scores-current.csv",
    "epss/epss_scores-current.csv.gz",
    "cve/cve.jsonl",
    "cve/cve.jsonl.zst",
    "nvd/nvdcve-2.0-modified.json",
    "cwe/cwe.json",
    "cn/map.csv",
    "cn/entries.xml",
    "eol/products.json",
    "licenses/spdx/licenses.json",
    "licenses/choosealicense/licenses.json",
    "licenses/scancode/index.json",
    "licenses/osadl/osadl-matrix.json",
];
const ADVISORY: &str = r#"{"id":"PYSEC-0","aliases":["CVE-2025-1"],"affected":[{"package":{"ecosystem":"PyPI","name":"a"},
    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]}]}]}"#;

thread_local! {
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().unwrap()).path();
        let source = folder.join("source");
        let _ = std::fs::remove_dir_all(&source);
        let file = source.join(FEEDS[usize::from(*choice) % FEEDS.len()]);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::create_dir_all(source.join("npm/updates")).unwrap();
        std::fs::write(source.join("npm/updates/PYSEC-0.json"), ADVISORY).unwrap();
        std::fs::write(&file, data).unwrap();
        let target = folder.join("knowledge.mkb");
        source::compile_folder(&source, &target, Micros(1_800_000_000_000_000), &mut |_| {}).unwrap();
        let knowledge = Knowledge::open(&target).unwrap();
        knowledge.verify().unwrap();
        let purl = "pkg:pypi/a@1".parse().unwrap();
        for finding in knowledge.assess(std::slice::from_ref(&purl)).findings {
            knowledge.vulnerability(&finding.id).unwrap().details().unwrap();
        }
        let _ = (knowledge.recommend(&purl, &[]), knowledge.lifecycles().of(&purl), knowledge.weakness("CWE-79"));
    });
});
