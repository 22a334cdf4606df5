//! Which file is which feed.

use crate::file::trouble;
use muster_model::Result;
use std::path::{Path, PathBuf};

/// Most files of a folder that are looked at.
const MAX_FILES: usize = 2_000_000;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// One OSV document, newer than the dump beside it: read first, as the first of equal numbers counts.
    OsvDocument,
    /// A dump of OSV documents.
    OsvZip,
    /// OSV documents, one a line.
    OsvLines,
    /// CISA's known exploited vulnerabilities.
    Exploited,
    /// Exploit prediction scores.
    Epss,
    /// CVE records with vectors, weaknesses, decision points, one a line.
    Cve,
    /// A feed or page of the NVD, version 2.0.
    Nvd,
    /// Weaknesses.
    Cwe,
    /// Numbers of CNVD by CVE, CSV.
    NationalMap,
    /// XML of CNVD or CNNVD.
    NationalXml,
    /// endoflife.date.
    Lifecycle,
    /// Lists of licences and what they ask for.
    Licences,
}

impl Kind {
    /// Word of reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::OsvDocument | Self::OsvZip | Self::OsvLines => "osv",
            Self::Exploited => "kev",
            Self::Epss => "epss",
            Self::Cve => "cve",
            Self::Nvd => "nvd",
            Self::Cwe => "cwe",
            Self::NationalMap => "cnvd",
            Self::NationalXml => "cnvd/cnnvd",
            Self::Lifecycle => "lifecycle",
            Self::Licences => "licence",
        }
    }

    /// Whether it says which versions of which packages are affected.
    pub const fn has_advisories(self) -> bool {
        matches!(self, Self::OsvDocument | Self::OsvZip | Self::OsvLines)
    }

    /// Licence of the data, as its publisher states it.
    pub fn licence(self, name: &str) -> &'static str {
        match self {
            Self::OsvDocument | Self::OsvZip => "by publisher, see publishers",
            Self::OsvLines => "Apache-2.0 (OpenSSF)",
            Self::Exploited => "CC0-1.0 (CISA)",
            Self::Epss => "free to use, cite FIRST.org",
            Self::Cve => "CC0-1.0 and those of its sources",
            Self::Nvd => "public domain (NIST)",
            Self::Cwe => "CWE terms of use (MITRE)",
            Self::NationalMap | Self::NationalXml => "not stated by its publisher",
            Self::Lifecycle => "MIT (endoflife.date)",
            Self::Licences if name.contains("choosealicense") => "CC-BY-3.0 (choosealicense.com)",
            Self::Licences if name.contains("scancode") => "CC-BY-4.0 (ScanCode LicenseDB)",
            Self::Licences if name.contains("osadl") => "CC-BY-4.0 (OSADL)",
            Self::Licences => "CC-BY-3.0 (SPDX)",
        }
    }
}

/// A file that is a feed.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it holds.
    pub kind: Kind,
    /// Path below the folder, `/` between its parts.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The feeds of a folder in the order they are to be read: advisories first, newer documents before dumps.
///
/// # Errors
/// `Unavailable` where the folder cannot be read.
pub fn find(folder: &Path) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut seen = 0;
    walk(folder, "", 0, &mut seen, &mut found)?;
    order(&mut found);
    Ok(found)
}

/// Puts feeds in the order they are to be read.
pub(super) fn order(found: &mut [Found]) {
    found.sort_by(|left, right| (left.kind, &left.name).cmp(&(right.kind, &right.name)));
}

fn walk(
    folder: &Path,
    below: &str,
    depth: usize,
    seen: &mut usize,
    found: &mut Vec<Found>,
) -> Result<()> {
    let entries = std::fs::read_dir(folder).map_err(|error| trouble(folder, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| trouble(folder, error))?;
        *seen += 1;
        if *seen > MAX_FILES {
            return Err(trouble(folder, format_args!("holds more than {MAX_FILES} files")));
        }
        let Ok(file_name) = entry.file_name().into_string() else { continue };
        let name = if below.is_empty() { file_name } else { format!("{below}/{file_name}") };
        let path = entry.path();
        if path.is_dir() {
            if depth < 3 {
                walk(&path, &name, depth + 1, seen, found)?;
            }
        } else if let Some(kind) = kind(&name) {
            found.push(Found { kind, name, path });
        }
    }
    Ok(())
}

/// By place and name. None for what is no feed (licence texts, labels, checksums).
pub fn kind(name: &str) -> Option<Kind> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let plain = file.trim_end_matches(".gz").trim_end_matches(".zst");
    let ends = |extension: &str| plain.len() > extension.len() && plain.ends_with(extension);
    Some(match folder {
        "fixtures" | "labels" | "_licenses" => return None,
        _ if file == "all.zip" => Kind::OsvZip,
        "malicious" if ends(".jsonl") => Kind::OsvLines,
        "licenses/spdx" | "licenses/choosealicense" | "licenses/scancode" | "licenses/osadl"
            if ends(".json") =>
        {
            Kind::Licences
        }
        "cn" if ends(".xml") => Kind::NationalXml,
        "cn" if ends(".csv") => Kind::NationalMap,
        "eol" if plain == "products.json" => Kind::Lifecycle,
        "cwe" if ends(".json") => Kind::Cwe,
        "cve" if ends(".jsonl") => Kind::Cve,
        _ if plain == "known_exploited_vulnerabilities.json" => Kind::Exploited,
        _ if plain.starts_with("epss_scores") && ends(".csv") => Kind::Epss,
        _ if plain.starts_with("nvdcve-2.0-") && ends(".json") => Kind::Nvd,
        _ if folder.ends_with("/updates") && ends(".json") => Kind::OsvDocument,
        _ if is_advisory_file(plain) && !folder.is_empty() && !folder.contains('/') => {
            Kind::OsvDocument
        }
        _ => return None,
    })
}

/// `GHSA-...json`, `CVE-2024-1.json`: a number and `.json`.
fn is_advisory_file(file: &str) -> bool {
    file.strip_suffix(".json").and_then(|id| id.split_once('-')).is_some_and(|(prefix, rest)| {
        prefix.len() <= 12
            && prefix.bytes().all(|b| b.is_ascii_uppercase())
            && rest.bytes().any(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_place_and_name() {
        for (name, expected) in [
            ("Maven/all.zip", Some(Kind::OsvZip)),
            ("all.zip", Some(Kind::OsvZip)),
            ("npm/updates/GHSA-a-b-c.json", Some(Kind::OsvDocument)),
            ("PyPI/PYSEC-2024-1.json", Some(Kind::OsvDocument)),
            ("malicious/npm.jsonl.zst", Some(Kind::OsvLines)),
            ("kev/known_exploited_vulnerabilities.json", Some(Kind::Exploited)),
            ("epss/epss_scores-current.csv.gz", Some(Kind::Epss)),
            ("nvd/nvdcve-2.0-2024.json.gz", Some(Kind::Nvd)),
            ("cn/cnvd-sample-8-entries.xml", Some(Kind::NationalXml)),
            ("cn/cnnvd-vuln-type.json", None),
            ("fixtures/osv-records-as-served.zip", None),
            ("labels/sap-project-kb.jsonl.zst", None),
            ("Maven/modified_id.csv", None),
            ("licenses/spdx/licenses.json", Some(Kind::Licences)),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }
}
