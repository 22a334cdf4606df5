//! What lies in an archive by its classes, also where a build has moved them to other packages and left nothing of Maven's
//! files: asked of an index over the archives that the user has ([`crate::classes`]).

use crate::classes::{self, Classes, Match};
use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind};
use muster_formats::jar::Identity;
use muster_formats::pom::Coordinate;
use muster_formats::zipfile::ZipFile;

/// How sure an archive's identity must be for its classes to stand for it in an index, in percent.
const SURE: u8 = 75;

/// An archive's identity by its classes alone.
pub(super) struct Own {
    pub(super) identity: Coordinate,
    pub(super) reason: String,
}

/// Adds the artifacts of the index that lie in an archive besides itself and what its `poms` name. Where nobody told what the
/// archive itself is, its classes may.
pub(super) fn look(
    file: &File<'_>,
    zip: &ZipFile<'_>,
    identity: &Identity,
    poms: &[Coordinate],
    found: &mut Found,
) -> Option<Own> {
    let index = file.options.index.as_ref()?;
    let (prints, all) = classes::of_archive(zip, &|name| index.knows(name));
    let unknown = identity.group.is_empty() || identity.version.is_empty();
    let mut own = None;
    for one in index.find(&prints) {
        let (group, artifact) = (one.purl.namespace(), one.purl.name());
        let is_own = identity.artifact == artifact && identity.group == group;
        if is_own && !identity.version.is_empty()
            || poms.iter().any(|pom| pom.group == group && pom.artifact == artifact)
        {
            continue;
        }
        if unknown && own.is_none() && one.found * 10 >= all * 9 {
            let version = match one.purl.version() {
                "" => identity.version.clone(),
                version => version.to_owned(),
            };
            let identity =
                Coordinate { group: group.to_owned(), artifact: artifact.to_owned(), version };
            own = Some(Own { identity, reason: reason(&one, false) });
            continue;
        }
        let mut finding = Finding::new(one.purl.clone(), Kind::Bundled).because(reason(&one, true));
        if !one.versions.is_empty() {
            finding = finding.confidence(60);
        }
        found.add(finding);
    }
    own
}

fn reason(one: &Match, bundled: bool) -> String {
    let (count, of) = (one.found, one.of);
    let within = if bundled { ", whatever their package" } else { "" };
    let versions = match one.versions.as_slice() {
        [] => String::new(),
        [near] => format!("; near to version {near}"),
        several => format!("; the same in versions {}", several.join(", ")),
    };
    format!("{count} of its {of} classes lie inside{within}{versions}")
}

/// Notes the classes of an archive that is surely one artifact and nothing else.
pub(super) fn note(
    zip: &ZipFile<'_>,
    identity: &Identity,
    confidence: u8,
    poms: &[Coordinate],
    found: &mut Found,
) {
    if confidence < SURE
        || identity.group.is_empty()
        || identity.version.is_empty()
        || !poms.is_empty()
    {
        return;
    }
    if let Some(purl) = purl("maven", &identity.group, &identity.artifact, &identity.version) {
        let (classes, _) = classes::of_archive(zip, &|_| true);
        if !classes.is_empty() {
            found.classes.push(Classes { purl, classes });
        }
    }
}
