//! Dart's `pubspec.lock`: YAML as pub writes it, two spaces a level.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;

pub(super) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    let mut in_packages = false;
    let (mut name, mut kind, mut source) = ("", "", "");
    for line in text.lines() {
        let body = line.trim();
        match line.len() - line.trim_start().len() {
            0 if !body.is_empty() && !body.starts_with('#') => in_packages = body == "packages:",
            2 if in_packages => {
                name = body.trim_end_matches(':').trim_matches('"');
                (kind, source) = ("", "");
            }
            4 if in_packages => {
                let (key, value) = body.split_once(':').unwrap_or((body, ""));
                let value = value.trim().trim_matches('"');
                match key {
                    "dependency" => kind = value,
                    "source" => source = value,
                    "version" if source != "sdk" => {
                        let relation = if kind.starts_with("direct") {
                            Relation::Direct
                        } else {
                            Relation::Transitive
                        };
                        let scope =
                            if kind == "direct dev" { Scope::Development } else { Scope::Unknown };
                        if let Some(purl) = purl("pub", "", name, value) {
                            found.add(
                                Finding::new(purl, Kind::Locked).relation(relation).scope(scope),
                            );
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    Ok(())
}
