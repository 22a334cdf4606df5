//! The `.pom` of a Maven repository on disk, as Debian installs one and Maven keeps one: it lies in the folder of its coordinate,
//! and the archive beside it, which may be a link, is what it describes.

use crate::extractor::File;
use crate::finding::{Found, Note};
use crate::trouble::Trouble;
use muster_formats::pom;

pub(in crate::extractors) fn pom(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let Some((artifact, version)) = in_layout(file.path) else { return Ok(()) };
    let Some(own) = pom::parse_xml(file.bytes) else { return Ok(()) };
    let above = format!("{}/{artifact}/{version}", own.group.replace('.', "/"));
    let within = file.folder().strip_suffix(above.as_str());
    // Only where the folders say the same is it a repository's.
    if own.artifact == artifact && within.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    {
        found.note(Note::Published {
            place: file.path.to_owned(),
            group: own.group,
            artifact: artifact.to_owned(),
            version: version.to_owned(),
            licences: pom::licences(file.bytes),
        });
    }
    Ok(())
}

/// Artifact and version of `.../ARTIFACT/VERSION/ARTIFACT-VERSION.pom`.
fn in_layout(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.rsplit('/');
    let (name, version, artifact) = (parts.next()?, parts.next()?, parts.next()?);
    let stem = name.strip_suffix(".pom")?.strip_prefix(artifact)?.strip_prefix('-')?;
    (stem == version).then_some((artifact, version))
}
