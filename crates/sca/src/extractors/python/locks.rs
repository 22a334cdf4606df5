//! The lock files of Poetry, uv, PDM, PEP 751 and Pipenv.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;
use muster_model::purl::{Purl, normal_python_name};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};

#[derive(Deserialize)]
struct Lock {
    #[serde(default, alias = "packages")]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    version: String,
    /// Poetry before 1.5.
    #[serde(default)]
    category: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    optional: bool,
    /// A table by name (Poetry), a list of tables (uv, PEP 751) or of requirements (PDM).
    dependencies: Option<toml::Value>,
    /// uv: `{ registry = ... }`, or `{ virtual = "." }` and the like for the project itself.
    source: Option<toml::Value>,
    /// uv's groups of the project itself.
    #[serde(default, rename = "dev-dependencies")]
    dev_dependencies: BTreeMap<String, toml::Value>,
}

impl Package {
    fn needs(&self) -> Vec<String> {
        self.dependencies.as_ref().map(names).unwrap_or_default()
    }

    /// The project the lock was made for, which uv lists among its packages.
    fn is_project(&self) -> bool {
        self.source.as_ref().is_some_and(|source| {
            ["virtual", "editable", "directory"].iter().any(|kind| source.get(kind).is_some())
        })
    }

    fn scope(&self) -> Scope {
        let dev = |group: &String| matches!(group.as_str(), "dev" | "test" | "lint" | "docs");
        if self.category == "dev" || !self.groups.is_empty() && self.groups.iter().all(dev) {
            Scope::Development
        } else if self.optional {
            Scope::Optional
        } else if self.groups.is_empty() && self.category.is_empty() {
            Scope::Unknown
        } else {
            Scope::Runtime
        }
    }
}

/// The normal names in a table, a list of tables with `name`, or a list of requirements.
fn names(value: &toml::Value) -> Vec<String> {
    let names: Vec<&str> = match value {
        toml::Value::Table(table) => table.keys().map(String::as_str).collect(),
        toml::Value::Array(list) => list
            .iter()
            .filter_map(|one| match one {
                toml::Value::String(text) => {
                    super::requirements::requirement(text).map(|(name, _)| name)
                }
                other => other.get("name")?.as_str(),
            })
            .collect(),
        _ => Vec::new(),
    };
    names.into_iter().map(normal_python_name).collect()
}

fn emit(lock: &Lock, found: &mut Found) {
    let purls: HashMap<String, Purl> = lock
        .package
        .iter()
        .filter(|one| !one.is_project())
        .filter_map(|one| {
            let purl = purl("pypi", "", &one.name, &one.version)?;
            Some((normal_python_name(&one.name), purl))
        })
        .collect();
    let mut direct: HashSet<String> = HashSet::new();
    let mut dev: HashSet<String> = HashSet::new();
    let mut has_project = false;
    for project in lock.package.iter().filter(|one| one.is_project()) {
        has_project = true;
        direct.extend(project.needs());
        for group in project.dev_dependencies.values() {
            dev.extend(names(group));
        }
    }
    for one in lock.package.iter().filter(|one| !one.is_project()) {
        let Some(purl) = purl("pypi", "", &one.name, &one.version) else { continue };
        let name = normal_python_name(&one.name);
        let (relation, scope) = match (direct.contains(&name), dev.contains(&name)) {
            (true, _) => (Relation::Direct, Scope::Runtime),
            (_, true) => (Relation::Direct, Scope::Development),
            _ if has_project => (Relation::Transitive, one.scope()),
            _ => (Relation::Unknown, one.scope()),
        };
        let needs = one.needs().iter().filter_map(|name| purls.get(name).cloned()).collect();
        found.add(Finding::new(purl, Kind::Locked).scope(scope).relation(relation).depends(needs));
    }
}

/// `poetry.lock`.
pub(in crate::extractors) fn poetry(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    emit(&file.toml()?, found);
    Ok(())
}

/// `uv.lock`.
pub(in crate::extractors) fn uv(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    emit(&file.toml()?, found);
    Ok(())
}

/// `pdm.lock`.
pub(in crate::extractors) fn pdm(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    emit(&file.toml()?, found);
    Ok(())
}

/// `pylock.toml` (PEP 751).
pub(in crate::extractors) fn pylock(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    emit(&file.toml()?, found);
    Ok(())
}

#[derive(Deserialize)]
struct Pipfile {
    #[serde(default)]
    default: BTreeMap<String, Pinned>,
    #[serde(default)]
    develop: BTreeMap<String, Pinned>,
}

#[derive(Deserialize)]
struct Pinned {
    #[serde(default)]
    version: String,
}

/// `Pipfile.lock`.
pub(in crate::extractors) fn pipfile(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let lock: Pipfile = file.json()?;
    for (packages, scope) in [(lock.default, Scope::Runtime), (lock.develop, Scope::Development)] {
        for (name, pinned) in packages {
            let version = pinned.version.trim_start_matches('=');
            if let Some(purl) = purl("pypi", "", &name, version) {
                found.add(Finding::new(purl, Kind::Locked).scope(scope));
            }
        }
    }
    Ok(())
}
