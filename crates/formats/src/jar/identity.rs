//! Which component an archive is, from the four witnesses it may carry: Maven's files, the manifest, the
//! file name and the packages inside. What no witness says stays empty.

use super::groups;
use crate::jar_name::{self, JarName};
use crate::manifest::Manifest;
use crate::pom::Coordinate;

/// Who told the version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionSource {
    /// Nobody.
    #[default]
    None,
    /// `pom.properties` or `pom.xml`.
    Pom,
    /// The manifest.
    Manifest,
    /// The file name.
    FileName,
}

impl VersionSource {
    /// The word for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Pom => "pom",
            Self::Manifest => "manifest",
            Self::FileName => "file name",
        }
    }
}

/// Who told the group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupSource {
    /// Nobody.
    #[default]
    None,
    /// `pom.properties` or `pom.xml`.
    Pom,
    /// `Implementation-Vendor-Id`, into which Maven's archiver writes it.
    VendorId,
    /// A well-known name, proven by a package inside.
    KnownName,
    /// `Bundle-SymbolicName`, which is the group and the artifact where Maven's bundle plugin made it.
    BundleName,
    /// The vendor, which is the organisation where sbt made the archive.
    Vendor,
}

impl GroupSource {
    /// The word for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Pom => "pom",
            Self::VendorId => "vendor id",
            Self::KnownName => "well-known name",
            Self::BundleName => "bundle name",
            Self::Vendor => "vendor",
        }
    }
}

/// What an archive is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Maven's group, only where it is known.
    pub group: String,
    /// Who told the group.
    pub group_source: GroupSource,
    /// Artifact id, or the file name without version.
    pub artifact: String,
    /// Version, may be empty.
    pub version: String,
    /// Who told the version.
    pub version_source: VersionSource,
}

/// The archive's own identity and the coordinates of what was shaded into it.
///
/// `poms` are the coordinates of all Maven files inside; `holds` tells whether an entry's path starts with
/// `org/example/`.
pub fn identify(
    file_name: &str,
    manifest: &Manifest,
    mut poms: Vec<Coordinate>,
    holds: &dyn Fn(&str) -> bool,
) -> (Identity, Vec<Coordinate>) {
    let mut name = jar_name::parse(file_name);
    if name.version.is_empty() {
        let stated = ["Implementation-Version", "Bundle-Version"]
            .map(|attribute| plain_version(manifest.get(attribute)));
        let mut stated = stated.into_iter().filter(|version| !version.is_empty());
        name = stated.find_map(|one| jar_name::by_version(name.artifact, one)).unwrap_or(name);
    }
    let own = own_pom(&poms, &name, manifest).map(|at| poms.swap_remove(at));
    poms.sort_unstable();
    poms.dedup();
    // A build that shades may leave the manifest of a part in the whole.
    let nothing = Manifest::default();
    let of_a_part = name.version.is_empty() && speaks_of_another(manifest, name.artifact);
    let manifest = if of_a_part { &nothing } else { manifest };
    let told = plain_version(manifest.get("Implementation-Version"));
    // Repositories name the file for its version; a manifest that only adds to it is more exact.
    let adds = told.strip_prefix(name.version).is_some_and(|rest| rest.starts_with(['.', '-']));
    let named = if adds { "" } else { name.version };
    let witnesses = [
        (VersionSource::Pom, own.as_ref().map(|own| own.version.as_str()).unwrap_or_default()),
        (VersionSource::FileName, named),
        (VersionSource::Manifest, told),
        (VersionSource::Manifest, plain_version(manifest.get("Bundle-Version"))),
        (VersionSource::Manifest, plain_version(manifest.get("Specification-Version"))),
    ];
    let (version_source, version) =
        witnesses.into_iter().find(|(_, version)| !version.is_empty()).unwrap_or_default();
    let (group, group_source, artifact) = match &own {
        Some(own) => (own.group.clone(), GroupSource::Pom, own.artifact.clone()),
        None => {
            let (group, source) = told_group(name.artifact, manifest, holds);
            (group.to_owned(), source, name.artifact.to_owned())
        }
    };
    let version = version.to_owned();
    let identity = Identity { group, group_source, artifact, version, version_source };
    (identity, poms)
}

