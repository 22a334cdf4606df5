//! The whole mirror of real advisories, where it lies beside the repository.

use super::small::NOW;
use muster_advisory::{Grade, Knowledge, source};
use muster_model::Purl;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub(crate) fn mirror() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/advisories");
    folder.exists().then_some(folder)
}

/// Compiled once for all tests.
fn knowledge() -> Option<&'static Knowledge> {
    static KNOWLEDGE: OnceLock<Option<(tempfile::TempDir, Knowledge)>> = OnceLock::new();
    KNOWLEDGE
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join("knowledge.mkb");
            source::compile_folder(&mirror()?, &target, NOW, &mut |_| {}).unwrap();
            let knowledge = Knowledge::open(&target).unwrap();
            knowledge.verify().unwrap();
            Some((folder, knowledge))
        })
        .as_ref()
        .map(|(_, knowledge)| knowledge)
}

#[test]
fn known_vulnerabilities_are_found_and_their_fixes_are_clean() {
    let Some(knowledge) = knowledge() else { return };
    for (affected, repaired, id) in [
        ("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", "2.17.1", "CVE-2021-44228"),
        ("pkg:maven/org.springframework/spring-beans@5.3.17", "5.3.18", "CVE-2022-22965"),
        ("pkg:npm/lodash@4.17.20", "4.17.21", "CVE-2021-23337"),
        ("pkg:pypi/Django@4.2.15", "4.2.16", "CVE-2024-45230"),
        ("pkg:gem/actionpack@7.1.3.0", "7.1.3.1", "CVE-2024-26142"),
        ("pkg:composer/symfony/http-foundation@7.3.6", "7.3.7", "CVE-2025-64500"),
        ("pkg:nuget/System.Text.Json@8.0.3", "8.0.5", "CVE-2024-43485"),
        ("pkg:golang/golang.org/x/net@v0.16.0", "v0.17.0", "CVE-2023-39325"),
        ("pkg:cargo/time@0.1.42", "0.2.23", "CVE-2020-26235"),
        (
            "pkg:deb/debian/curl@7.74.0-1.3%2Bdeb11u1?distro=bullseye",
            "7.74.0-1.3+deb11u5",
            "CVE-2022-32221",
        ),
    ] {
        let affected: Purl = affected.parse().unwrap();
        let found = knowledge.assess(std::slice::from_ref(&affected)).findings;
        let finding = found.iter().find(|finding| finding.id == id);
        let finding =
            finding.unwrap_or_else(|| panic!("{affected}: {id} not among {}", found.len()));
        assert!(!finding.hits.is_empty() && !finding.reason.is_empty());
        let repaired = affected.with_version(repaired);
        let left = knowledge.assess(std::slice::from_ref(&repaired)).findings;
        assert!(left.iter().all(|finding| finding.id != id), "{repaired} still has {id}");
    }
}

#[test]
fn log4shell_is_as_bad_as_it_was() {
    let Some(knowledge) = knowledge() else { return };
    let purl = "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1".parse().unwrap();
    let found = knowledge.assess(std::slice::from_ref(&purl)).findings;
    let finding = found.iter().find(|finding| finding.id == "CVE-2021-44228").unwrap();
    assert_eq!(finding.grade, Grade::Critical);
    assert!(finding.exploited && finding.epss.unwrap() > 0.9, "{}", finding.reason);
    assert!(finding.aliases.iter().any(|alias| alias.starts_with("GHSA-")));
    assert!(
        finding.aliases.iter().any(|alias| alias.starts_with("CNVD-")),
        "{:?}",
        finding.aliases
    );
    let details = knowledge.vulnerability("CVE-2021-44228").unwrap().details().unwrap();
    assert!(details.cwes.contains(&"CWE-502".to_owned()) && !details.vectors.is_empty());
    assert_eq!(knowledge.weakness("CWE-502").unwrap(), "Deserialization of Untrusted Data");
    let advice = knowledge.recommend(&purl, &[]);
    assert!(advice.version.starts_with("2."), "{advice:?}");
}

#[test]
fn malicious_packages_and_ended_lines_are_said_so() {
    let Some(knowledge) = knowledge() else { return };
    let found = knowledge.assess(&["pkg:npm/jquerry@1.0.0".parse().unwrap()]).findings;
    assert!(found.iter().any(|finding| finding.malicious && finding.grade == Grade::Critical));
    let purl = "pkg:pypi/django@2.2.1".parse().unwrap();
    let (product, cycle) = knowledge.lifecycles().of(&purl).unwrap();
    assert_eq!((product.title.as_str(), cycle.name.as_str()), ("Django", "2.2"));
    assert!(cycle.is_over("2026-11-25"));
}

#[test]
fn every_source_is_accounted_for() {
    let Some(knowledge) = knowledge() else { return };
    let meta = knowledge.meta();
    let of = |ecosystem: &str| &meta.ecosystems[ecosystem];
    // As the mirror's own table counts them; some lie in two dumps.
    assert_eq!(of("Debian").advisories, 5_164);
    assert_eq!(of("Bitnami").advisories, 7_444);
    assert!(of("Maven").newest.as_str() < "2025-12", "{}", of("Maven").newest);
    assert!(of("PyPI").newest.as_str() <= NOW.iso().as_str());
    assert!(meta.advisories > 70_000, "{}", meta.advisories);
    for kind in
        ["osv", "kev", "epss", "cve", "nvd", "cwe", "cnvd", "cnvd/cnnvd", "lifecycle", "licence"]
    {
        let records: u64 =
            meta.feeds.iter().filter(|feed| feed.kind == kind).map(|feed| feed.records).sum();
        assert!(records > 0, "{kind}");
        assert!(meta.feeds.iter().all(|feed| !feed.licence.is_empty()));
    }
    println!(
        "{:?}\n{:?}",
        meta.diagnostic_counts,
        meta.diagnostics.iter().take(30).collect::<Vec<_>>()
    );
}
