//! Small sources made here: what merging, matching and recommending do, case by case.

use muster_advisory::matching::Why;
use muster_advisory::{Confidence, Finding, Grade, Knowledge, source};
use muster_model::{Micros, Purl};
use std::io::Write as _;
use std::path::Path;

/// 2026-11-25.
pub(crate) const NOW: Micros = Micros::from_secs(1_795_608_000);

/// A dump of one ecosystem in `folder`.
pub(crate) fn dump(folder: &Path, ecosystem: &str, documents: &[&str]) {
    let folder = folder.join(ecosystem);
    std::fs::create_dir_all(&folder).unwrap();
    let mut zip = zip::ZipWriter::new(std::fs::File::create(folder.join("all.zip")).unwrap());
    for (at, document) in documents.iter().enumerate() {
        zip.start_file(format!("{at}.json"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(document.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

pub(crate) fn compiled(folder: &Path) -> Knowledge {
    let target = folder.join("knowledge.mkb");
    source::compile_folder(folder, &target, NOW, &mut |_| {}).unwrap();
    let knowledge = Knowledge::open(&target).unwrap();
    knowledge.verify().unwrap();
    knowledge
}

fn advisory(id: &str, more: &str, name: &str, events: &str) -> String {
    format!(
        r#"{{"id":"{id}",{more}"modified":"2026-01-02T00:00:00Z","published":"2026-01-01T00:00:00Z","affected":[{{
        "package":{{"ecosystem":"npm","name":"{name}"}},"ranges":[{{"type":"SEMVER","events":[{events}]}}]}}]}}"#
    )
}

const CVSS_7_5: &str =
    r#""severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}],"#;

fn findings(knowledge: &Knowledge, purl: &str) -> Vec<Finding> {
    knowledge.assess(&[purl.parse().unwrap()]).findings
}

fn ids(knowledge: &Knowledge, purl: &str) -> Vec<String> {
    findings(knowledge, purl).into_iter().map(|finding| finding.id).collect()
}

#[test]
fn advisories_of_one_vulnerability_are_one_finding() {
    let folder = tempfile::tempdir().unwrap();
    let fixed = r#"{"introduced":"0"},{"fixed":"1.2.0"}"#;
    dump(
        folder.path(),
        "npm",
        &[
            &advisory("GHSA-1", r#""aliases":["CVE-1-1"],"#, "a", fixed),
            &advisory("X-1", r#""aliases":["GHSA-1"],"#, "a", fixed),
            // Two CVEs in one advisory do not become one vulnerability.
            &advisory("Y-1", r#""aliases":["CVE-1-1","CVE-1-2"],"#, "a", fixed),
            &advisory("Z-1", r#""aliases":["Z-2"],"#, "a", fixed),
            &advisory("Z-2", "", "a", fixed),
        ],
    );
    let knowledge = compiled(folder.path());
    let found = findings(&knowledge, "pkg:npm/a@1.0.0");
    let summary: Vec<_> =
        found.iter().map(|finding| (finding.id.as_str(), finding.hits.len())).collect();
    assert_eq!(summary, [("CVE-1-1", 3), ("CVE-1-2", 1), ("Z-1", 2)]);
    assert_eq!(found[0].aliases, ["GHSA-1", "X-1", "Y-1"]);
    assert_eq!(found[0].fixed, ["1.2.0"]);
    assert_eq!(found[0].hits[0].range, "< 1.2.0");
    assert!(ids(&knowledge, "pkg:npm/a@1.2.0").is_empty());
    for name in ["CVE-1-1", "GHSA-1", "X-1"] {
        assert_eq!(knowledge.vulnerability(name).unwrap().id, "CVE-1-1");
    }
    assert!(knowledge.vulnerability("CVE-9-9").is_none());
}

#[test]
fn a_withdrawn_advisory_closes_its_findings() {
    let folder = tempfile::tempdir().unwrap();
    let all = r#"{"introduced":"0"}"#;
    dump(folder.path(), "npm", &[&advisory("GHSA-1", "", "a", all)]);
    assert_eq!(ids(&compiled(folder.path()), "pkg:npm/a@1.0.0"), ["GHSA-1"]);
    dump(
        folder.path(),
        "npm",
        &[&advisory("GHSA-1", r#""withdrawn":"2026-02-01T00:00:00Z","#, "a", all)],
    );
    let knowledge = compiled(folder.path());
    assert!(ids(&knowledge, "pkg:npm/a@1.0.0").is_empty());
    let known = knowledge.vulnerability("GHSA-1").unwrap();
    assert!(known.rejected);
    assert_eq!(known.advisories().next().unwrap().withdrawn, "2026-02-01T00:00:00Z");
}

#[test]
fn a_newer_document_beside_the_dump_counts() {
    let folder = tempfile::tempdir().unwrap();
    dump(folder.path(), "npm", &[&advisory("GHSA-1", "", "a", r#"{"introduced":"0"}"#)]);
    let updates = folder.path().join("npm/updates");
    std::fs::create_dir(&updates).unwrap();
    let newer = advisory("GHSA-1", "", "a", r#"{"introduced":"0"},{"fixed":"0.5.0"}"#);
    std::fs::write(updates.join("GHSA-1.json"), newer).unwrap();
    let knowledge = compiled(folder.path());
    assert!(ids(&knowledge, "pkg:npm/a@1.0.0").is_empty());
    assert_eq!(ids(&knowledge, "pkg:npm/a@0.4.0"), ["GHSA-1"]);
}

#[test]
fn an_unknown_upper_bound_is_a_guess_unless_somebody_knows() {
    let folder = tempfile::tempdir().unwrap();
    let open = r#"{"id":"GHSA-1","aliases":["CVE-1-1"],"affected":[{"package":{"ecosystem":"npm","name":"NAME"},
        "ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"}]}],"database_specific":{"upper_bound_unknown":true}}]}"#;
    let known = r#"{"id":"GHSA-3","affected":[{"package":{"ecosystem":"npm","name":"c"},"ranges":[{"type":"SEMVER",
        "events":[{"introduced":"0"}]}],"database_specific":{"last_known_affected_version_range":"<= 2.0.0"}}]}"#;
    dump(
        folder.path(),
        "npm",
        &[
            &open.replace("NAME", "a"),
            &open.replace("NAME", "b").replace("-1", "-2"),
            &advisory(
                "P-2",
                r#""aliases":["CVE-2-2"],"#,
                "b",
                r#"{"introduced":"1.0.0"},{"last_affected":"1.5.0"}"#,
            ),
            known,
        ],
    );
    let knowledge = compiled(folder.path());
    let confidence =
        |purl: &str| findings(&knowledge, purl).first().map(|finding| finding.confidence);
    assert_eq!(confidence("pkg:npm/a@9.0.0"), Some(Confidence::Low));
    assert_eq!(confidence("pkg:npm/b@9.0.0"), None);
    assert_eq!(confidence("pkg:npm/b@1.5.0"), Some(Confidence::High));
    assert_eq!(confidence("pkg:npm/c@2.0.0"), Some(Confidence::High));
    assert_eq!(confidence("pkg:npm/c@2.0.1"), Some(Confidence::Low));
}

