//! Apple: the Swift package manager's and CocoaPods' locks.

use crate::extractor::File;
use crate::extractors::{purl, split_name};
use crate::finding::{Finding, Found, Kind, Relation};
use crate::trouble::Trouble;
use serde::Deserialize;
use std::collections::HashSet;

#[derive(Deserialize)]
struct Resolved {
    /// Version 1.
    object: Option<Pins>,
    /// Versions 2 and 3.
    #[serde(default)]
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pins {
    pins: Vec<Pin>,
}

#[derive(Deserialize)]
struct Pin {
    #[serde(alias = "repositoryURL")]
    location: String,
    state: State,
}

#[derive(Deserialize)]
struct State {
    version: Option<String>,
}

/// `Package.resolved`.
pub(super) fn resolved(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let resolved: Resolved = file.json()?;
    for pin in resolved.pins.into_iter().chain(resolved.object.into_iter().flat_map(|one| one.pins))
    {
        // A package is known by where it lies: host, owner, name.
        let address = pin.location.trim_end_matches('/').trim_end_matches(".git");
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        let address = address.strip_prefix("git@").unwrap_or(address).replacen(':', "/", 1);
        let (namespace, name) = split_name(&address);
        let version = pin.state.version.unwrap_or_default();
        if let Some(purl) = purl("swift", namespace, name, &version) {
            found.add(Finding::new(purl, Kind::Locked));
        }
    }
    Ok(())
}

/// `Podfile.lock`: the list `PODS`, two spaces deep, and `DEPENDENCIES`.
pub(super) fn pods(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    let mut section = "";
    let mut asked = HashSet::new();
    let mut pods = Vec::new();
    for line in text.lines() {
        if !line.starts_with(' ') {
            section = line.trim_end_matches(':');
        } else if let Some(item) = line.strip_prefix("  - ") {
            let item = item.trim_end_matches(':').trim_matches('"');
            let (name, version) = item.split_once(" (").unwrap_or((item, ""));
            match section {
                "PODS" => pods.push((name, version.trim_end_matches(')'))),
                "DEPENDENCIES" => {
                    asked.insert(name);
                }
                _ => {}
            }
        }
    }
    for (name, version) in pods {
        // `Firebase/Core` is a part of the pod `Firebase`.
        let pod = name.split('/').next().unwrap_or(name);
        let relation = if asked.contains(name) { Relation::Direct } else { Relation::Transitive };
        if let Some(purl) = purl("cocoapods", "", pod, version) {
            found.add(Finding::new(purl, Kind::Locked).relation(relation));
        }
    }
    Ok(())
}
