//! Gradle's lock files and version catalogs, and sbt's lock.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `group:artifact:version=configuration,configuration` lines.
pub(in crate::extractors) fn lock(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    for line in file.text().lines() {
        let Some((coordinate, configurations)) = line.trim().split_once('=') else { continue };
        let mut parts = coordinate.split(':');
        let (Some(group), Some(artifact), Some(version)) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let tests_only =
            configurations.split(',').all(|name| name.to_ascii_lowercase().starts_with("test"));
        let scope = if tests_only { Scope::Test } else { Scope::Runtime };
        if let Some(purl) = purl("maven", group, artifact, version) {
            found.add(Finding::new(purl, Kind::Locked).scope(scope));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Catalog {
    #[serde(default)]
    versions: BTreeMap<String, toml::Value>,
    #[serde(default)]
    libraries: BTreeMap<String, toml::Value>,
}

/// `gradle/libs.versions.toml`.
pub(in crate::extractors) fn catalog(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let catalog: Catalog = file.toml()?;
    for library in catalog.libraries.values() {
        let text = |name: &str| library.get(name).and_then(toml::Value::as_str);
        let module = match (library.as_str(), text("module"), text("group"), text("name")) {
            (Some(whole), ..) => whole.to_owned(),
            (_, Some(module), ..) => module.to_owned(),
            (_, _, Some(group), Some(name)) => format!("{group}:{name}"),
            _ => continue,
        };
        let mut parts = module.splitn(3, ':');
        let (Some(group), Some(artifact)) = (parts.next(), parts.next()) else { continue };
        let version = match (parts.next(), library.get("version")) {
            (Some(version), _) => version,
            (_, Some(toml::Value::String(version))) => version,
            (_, Some(table)) => table
                .get("ref")
                .and_then(toml::Value::as_str)
                .and_then(|name| catalog.versions.get(name))
                .and_then(toml::Value::as_str)
                .unwrap_or(""),
            _ => "",
        };
        let version = if version.contains(['[', '(', '+']) { "" } else { version };
        if let Some(purl) = purl("maven", group, artifact, version) {
            found.add(Finding::new(purl, Kind::Declared).relation(Relation::Direct));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct SbtLock {
    dependencies: Vec<SbtModule>,
}

#[derive(Deserialize)]
struct SbtModule {
    org: String,
    name: String,
    version: String,
    #[serde(default)]
    configurations: Vec<String>,
}

/// `build.sbt.lock`.
pub(in crate::extractors) fn sbt(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let lock: SbtLock = file.json()?;
    for one in lock.dependencies {
        let tests = !one.configurations.is_empty()
            && one.configurations.iter().all(|name| name.contains("test"));
        let scope = if tests { Scope::Test } else { Scope::Runtime };
        if let Some(purl) = purl("maven", &one.org, &one.name, &one.version) {
            found.add(Finding::new(purl, Kind::Locked).scope(scope));
        }
    }
    Ok(())
}
