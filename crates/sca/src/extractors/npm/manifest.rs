//! `package.json`: of an installed package its record, of a project what it asks for.

use super::{is_exact, package};
use crate::extractor::File;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    version: Value,
    #[serde(default)]
    license: Value,
    #[serde(default)]
    licenses: Value,
    #[serde(default)]
    author: Value,
    #[serde(default)]
    dependencies: Value,
    #[serde(default)]
    dev_dependencies: Value,
    #[serde(default)]
    optional_dependencies: Value,
    #[serde(default)]
    peer_dependencies: Value,
}

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let installed = file.path.contains("node_modules/");
    let packed = file.inner() == "package/package.json";
    let manifest: Manifest = match file.json() {
        Ok(manifest) => manifest,
        // Fixtures and templates of that name hold anything; only a project's own is worth a word.
        Err(_) if installed => return Ok(()),
        Err(trouble) => return Err(trouble),
    };
    if installed || packed {
        let (Some(name), Some(version)) = (manifest.name.as_str(), manifest.version.as_str())
        else {
            return Ok(());
        };
        let Some(purl) = package(name, version).filter(|_| !version.is_empty()) else {
            return Ok(());
        };
        let mut finding = if installed {
            found.extractor = "npm-installed";
            Finding::new(purl, Kind::Installed)
        } else {
            Finding::new(purl, Kind::Archive)
        };
        finding = finding.supplier(author(&manifest.author));
        for licence in licences(&manifest) {
            finding = finding.licence(licence);
        }
        found.add(finding);
        return Ok(());
    }
    for (asked, scope) in [
        (&manifest.dependencies, Scope::Runtime),
        (&manifest.optional_dependencies, Scope::Optional),
        (&manifest.dev_dependencies, Scope::Development),
        (&manifest.peer_dependencies, Scope::Runtime),
    ] {
        let asked: BTreeMap<&str, &str> = asked
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, version)| Some((name.as_str(), version.as_str()?)))
            .collect();
        for (name, version) in asked {
            // `npm:other@^1` is another package under this name; a folder or an address is none of a registry.
            let (name, version) = match version.strip_prefix("npm:") {
                Some(spec) => super::split_spec(spec).unwrap_or((spec, "")),
                None if version.contains([':', '/']) => continue,
                None => (name, version),
            };
            let version = if is_exact(version) { version } else { "" };
            if let Some(purl) = package(name, version) {
                found.add(
                    Finding::new(purl, Kind::Declared).scope(scope).relation(Relation::Direct),
                );
            }
        }
    }
    Ok(())
}

/// `author` as text or object.
fn author(value: &Value) -> &str {
    value.as_str().or_else(|| value.get("name")?.as_str()).unwrap_or_default()
}

/// `license` as text or object, `licenses` as a list of either.
fn licences(manifest: &Manifest) -> Vec<&str> {
    fn text(value: &Value) -> Option<&str> {
        match value {
            Value::String(text) => Some(text.as_str()),
            Value::Object(object) => object.get("type")?.as_str(),
            _ => None,
        }
    }
    let mut found: Vec<&str> = text(&manifest.license).into_iter().collect();
    found.extend(manifest.licenses.as_array().into_iter().flatten().filter_map(text));
    found
}
