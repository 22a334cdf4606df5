//! Go: `go.mod`, and the module list that the linker leaves in every program.

use crate::extractor::File;
use crate::extractors::{purl, split_name};
use crate::finding::{Finding, Found, Kind, Relation};
use crate::trouble::Trouble;
use muster_formats::go_buildinfo;
use muster_model::purl::Purl;
use std::collections::HashMap;

fn module_purl(path: &str, version: &str) -> Option<Purl> {
    let (namespace, name) = split_name(path);
    purl("golang", namespace, name, version)
}

/// `go.mod`: what is required, replacements in the place of what they replace.
pub(super) fn module(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    let mut replaced: HashMap<&str, (&str, &str)> = HashMap::new();
    let mut required = Vec::new();
    let mut block = "";
    for line in text.lines() {
        let (code, comment) = line.split_once("//").unwrap_or((line, ""));
        let code = code.trim();
        if code == ")" {
            block = "";
            continue;
        }
        let (verb, rest) = match block {
            "" => code.split_once(char::is_whitespace).unwrap_or((code, "")),
            block => (block, code),
        };
        let rest = rest.trim();
        if rest == "(" {
            block = verb;
            continue;
        }
        let words: Vec<&str> = rest.split_whitespace().map(|word| word.trim_matches('"')).collect();
        match (verb, words.as_slice()) {
            ("require", [path, version, ..]) => {
                let relation = if comment.trim() == "indirect" {
                    Relation::Transitive
                } else {
                    Relation::Direct
                };
                required.push((*path, *version, relation));
            }
            ("replace", [path, "=>", new, version] | [path, _, "=>", new, version]) => {
                replaced.insert(path, (new, version));
            }
            _ => {}
        }
    }
    for (path, version, relation) in required {
        let (path, version) = replaced.get(path).copied().unwrap_or((path, version));
        if let Some(purl) = module_purl(path, version) {
            found.add(Finding::new(purl, Kind::Locked).relation(relation));
        }
    }
    Ok(())
}

/// The modules linked into a program, and Go's own library.
pub(super) fn binary(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let Some(info) = go_buildinfo::read(file.bytes) else { return Ok(()) };
    let go = info.go_version.strip_prefix("go").unwrap_or_default();
    let go = go.split_whitespace().next().unwrap_or_default();
    if !go.is_empty()
        && let Some(purl) = purl("golang", "", "stdlib", go)
    {
        found.add(Finding::new(purl, Kind::Binary).because("built with this version of Go"));
    }
    let main = (!info.main.path.is_empty()).then_some(&info.main);
    for (module, relation) in main
        .into_iter()
        .map(|module| (module, Relation::Unknown))
        .chain(info.modules.iter().map(|module| (module, Relation::Unknown)))
    {
        let version = if module.version == "(devel)" { "" } else { module.version.as_str() };
        if let Some(purl) = module_purl(&module.path, version) {
            found.add(Finding::new(purl, Kind::Binary).relation(relation).because("Go build info"));
        }
    }
    Ok(())
}
