//! Rust crates in a program: the list that cargo-auditable leaves in a section of its own, else the paths of
//! source files in panic messages, which survive stripping.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;
use flate2::bufread::ZlibDecoder;
use memchr::memmem;
use object::{Object, ObjectSection, SectionKind};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::Read;

/// The section of cargo-auditable.
const SECTION: &str = ".dep-v0";
/// Largest list, unpacked, bytes.
const MAX_LIST: u64 = 16 << 20;
/// In front of the folder of a crate in Cargo's registry.
const REGISTRY: &[u8] = b"registry/src/";

#[derive(Deserialize)]
struct List {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    dependencies: Vec<usize>,
    #[serde(default)]
    root: bool,
}

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let bytes: &[u8] = file.bytes;
    let program = object::File::parse(bytes).ok();
    if let Some(list) = program.as_ref().map(auditable).transpose()?.flatten() {
        emit(&list, found);
        return Ok(());
    }
    let mut crates = BTreeSet::new();
    let finder = memmem::Finder::new(REGISTRY);
    for data in data(program.as_ref(), bytes) {
        for at in finder.find_iter(data) {
            let path = data.get(at + REGISTRY.len()..).unwrap_or_default();
            let path = path.get(..256).unwrap_or(path);
            crates.extend(crate_of(path));
        }
    }
    for (name, version) in crates {
        if let Some(purl) = purl("cargo", "", &name, &version) {
            found.add(
                Finding::new(purl, Kind::Binary).because("path of its source in a panic message"),
            );
        }
    }
    Ok(())
}

/// A program without its code: nearly all programs are not Rust's, and most of what they are is code. Paths also stand where no
/// section is, in the names of symbols.
fn data<'a>(program: Option<&object::File<'a>>, bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let parts = program.into_iter().flat_map(|program| program.sections());
    let code = parts.filter(|part| part.kind() == SectionKind::Text);
    let mut code: Vec<(u64, u64)> = code.filter_map(|part| part.file_range()).collect();
    code.sort_unstable();
    let (mut rest, mut found) = (0_usize, Vec::new());
    for (start, size) in code {
        let [start, end] =
            [start, start.saturating_add(size)].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        found.extend(bytes.get(rest..start));
        rest = rest.max(end);
    }
    found.extend(bytes.get(rest..));
    found
}

fn auditable(program: &object::File<'_>) -> Result<Option<List>, Trouble> {
    let Some(section) = program.section_by_name(SECTION) else { return Ok(None) };
    let Ok(packed) = section.data() else { return Ok(None) };
    let mut list = Vec::new();
    ZlibDecoder::new(packed)
        .take(MAX_LIST)
        .read_to_end(&mut list)
        .map_err(|_| Trouble::malformed("its list of crates is damaged"))?;
    serde_json::from_slice(&list)
        .map(Some)
        .map_err(|_| Trouble::malformed("its list of crates is not the JSON of cargo-auditable"))
}

fn emit(list: &List, found: &mut Found) {
    let root_needs = list.packages.iter().find(|one| one.root).map(|one| &one.dependencies);
    for (at, one) in list.packages.iter().enumerate() {
        if one.source == "local" {
            continue;
        }
        let needs = one
            .dependencies
            .iter()
            .filter_map(|at| list.packages.get(*at))
            .filter_map(|one| purl("cargo", "", &one.name, &one.version))
            .collect();
        let relation = match root_needs {
            Some(needs) if needs.contains(&at) => Relation::Direct,
            Some(_) => Relation::Transitive,
            None => Relation::Unknown,
        };
        let scope = if one.kind == "build" { Scope::Build } else { Scope::Runtime };
        if let Some(purl) = purl("cargo", "", &one.name, &one.version) {
            found.add(
                Finding::new(purl, Kind::Binary)
                    .relation(relation)
                    .scope(scope)
                    .because("list of cargo-auditable")
                    .depends(needs),
            );
        }
    }
}

/// `index.crates.io-6f17d22bba15001f/serde_json-1.0.1/src/...` → name and version.
fn crate_of(path: &[u8]) -> Option<(String, String)> {
    let mut parts = path.split(|b| matches!(b, b'/' | b'\\'));
    let (_, folder) = (parts.next()?, std::str::from_utf8(parts.next()?).ok()?);
    parts.next()?;
    let (at, _) = folder.match_indices('-').find(|(at, _)| {
        let rest = folder.get(at + 1..).unwrap_or_default();
        rest.starts_with(|c: char| c.is_ascii_digit()) && rest.matches('.').count() >= 2
    })?;
    let (name, version) = (folder.get(..at)?, folder.get(at + 1..)?);
    let fine = |text: &str, more: &[u8]| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    (fine(name, b"-_") && fine(version, b".-+")).then(|| (name.to_owned(), version.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_program_all_but_its_code_is_searched() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let program = object::File::parse(bytes.as_slice()).unwrap();
        let parts = data(Some(&program), &bytes);
        let code = program.section_by_name(".text").unwrap().file_range().unwrap();
        let searched: usize = parts.iter().map(|part| part.len()).sum();
        assert!(searched as u64 <= bytes.len() as u64 - code.1 && searched > 0);
        let finder = memmem::Finder::new(REGISTRY);
        let found: usize = parts.iter().map(|part| finder.find_iter(part).count()).sum();
        assert_eq!(found, finder.find_iter(&bytes).count());
        assert_eq!(data(None, &bytes), [bytes.as_slice()]);
    }

    #[test]
    fn the_folder_of_a_crate_names_it() {
        let named = |path: &str| crate_of(path.as_bytes());
        assert_eq!(
            named("index.crates.io-6f17d22bba15001f/serde_json-1.0.1/src/de.rs"),
            Some(("serde_json".into(), "1.0.1".into()))
        );
        assert_eq!(
            named("github.com-1ecc6299db9ec823\\rust-crypto-0.2.36-pre.1+x\\src\\a.rs"),
            Some(("rust-crypto".into(), "0.2.36-pre.1+x".into()))
        );
        assert_eq!(named("x/y"), None);
    }
}
