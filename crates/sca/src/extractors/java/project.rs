//! `pom.xml` of a project: what it asks for. Versions that a parent settles are not known here and stay empty.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::HashMap;

/// Deepest nesting followed.
const MAX_DEPTH: usize = 32;
/// Most dependencies taken from one file.
const MAX_DEPENDENCIES: usize = 10_000;

#[derive(Default)]
struct Dependency {
    fields: HashMap<String, String>,
}

impl Dependency {
    fn get(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }
}

pub(in crate::extractors) fn pom(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    // The files that Maven leaves in an archive are read with the archive.
    if file.path.contains("META-INF/maven/") {
        return Ok(());
    }
    let text = file.text();
    let project =
        read(&text).ok_or_else(|| Trouble::malformed("not the XML of a Maven project"))?;
    let managed: HashMap<(&str, &str), &str> = project
        .managed
        .iter()
        .map(|one| ((one.get("groupId"), one.get("artifactId")), one.get("version")))
        .collect();
    for one in &project.dependencies {
        let group = project.resolve(one.get("groupId"));
        let artifact = project.resolve(one.get("artifactId"));
        let version = match one.get("version") {
            "" => managed.get(&(one.get("groupId"), one.get("artifactId"))).copied().unwrap_or(""),
            version => version,
        };
        let version = project.resolve(version);
        // A range, or a property that a parent sets, settles nothing.
        let version = if version.contains(['$', '[', '(', ',']) { String::new() } else { version };
        let scope = match (one.get("scope"), one.get("optional")) {
            ("test", _) => Scope::Test,
            (_, "true") => Scope::Optional,
            ("provided" | "system", _) => Scope::Build,
            _ => Scope::Runtime,
        };
        if let Some(purl) = purl("maven", &group, &artifact, &version)
            && !group.is_empty()
        {
            found.add(Finding::new(purl, Kind::Declared).scope(scope).relation(Relation::Direct));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Project {
    properties: HashMap<String, String>,
    dependencies: Vec<Dependency>,
    managed: Vec<Dependency>,
}

impl Project {
    /// Replaces `${name}` by the project's own properties; what is left open stays as it is.
    fn resolve(&self, value: &str) -> String {
        let mut value = value.to_owned();
        for _ in 0..8 {
            let Some((before, rest)) = value.split_once("${") else { break };
            let Some((name, after)) = rest.split_once('}') else { break };
            let Some(known) = self.properties.get(name) else { break };
            value = format!("{before}{known}{after}");
            if value.len() > 1024 {
                break;
            }
        }
        value
    }
}

fn read(text: &str) -> Option<Project> {
    let mut reader = Reader::from_str(text);
    let mut project = Project::default();
    let mut path: Vec<String> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                if path.len() == MAX_DEPTH {
                    return None;
                }
                path.push(tag.local_name().as_ref().to_owned());
                let names: Vec<&str> = path.iter().map(String::as_str).collect();
                let target = match names.as_slice() {
                    ["project", "dependencies", "dependency"] => &mut project.dependencies,
                    ["project", "dependencyManagement", "dependencies", "dependency"] => {
                        &mut project.managed
                    }
                    _ => continue,
                };
                if target.len() < MAX_DEPENDENCIES {
                    target.push(Dependency::default());
                }
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Text(text) => {
                let names: Vec<&str> = path.iter().map(String::as_str).collect();
                let value = text.trim().to_owned();
                match names.as_slice() {
                    ["project", "properties", name] => {
                        project.properties.insert((*name).to_owned(), value);
                    }
                    ["project", name @ ("version" | "groupId")] => {
                        project.properties.insert(format!("project.{name}"), value);
                    }
                    ["project", "parent", name @ ("version" | "groupId")] => {
                        project.properties.insert(format!("project.parent.{name}"), value.clone());
                        project.properties.entry(format!("project.{name}")).or_insert(value);
                    }
                    ["project", "dependencies", "dependency", name] => {
                        if let Some(last) = project.dependencies.last_mut() {
                            last.fields.insert((*name).to_owned(), value);
                        }
                    }
                    ["project", "dependencyManagement", "dependencies", "dependency", name] => {
                        if let Some(last) = project.managed.last_mut() {
                            last.fields.insert((*name).to_owned(), value);
                        }
                    }
                    _ => {}
                }
            }
            Event::Eof => return Some(project),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_properties_and_management() {
        let project = read(
            "<project><parent><version>7</version><groupId>g</groupId></parent>\
             <properties><x.version>1.2</x.version></properties>\
             <dependencyManagement><dependencies><dependency><groupId>m</groupId>\
             <artifactId>a</artifactId><version>3</version></dependency></dependencies></dependencyManagement>\
             <dependencies><dependency><groupId>${project.groupId}</groupId><artifactId>b</artifactId>\
             <version>${x.version}</version><exclusions><exclusion><groupId>no</groupId></exclusion></exclusions>\
             </dependency></dependencies></project>",
        )
        .unwrap();
        assert_eq!(project.dependencies.len(), 1);
        assert_eq!(project.dependencies[0].get("groupId"), "${project.groupId}");
        assert_eq!(project.resolve("${project.groupId}:${x.version}"), "g:1.2");
        assert_eq!(project.managed[0].get("version"), "3");
    }
}
