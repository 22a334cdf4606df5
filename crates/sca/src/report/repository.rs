//! Archives in a Maven repository on disk: the record beside an archive says what it is. Where the archive is a link, as in Debian,
//! the record is about the file at its end.

use crate::finding::{Finding, Kind, Note};
use muster_model::purl::Purl;
use std::collections::{BTreeMap, HashMap};

/// Links followed from one to the next.
const MAX_LINKS: usize = 8;
/// How sure a record is, in percent: it is about this very file, but was not written by who built it.
const SURE: u8 = 98;
/// An archive that knows itself this surely has Maven's files inside.
const OWN: u8 = 100;

/// A record of a repository.
struct Record<'a> {
    place: &'a str,
    group: &'a str,
    artifact: &'a str,
    version: &'a str,
    licences: &'a [String],
}

/// Names the archives that repositories hold by their records: beside what an archive knows of itself, instead of what was guessed.
pub(super) fn name(findings: &mut Vec<Finding>, notes: &[Note]) {
    let records = records(notes);
    if records.is_empty() {
        return;
    }
    let mut named = Vec::new();
    findings.retain(|finding| {
        if finding.kind != Kind::Archive || finding.purl.kind() != "maven" {
            return true;
        }
        let Some(records) = records.get(finding.place.as_str()) else { return true };
        let told: Vec<Finding> =
            records.iter().filter_map(|record| by(finding, record, records)).collect();
        let keep = finding.confidence == OWN || told.is_empty();
        named.extend(told.into_iter().filter(|one| !keep || one.purl != finding.purl));
        keep
    });
    findings.append(&mut named);
}

/// The records, by the places of the archives that they are about.
fn records(notes: &[Note]) -> HashMap<String, Vec<Record<'_>>> {
    let links: BTreeMap<&str, &str> = notes
        .iter()
        .filter_map(|note| match note {
            Note::Link { place, target } => Some((place.as_str(), target.as_str())),
            _ => None,
        })
        .collect();
    let mut records: HashMap<String, Vec<Record<'_>>> = HashMap::new();
    for note in notes {
        let Note::Published { place, group, artifact, version, licences } = note else { continue };
        let Some(stem) = place.strip_suffix("pom") else { continue };
        let beside = format!("{stem}jar");
        let mut archive = beside.as_str();
        for _ in 0..MAX_LINKS {
            let Some(target) = links.get(archive) else { break };
            archive = target;
        }
        let record = Record { place, group, artifact, version, licences };
        records.entry(archive.to_owned()).or_default().push(record);
    }
    records
}

/// The archive under the name of one of its records. A distribution also files archives under versions that are none
/// (`debian`, `4.x`): such a record tells group and artifact, unless another has the version too.
fn by(archive: &Finding, record: &Record<'_>, all: &[Record<'_>]) -> Option<Finding> {
    let version = if is_alias(record, all) {
        let exact = |other: &Record<'_>| {
            (other.group, other.artifact) == (record.group, record.artifact)
                && !is_alias(other, all)
        };
        if all.iter().any(exact) {
            return None;
        }
        archive.purl.version()
    } else {
        record.version
    };
    let purl = Purl::new("maven", record.group, record.artifact, version).ok()?;
    let mut named = Finding { purl, licences: Vec::new(), ..archive.clone() }
        .confidence(SURE)
        .because(format!("record of a Maven repository: {}", record.place));
    for licence in record.licences.iter().chain(&archive.licences) {
        named = named.licence(licence);
    }
    Some(named)
}

/// Whether a record's version only stands for one.
fn is_alias(record: &Record<'_>, all: &[Record<'_>]) -> bool {
    let version = record.version;
    let longer = |other: &Record<'_>| {
        let rest = other.version.strip_prefix(version);
        other.artifact == record.artifact && rest.is_some_and(|rest| rest.starts_with('.'))
    };
    version.ends_with(".x")
        || !version.bytes().any(|byte| byte.is_ascii_digit())
        || !version.contains('.') && all.iter().any(longer)
}
