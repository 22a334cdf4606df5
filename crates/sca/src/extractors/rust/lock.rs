//! `Cargo.lock`, all four versions. Packages without a source are the workspace's own.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation};
use crate::trouble::Trouble;
use muster_model::purl::Purl;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    /// `name`, or `name version` where several versions are locked.
    #[serde(default)]
    dependencies: Vec<String>,
}

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let lock: Lock = file.toml()?;
    let mut by_name: HashMap<&str, Vec<&Package>> = HashMap::new();
    for package in &lock.package {
        by_name.entry(&package.name).or_default().push(package);
    }
    let resolve = |spec: &String| -> Option<&Package> {
        let mut words = spec.split(' ');
        let versions = by_name.get(words.next()?)?;
        match words.next() {
            Some(version) => versions.iter().find(|one| one.version == version).copied(),
            None => versions.first().copied(),
        }
    };
    let own = |package: &&Package| package.source.is_none();
    let direct: HashSet<(&str, &str)> = lock
        .package
        .iter()
        .filter(own)
        .flat_map(|package| package.dependencies.iter().filter_map(resolve))
        .map(|package| (package.name.as_str(), package.version.as_str()))
        .collect();
    for package in lock.package.iter().filter(|package| !own(package)) {
        let needs: Vec<Purl> = package
            .dependencies
            .iter()
            .filter_map(resolve)
            .filter_map(|one| purl("cargo", "", &one.name, &one.version))
            .collect();
        let relation = if direct.contains(&(package.name.as_str(), package.version.as_str())) {
            Relation::Direct
        } else {
            Relation::Transitive
        };
        if let Some(purl) = purl("cargo", "", &package.name, &package.version) {
            found.add(Finding::new(purl, Kind::Locked).relation(relation).depends(needs));
        }
    }
    Ok(())
}
