//! The OSV format (ossf.github.io/osv-schema, 1.7): one advisory a JSON document.

mod dates;
mod provenance;
mod ranges;
#[cfg(test)]
mod tests;

use crate::cvss;
use crate::ecosystem::PackageKey;
use crate::record::{Affected, Record};
use muster_model::Diagnostic;
use serde::Deserialize;

/// Largest document that is read.
pub const MAX_DOCUMENT: usize = 16 << 20;
/// Longest text kept of an advisory's details, in bytes.
const MAX_DETAILS: usize = 64 << 10;
/// Most entries taken of any list in a document.
const MAX_LIST: usize = 100_000;
/// Most references kept.
const MAX_REFERENCES: usize = 200;

#[derive(Deserialize)]
struct Document {
    id: String,
    #[serde(default, deserialize_with = "nullable")]
    modified: String,
    #[serde(default, deserialize_with = "nullable")]
    published: String,
    #[serde(default, deserialize_with = "nullable")]
    withdrawn: String,
    #[serde(default, deserialize_with = "nullable")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    upstream: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    related: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    summary: String,
    #[serde(default, deserialize_with = "nullable")]
    details: String,
    #[serde(default, deserialize_with = "nullable")]
    severity: Vec<Severity>,
    #[serde(default, deserialize_with = "nullable")]
    affected: Vec<AffectedDocument>,
    #[serde(default, deserialize_with = "nullable")]
    references: Vec<Reference>,
    #[serde(default)]
    database_specific: Option<Specific>,
}

#[derive(Deserialize)]
struct Severity {
    #[serde(default, deserialize_with = "nullable")]
    score: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default, deserialize_with = "nullable", rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    url: String,
}

#[derive(Deserialize)]
struct AffectedDocument {
    package: Option<Package>,
    #[serde(default, deserialize_with = "nullable")]
    ranges: Vec<ranges::RangeDocument>,
    #[serde(default, deserialize_with = "nullable")]
    versions: Vec<String>,
    #[serde(default, deserialize_with = "nullable")]
    severity: Vec<Severity>,
    #[serde(default)]
    database_specific: Option<AffectedSpecific>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default, deserialize_with = "nullable")]
    ecosystem: String,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
}

/// What sources add on their own. All of it may be missing or of another type, which is no fault.
#[derive(Default, Deserialize)]
struct Specific {
    #[serde(default)]
    severity: serde_json::Value,
    #[serde(default)]
    cwe_ids: serde_json::Value,
    #[serde(default)]
    source: serde_json::Value,
}

#[derive(Default, Deserialize)]
struct AffectedSpecific {
    #[serde(default)]
    upper_bound_unknown: serde_json::Value,
    #[serde(default)]
    last_known_affected_version_range: serde_json::Value,
    #[serde(default)]
    informational: serde_json::Value,
}

/// Some publishers write null where they have nothing.
fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads one document. What cannot be used is left out and said in `diagnostics`.
///
/// # Errors
/// A diagnostic where it is no OSV document at all (`osv.unreadable`, `osv.too_large`).
pub fn parse(bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Result<Record, Diagnostic> {
    if bytes.len() > MAX_DOCUMENT {
        return Err(Diagnostic::new(
            "osv.too_large",
            "",
            format!("{} bytes, at most {MAX_DOCUMENT}", bytes.len()),
        ));
    }
    let document: Document = serde_json::from_slice(bytes)
        .map_err(|error| Diagnostic::new("osv.unreadable", "", error.to_string()))?;
    let id = document.id.trim().to_owned();
    if id.is_empty() || id.len() > 128 || id.contains(char::is_control) {
        return Err(Diagnostic::new("osv.unreadable", "", "the id is missing or too long"));
    }
    let specific = document.database_specific.unwrap_or_default();
    let distribution = document
        .affected
        .iter()
        .filter_map(|affected| affected.package.as_ref())
        .any(|package| package.ecosystem.contains(':'));
    // Distributions name what their advisories repair in `upstream`, older ones in `related`.
    let upstream = match document.upstream {
        list if list.is_empty() && distribution => document.related,
        list => list,
    };
    let vectors =
        document.severity.iter().chain(document.affected.iter().flat_map(|a| &a.severity));
    let (source, licence) = provenance::of(&id, specific.source.as_str().unwrap_or_default());
    let mut record = Record {
        aliases: ids(document.aliases, &id),
        upstream: ids(upstream, &id),
        summary: cut(document.summary, 1_000),
        details: cut(document.details, MAX_DETAILS),
        published: dates::sane(&document.published),
        modified: dates::sane(&document.modified),
        withdrawn: dates::sane(&document.withdrawn),
        references: document
            .references
            .into_iter()
            .filter(|reference| !reference.url.is_empty())
            .take(MAX_REFERENCES)
            .map(|reference| (reference.kind, cut(reference.url, 2_000)))
            .collect(),
        scores: Vec::new(),
        severity_word: specific.severity.as_str().unwrap_or_default().to_owned(),
        cwes: strings(&specific.cwe_ids),
        affected: Vec::new(),
        id,
        source,
        licence,
    };
    for severity in vectors.take(64) {
        match cvss::score(&severity.score, &record.source) {
            Some(score) if record.scores.contains(&score) => {}
            Some(score) => record.scores.push(score),
            None => diagnostics.push(Diagnostic::new(
                "cvss.unreadable",
                &record.id,
                cut(severity.score.clone(), 200),
            )),
        }
    }
    for affected in document.affected.into_iter().take(MAX_LIST) {
        if let Some(affected) = self::affected(affected, &record.id, diagnostics) {
            record.affected.push(affected);
        }
    }
    Ok(record)
}

fn affected(
    document: AffectedDocument,
    id: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Affected> {
    let package = document.package?;
    let Some(package) = PackageKey::from_advisory(&package.ecosystem, &package.name) else {
        diagnostics.push(Diagnostic::new("ecosystem.unknown", id, cut(package.ecosystem, 100)));
        return None;
    };
    let specific = document.database_specific.unwrap_or_default();
    let scheme = package.ecosystem.scheme;
    let last_known = specific.last_known_affected_version_range.as_str().unwrap_or_default();
    let last_known = last_known.trim_start_matches(['<', '=', ' ']);
    let last_known = (!last_known.is_empty()).then(|| scheme.key(last_known)).flatten();
    let mut intervals = Vec::new();
    for range in document.ranges.iter().take(1_000) {
        ranges::intervals(range, scheme, id, last_known.as_ref(), &mut intervals, diagnostics);
    }
    let mut versions = document.versions;
    versions.truncate(MAX_LIST);
    versions.retain(|version| {
        !scheme
            .key(version)
            .is_some_and(|key| intervals.iter().any(|interval| interval.contains(&key)))
    });
    Some(Affected {
        package,
        intervals,
        versions,
        upper_bound_unknown: specific.upper_bound_unknown.as_bool() == Some(true),
        informational: specific.informational.as_str().map(str::to_owned),
    })
}

fn ids(list: Vec<String>, own: &str) -> Vec<String> {
    let mut list: Vec<String> = list
        .into_iter()
        .map(|id| id.trim().to_owned())
        .filter(|id| {
            !id.is_empty() && id != own && id.len() <= 128 && !id.contains(char::is_control)
        })
        .collect();
    list.sort_unstable();
    list.dedup();
    list.truncate(1_000);
    list
}

fn strings(value: &serde_json::Value) -> Vec<String> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|item| item.as_str()).take(100).map(str::to_owned).collect()
}

/// Cuts at a character's border.
pub(crate) fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
