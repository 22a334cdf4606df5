//! `package-lock.json` and `npm-shrinkwrap.json` in their three forms: nested `dependencies` (1), both (2), and
//! `packages` by folder (3).

use super::package;
use crate::extractor::File;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;
use muster_model::purl::Purl;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Deepest nesting of the first form.
const MAX_DEPTH: usize = 64;

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: BTreeMap<String, Package>,
    #[serde(default)]
    dependencies: BTreeMap<String, Old>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    name: Option<String>,
    #[serde(default)]
    version: String,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    dev_optional: bool,
    #[serde(default)]
    optional: bool,
    license: Option<serde_json::Value>,
    #[serde(default)]
    dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    optional_dependencies: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    peer_dependencies: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Old {
    #[serde(default)]
    version: String,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    dependencies: BTreeMap<String, Self>,
}

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let lock: Lock = file.json()?;
    if lock.packages.is_empty() {
        nested(&lock.dependencies, 0, found);
    } else {
        by_folder(&lock.packages, found);
    }
    Ok(())
}

fn by_folder(packages: &BTreeMap<String, Package>, found: &mut Found) {
    let purls: HashMap<&str, Purl> = packages
        .iter()
        .filter(|(folder, one)| !one.link && folder.contains("node_modules/"))
        .filter_map(|(folder, one)| {
            let name = one.name.as_deref().unwrap_or_else(|| folder_name(folder));
            Some((folder.as_str(), package(name, &one.version)?))
        })
        .collect();
    // What a project of the workspace asks for is direct, wherever it was put.
    let direct: HashSet<&Purl> = packages
        .iter()
        .filter(|(folder, one)| !folder.contains("node_modules/") && !one.link)
        .flat_map(|(folder, one)| {
            let asked = [&one.dependencies, &one.dev_dependencies, &one.optional_dependencies];
            asked.into_iter().flatten().filter_map(|(name, _)| resolve(&purls, folder, name))
        })
        .collect();
    for (folder, one) in packages {
        let Some(purl) = purls.get(folder.as_str()) else { continue };
        let needs = [&one.dependencies, &one.optional_dependencies, &one.peer_dependencies]
            .into_iter()
            .flatten()
            .filter_map(|(name, _)| resolve(&purls, folder, name).cloned())
            .collect();
        let relation = if direct.contains(purl) { Relation::Direct } else { Relation::Transitive };
        let mut finding = Finding::new(purl.clone(), Kind::Locked)
            .scope(scope(one.dev || one.dev_optional, one.optional))
            .relation(relation)
            .because(folder.as_str())
            .depends(needs);
        if let Some(serde_json::Value::String(licence)) = &one.license {
            finding = finding.licence(licence);
        }
        found.add(finding);
    }
}

/// The name at the end of `node_modules/a/node_modules/@scope/b`.
fn folder_name(folder: &str) -> &str {
    folder.rsplit_once("node_modules/").map_or(folder, |(_, name)| name)
}

/// Where a package in `folder` finds `name`: in its own `node_modules`, or in that of a folder above.
fn resolve<'a>(purls: &'a HashMap<&str, Purl>, folder: &str, name: &str) -> Option<&'a Purl> {
    let mut at = folder;
    loop {
        let key = match at {
            "" => format!("node_modules/{name}"),
            at => format!("{at}/node_modules/{name}"),
        };
        if let Some(purl) = purls.get(key.as_str()) {
            return Some(purl);
        }
        if at.is_empty() {
            return None;
        }
        at = at.rsplit_once('/').map_or("", |(above, _)| above);
        // A name with a scope has a slash of its own, and `node_modules` holds nothing itself.
        at = at.strip_suffix("/node_modules").or(at.strip_suffix("node_modules")).unwrap_or(at);
    }
}

fn nested(dependencies: &BTreeMap<String, Old>, depth: usize, found: &mut Found) {
    if depth > MAX_DEPTH {
        return;
    }
    for (name, one) in dependencies {
        // `npm:other@1.0.0` is another package under this name.
        let (name, version) = match one.version.strip_prefix("npm:") {
            Some(spec) => super::split_spec(spec).unwrap_or((name, spec)),
            None => (name.as_str(), one.version.as_str()),
        };
        let version = if version.contains([':', '/']) { "" } else { version };
        if let Some(purl) = package(name, version) {
            found.add(Finding::new(purl, Kind::Locked).scope(scope(one.dev, one.optional)));
        }
        nested(&one.dependencies, depth + 1, found);
    }
}

const fn scope(dev: bool, optional: bool) -> Scope {
    match (dev, optional) {
        (true, _) => Scope::Development,
        (_, true) => Scope::Optional,
        _ => Scope::Runtime,
    }
}