/// Which of the coordinates inside is the archive's own: the one its file name starts with, the longest of
/// several; or the only one, unless the file name clearly speaks of something else.
fn own_pom(poms: &[Coordinate], name: &JarName<'_>, manifest: &Manifest) -> Option<usize> {
    let named = poms
        .iter()
        .enumerate()
        .filter(|(_, pom)| pom.artifact == name.artifact || begins(name.artifact, &pom.artifact))
        .max_by_key(|(_, pom)| (pom.artifact.len(), pom.version == name.version));
    if let Some((at, _)) = named {
        return Some(at);
    }
    let titled = manifest.get("Implementation-Title").and_then(|title| {
        poms.iter().position(|pom| pom.artifact == title && versions_agree(pom, name))
    });
    if titled.is_some() {
        return titled;
    }
    let [only] = poms else { return None };
    versions_agree(only, name).then_some(0)
}

/// The artifact id at the start of the file name, up to a separator.
fn begins(name: &str, artifact: &str) -> bool {
    name.strip_prefix(artifact).is_some_and(|rest| rest.starts_with(['-', '_', '.']))
}

fn versions_agree(pom: &Coordinate, name: &JarName<'_>) -> bool {
    name.version.is_empty() || pom.version.is_empty() || pom.version == name.version
}

/// A version without words around it.
fn plain_version(value: Option<&str>) -> &str {
    match value {
        Some(value)
            if value.len() <= 64
                && value.contains(|c: char| c.is_ascii_digit())
                && !value.contains(char::is_whitespace) =>
        {
            value
        }
        _ => "",
    }
}

/// The group, where the manifest or the packages tell it.
fn told_group<'a>(
    artifact: &str,
    manifest: &'a Manifest,
    holds: &dyn Fn(&str) -> bool,
) -> (&'a str, GroupSource) {
    if let Some(id) = manifest.get("Implementation-Vendor-Id").filter(|id| is_group(id)) {
        return (id, GroupSource::VendorId);
    }
    if let Some(group) = groups::known(artifact, holds) {
        return (group, GroupSource::KnownName);
    }
    // Of a name and a vendor anybody could have written anything: the packages have to agree.
    let proven = |group: &str| is_group(group) && holds(&format!("{}/", group.replace('.', "/")));
    let bundle =
        manifest.get("Bundle-SymbolicName").map(|name| name.split(';').next().unwrap_or(name));
    // The bundle's name is group and artifact, without the version of Scala that the artifact is for. An artifact of several words
    // does not end there by chance.
    let base = without_scala(artifact);
    let whole = |group: &str| is_group(group) && base.contains('-');
    if let Some(group) = bundle
        .and_then(|name| name.strip_suffix(base)?.strip_suffix('.'))
        .filter(|group| proven(group) || whole(group))
    {
        return (group, GroupSource::BundleName);
    }
    ["Implementation-Vendor", "Specification-Vendor"]
        .into_iter()
        .filter_map(|attribute| manifest.get(attribute))
        .find(|vendor| proven(vendor))
        .map_or(("", GroupSource::None), |vendor| (vendor, GroupSource::Vendor))
}

/// Whether a manifest is the one of a bundle whose name has not a word of the artifact's in it.
fn speaks_of_another(manifest: &Manifest, artifact: &str) -> bool {
    let Some(bundle) = manifest.get("Bundle-SymbolicName") else { return false };
    let bundle = bundle.split(';').next().unwrap_or(bundle).to_ascii_lowercase();
    let artifact = artifact.to_ascii_lowercase();
    let words = |text: &str| -> Vec<String> {
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
        parts.filter(|word| word.len() > 2).map(str::to_owned).collect()
    };
    // `xercesImpl` is the bundle `org.apache.xerces`.
    let within = |words: Vec<String>, text: &str| words.iter().any(|word| text.contains(word));
    !within(words(&artifact), &bundle) && !within(words(&bundle), &artifact)
}

/// `scala-xml` of `scala-xml_2.12`.
fn without_scala(artifact: &str) -> &str {
    match artifact.rsplit_once('_') {
        Some((base, version)) if version.starts_with(['2', '3']) => base,
        _ => artifact,
    }
}

/// Dotted and without blanks.
fn is_group(id: &str) -> bool {
    id.contains('.') && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}