#[test]
fn exploitation_and_prediction_raise_the_grade() {
    let folder = tempfile::tempdir().unwrap();
    dump(
        folder.path(),
        "npm",
        &[&advisory(
            "GHSA-1",
            &format!(r#""aliases":["CVE-2026-1"],{CVSS_7_5}"#),
            "a",
            r#"{"introduced":"0"}"#,
        )],
    );
    std::fs::write(folder.path().join("epss_scores-current.csv"), "#model_version:v1,score_date:2026-11-01T00:00:00Z\ncve,epss,percentile\nCVE-2026-1,0.25,0.9\nCVE-2026-9,2,3\n").unwrap();
    let plain = &findings(&compiled(folder.path()), "pkg:npm/a@1.0.0")[0];
    assert_eq!((plain.grade, plain.epss), (Grade::High, Some(0.25)));
    assert_eq!(plain.reason, "CVSS 3 base score 7.5, EPSS 0.250");
    std::fs::write(
        folder.path().join("known_exploited_vulnerabilities.json"),
        r#"{"dateReleased":"2026-11-02","vulnerabilities":[{"cveID":"CVE-2026-1","knownRansomwareCampaignUse":"Known"},
            {"cveID":"CVE-2026-2","shortDescription":"no package"}]}"#,
    )
    .unwrap();
    let knowledge = compiled(folder.path());
    let raised = &findings(&knowledge, "pkg:npm/a@1.0.0")[0];
    assert!(raised.exploited && raised.grade == Grade::Critical);
    let alone = knowledge.vulnerability("CVE-2026-2").unwrap();
    assert!(alone.signals.exploited && alone.details().unwrap().description == "no package");
    let feed =
        |kind: &str| knowledge.meta().feeds.iter().find(|feed| feed.kind == kind).unwrap().clone();
    assert_eq!((feed("kev").as_of.as_str(), feed("kev").records), ("2026-11-02", 2));
    assert_eq!((feed("epss").as_of.as_str(), feed("epss").records), ("2026-11-01T00:00:00Z", 1));
    assert_eq!(knowledge.meta().diagnostic_counts["epss.unreadable"], 1);
}

