//! .NET: NuGet's lock and asset files, the list beside a published program, and packages.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Libraries {
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "type", default)]
    kind: String,
}

/// `*.deps.json` beside a published program.
pub(super) fn deps(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    libraries(file, Kind::Installed, found)
}

/// `obj/project.assets.json`.
pub(super) fn assets(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    libraries(file, Kind::Locked, found)
}

fn libraries(file: &File<'_>, kind: Kind, found: &mut Found) -> Result<(), Trouble> {
    let list: Libraries = file.json()?;
    for (key, library) in list.libraries {
        if library.kind == "package"
            && let Some((name, version)) = key.split_once('/')
            && let Some(purl) = purl("nuget", "", name, version)
        {
            found.add(Finding::new(purl, kind));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    dependencies: BTreeMap<String, BTreeMap<String, Locked>>,
}

#[derive(Deserialize)]
struct Locked {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    resolved: String,
}

/// `packages.lock.json`.
pub(super) fn lock(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let lock: Lock = file.json()?;
    for (name, one) in lock.dependencies.into_values().flatten() {
        let relation = match one.kind.as_str() {
            "Direct" => Relation::Direct,
            "Project" => continue,
            _ => Relation::Transitive,
        };
        if let Some(purl) = purl("nuget", "", &name, &one.resolved) {
            found.add(Finding::new(purl, Kind::Locked).relation(relation));
        }
    }
    Ok(())
}

/// `packages.config`.
pub(super) fn config(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    let mut reader = Reader::from_str(&text);
    loop {
        match reader.read_event() {
            Ok(Event::Empty(tag) | Event::Start(tag)) if tag.local_name().as_ref() == "package" => {
                let (mut name, mut version, mut dev) = (String::new(), String::new(), false);
                for attribute in tag.attributes().flatten() {
                    let value = attribute.value.to_string();
                    match attribute.key.local_name().as_ref() {
                        "id" => name = value,
                        "version" => version = value,
                        "developmentDependency" => dev = value == "true",
                        _ => {}
                    }
                }
                let scope = if dev { Scope::Development } else { Scope::Runtime };
                if let Some(purl) = purl("nuget", "", &name, &version) {
                    found.add(Finding::new(purl, Kind::Locked).scope(scope));
                }
            }
            Ok(Event::Eof) => return Ok(()),
            Ok(_) => {}
            Err(_) => return Err(Trouble::malformed("not the XML of NuGet")),
        }
    }
}

/// `*.nuspec`, in a package or beside its unpacked files.
pub(super) fn nuspec(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    let mut reader = Reader::from_str(&text);
    let mut path: Vec<String> = Vec::new();
    let (mut name, mut version, mut licence) = (String::new(), String::new(), String::new());
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if path.len() < 32 => {
                path.push(tag.local_name().as_ref().to_owned());
            }
            Ok(Event::End(_)) => {
                path.pop();
            }
            Ok(Event::Text(value)) => {
                let names: Vec<&str> = path.iter().map(String::as_str).collect();
                match names.as_slice() {
                    ["package", "metadata", "id"] => name.push_str(value.trim()),
                    ["package", "metadata", "version"] => version.push_str(value.trim()),
                    ["package", "metadata", "license"] => licence.push_str(value.trim()),
                    _ => {}
                }
            }
            Ok(Event::Eof) => break,
            Ok(Event::Start(_)) | Err(_) => return Err(Trouble::malformed("not the XML of NuGet")),
            Ok(_) => {}
        }
    }
    // A template holds variables in their place.
    if !name.contains('$')
        && !version.contains('$')
        && !version.is_empty()
        && let Some(purl) = purl("nuget", "", &name, &version)
    {
        let kind = if file.path.contains("!/") { Kind::Archive } else { Kind::Installed };
        found.add(Finding::new(purl, kind).licence(&licence));
    }
    Ok(())
}
