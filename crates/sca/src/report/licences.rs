//! The licence texts of a scan, and whose they are: the text lies in the folder of a package's record, or in the archive that
//! is the package.

use super::Component;
use crate::finding::{Kind, LicenceEvidence, Note};
use std::collections::HashMap;

/// Folders looked at from a text upwards for a package's record.
const NEAR: usize = 3;

/// A licence recognised in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LicenceText {
    /// Virtual path of the file.
    pub path: String,
    /// SPDX identifier, or the expression of a tag.
    pub id: String,
    /// How much of the licence's text is there, in percent; 100 where a tag or a notice names it.
    pub percent: u8,
    /// What it was recognised by.
    pub by: LicenceEvidence,
    /// Whether it is the top of a source file: that is no licence of a package.
    pub source: bool,
}

/// The texts of these notes, in the order of their paths.
pub(super) fn texts(notes: &[Note]) -> Vec<LicenceText> {
    let mut texts: Vec<LicenceText> = notes
        .iter()
        .filter_map(|note| match note {
            Note::Licence { place, id, percent, by, source } => Some(LicenceText {
                path: place.clone(),
                id: id.clone(),
                percent: *percent,
                by: *by,
                source: *source,
            }),
            _ => None,
        })
        .collect();
    texts.sort_unstable();
    // A file of licences is also a text like any other: what it is first stands.
    texts.sort_by(|a, b| (&a.path, &a.id, a.source).cmp(&(&b.path, &b.id, b.source)));
    texts.dedup_by(|second, first| (&second.path, &second.id) == (&first.path, &first.id));
    texts
}

/// Gives each text to the component it belongs to. Where nobody declares a licence, its texts tell it.
pub(super) fn assign(components: &mut [Component], texts: &[LicenceText]) {
    let mut homes: HashMap<&str, usize> = HashMap::new();
    let mut packages: HashMap<&str, usize> = HashMap::new();
    for (at, component) in components.iter().enumerate() {
        for place in &component.places {
            match place.kind {
                Kind::Archive => {
                    homes.insert(place.path.as_str(), at);
                }
                Kind::Installed if component.purl.kind() == "deb" => {
                    packages.insert(component.purl.name(), at);
                }
                Kind::Installed => {
                    let folder = place.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    homes.insert(folder, at);
                }
                _ => {}
            }
        }
    }
    let owners: Vec<Option<usize>> = texts
        .iter()
        .map(|text| if text.source { None } else { owner(&text.path, &homes, &packages) })
        .collect();
    for (text, owner) in texts.iter().zip(owners) {
        if let Some(component) = owner.and_then(|at| components.get_mut(at)) {
            component.texts.push(text.clone());
        }
    }
    for component in components {
        if component.licences.is_empty() {
            component.licences = component.texts.iter().map(|text| text.id.clone()).collect();
            component.licences.sort_unstable();
            component.licences.dedup();
        }
    }
}

fn owner(
    path: &str,
    homes: &HashMap<&str, usize>,
    packages: &HashMap<&str, usize>,
) -> Option<usize> {
    let (mut folder, _) = path.rsplit_once('/')?;
    // Debian keeps the licences of a package in a folder of its name.
    if let Some((above, package)) = folder.rsplit_once('/')
        && above.ends_with("usr/share/doc")
    {
        return packages.get(package).copied();
    }
    for _ in 0..NEAR {
        let archive = folder.strip_suffix('!').unwrap_or(folder);
        if let Some(at) = homes.get(archive) {
            return Some(*at);
        }
        if archive != folder {
            return None;
        }
        folder = folder.rsplit_once('/')?.0;
    }
    None
}