#[test]
fn the_recommended_version_is_the_lowest_clean_one_of_the_same_line() {
    let folder = tempfile::tempdir().unwrap();
    dump(
        folder.path(),
        "npm",
        &[
            &advisory(
                "A-1",
                CVSS_7_5,
                "a",
                r#"{"introduced":"0"},{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"fixed":"2.1.0"}"#,
            ),
            &advisory("A-2", CVSS_7_5, "a", r#"{"introduced":"1.2.0"},{"fixed":"1.3.0"}"#),
            &advisory("A-3", "", "a", r#"{"introduced":"1.3.0"},{"fixed":"1.4.0"}"#),
            &advisory(
                "B-1",
                CVSS_7_5,
                "b",
                r#"{"introduced":"0"},{"fixed":"2.0.0-rc.1"},{"introduced":"2.0.0-rc.1"},{"fixed":"2.0.1"}"#,
            ),
            &advisory("C-1", CVSS_7_5, "c", r#"{"introduced":"0"}"#),
        ],
    );
    let knowledge = compiled(folder.path());
    let recommended = |text: &str, published: &[&str]| {
        let found = knowledge.recommend(&text.parse::<Purl>().unwrap(), published);
        (found.version, found.why)
    };
    // 1.2.0 has A-2; what is wrong with 1.3.0 has no grade.
    assert_eq!(recommended("pkg:npm/a@1.0.0", &[]), ("1.3.0".to_owned(), Why::SameMajor));
    assert_eq!(recommended("pkg:npm/a@1.3.0", &[]), (String::new(), Why::NotNeeded));
    assert_eq!(recommended("pkg:npm/b@1.0.0", &[]), ("2.0.1".to_owned(), Why::OtherMajor));
    assert_eq!(recommended("pkg:npm/c@1.0.0", &["1.1.0"]), (String::new(), Why::NoneKnown));
    assert_eq!(
        recommended("pkg:npm/a@1.0.0", &["1.2.5", "1.3.0"]),
        ("1.3.0".to_owned(), Why::SameMajor)
    );
    assert!(matches!(recommended("pkg:gem/a@1", &[]), (_, Why::NotChecked(_))));
    assert!(findings(&knowledge, "pkg:npm/c@1.0.0")[0].fixed.is_empty());
}

#[test]
fn what_was_not_checked_is_said_component_by_component() {
    let folder = tempfile::tempdir().unwrap();
    dump(
        folder.path(),
        "npm",
        &[
            &advisory("A-1", "", "a", r#"{"introduced":"1.0.0"}"#),
            &advisory("A-2", "", "a", r#"{"introduced":"0"}"#),
        ],
    );
    dump(
        folder.path(),
        "Debian",
        &[
            r#"{"id":"DSA-1-1","upstream":["CVE-1-1","CVE-1-2"],"affected":[{"package":{"ecosystem":"Debian:12","name":"openssl"},
            "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.11-1~deb12u2"}]}]}]}"#,
        ],
    );
    let knowledge = compiled(folder.path());
    let purls: Vec<Purl> = [
        "pkg:npm/a@1.0.0",
        "pkg:npm/a@latest",
        "pkg:gem/a@1",
        "pkg:maven/a@1",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u1?distro=debian-12&upstream=openssl",
        "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12&upstream=openssl",
        "pkg:deb/debian/libssl3@1?distro=debian-11",
        "pkg:deb/debian/libssl3@1",
    ]
    .map(|text| text.parse().unwrap())
    .into();
    let answer = knowledge.assess(&purls);
    assert_eq!(
        answer.not_checked,
        [
            None,
            Some("unreadable_version"),
            Some("no_source"),
            Some("no_group"),
            None,
            None,
            Some("no_source"),
            Some("no_release")
        ]
    );
    // What holds for all versions holds for one that cannot be read.
    let found: Vec<_> =
        answer.findings.iter().map(|finding| (finding.component, finding.id.as_str())).collect();
    assert_eq!(found, [(0, "A-1"), (0, "A-2"), (1, "A-2"), (4, "CVE-1-1"), (4, "CVE-1-2")]);
    let npm = answer.coverage.iter().find(|coverage| coverage.ecosystem == "npm").unwrap();
    assert_eq!((npm.checked, npm.not_checked["unreadable_version"]), (1, 1));
    assert_eq!(npm.newest, "2026-01-02T00:00:00Z");
    assert!(npm.sources.contains("npm/all.zip"));
    let gems = answer.coverage.iter().find(|coverage| coverage.ecosystem == "RubyGems").unwrap();
    assert!(gems.sources.is_empty() && gems.checked == 0);
}
