//! `pnpm-lock.yaml`, lock file versions 5 to 9. It is always written by pnpm in the same layout, so lines and
//! their indent are all that has to be read.

use super::package;
use crate::extractor::File;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;
use std::collections::{BTreeMap, HashSet};

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    // Keys of `packages`, with the words that tell their scope.
    let mut packages: BTreeMap<(String, String), Scope> = BTreeMap::new();
    let mut direct: HashSet<(String, String)> = HashSet::new();
    let (mut section, mut current, mut asked) = ("", None, None::<String>);
    for line in text.lines() {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let (key, value) = split(body);
        if indent == 0 {
            section = key;
            current = None;
        } else if section == "packages" || section == "snapshots" {
            if indent == 2 {
                current = parse_key(key);
                if let Some(current) = &current {
                    packages.entry(current.clone()).or_default();
                }
            } else if indent == 4
                && let Some(scope) = current.as_ref().and_then(|current| packages.get_mut(current))
            {
                match (key, value) {
                    ("dev", "true") => *scope = Scope::Development,
                    ("dev", "false") => *scope = Scope::Runtime,
                    ("optional", "true") => *scope = Scope::Optional,
                    _ => {}
                }
            }
        } else if matches!(
            section,
            "importers" | "dependencies" | "devDependencies" | "optionalDependencies"
        ) {
            if key == "version" {
                if let Some(name) = asked.take() {
                    direct.insert((name, bare(value).to_owned()));
                }
            } else if key != "specifier" && value.is_empty() {
                asked = Some(key.to_owned());
            } else if key != "specifier" {
                // Lock file version 5: `name: version`.
                direct.insert((key.to_owned(), bare(value).to_owned()));
            }
        }
    }
    for ((name, version), scope) in packages {
        let Some(purl) = package(&name, &version) else { continue };
        let relation =
            if direct.contains(&(name, version)) { Relation::Direct } else { Relation::Transitive };
        found.add(Finding::new(purl, Kind::Locked).scope(scope).relation(relation));
    }
    Ok(())
}

fn split(line: &str) -> (&str, &str) {
    let line = line.trim_end();
    let quote = line.chars().next().filter(|c| matches!(c, '\'' | '"'));
    if let Some(quote) = quote
        && let Some((key, rest)) = line.get(1..).and_then(|rest| rest.split_once(quote))
    {
        return (key, rest.trim_start_matches(':').trim().trim_matches(['\'', '"']));
    }
    let (key, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
    (key, value.trim().trim_matches(['\'', '"']))
}

/// The version without the peers it was resolved with: `1.0.0(react@18.0.0)`, `1.0.0_react@18.0.0`.
fn bare(version: &str) -> &str {
    version.split(['(', '_']).next().unwrap_or(version)
}

/// `/name/1.0.0_peers` (5), `/name@1.0.0(peers)` (6) or `name@1.0.0(peers)` (9).
fn parse_key(key: &str) -> Option<(String, String)> {
    let key = key.strip_prefix('/').unwrap_or(key);
    let key = key.split('(').next()?;
    let (name, version) = match super::split_spec(key) {
        // In version 5 an `@` can only be part of the peers.
        Some((name, version))
            if !name.contains('_') || name.starts_with('@') && !name.contains("/_") =>
        {
            if name.matches('/').count() > usize::from(name.starts_with('@')) {
                key.rsplit_once('/')?
            } else {
                (name, version)
            }
        }
        _ => key.rsplit_once('/')?,
    };
    let version = bare(version);
    version.bytes().next()?.is_ascii_digit().then(|| (name.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_versions_are_read() {
        for (key, name, version) in [
            ("/ms/2.0.0", "ms", "2.0.0"),
            ("/@babel/core/7.1.0", "@babel/core", "7.1.0"),
            ("/react-dom/18.0.0_react@18.0.0", "react-dom", "18.0.0"),
            ("/ms@2.0.0", "ms", "2.0.0"),
            ("/@babel/core@7.1.0(x@1.0.0)", "@babel/core", "7.1.0"),
            ("react-dom@18.0.0(react@18.0.0)", "react-dom", "18.0.0"),
        ] {
            assert_eq!(parse_key(key), Some((name.into(), version.into())), "{key}");
        }
        assert_eq!(parse_key("file:../x"), None);
    }
}
