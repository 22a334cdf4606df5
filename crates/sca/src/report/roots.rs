//! Root file systems: the packages of an operating system are named for the distribution whose `os-release`
//! lies in the same root.

use super::image::Images;
use crate::finding::{Finding, Note};
use crate::package_caches::CACHES;
use muster_model::purl::Purl;
use std::collections::HashMap;

/// The files that tell where a root begins.
const MARKS: &[&str] = &[
    "etc/os-release",
    "usr/lib/os-release",
    "var/lib/dpkg/",
    "lib/apk/db/",
    "usr/lib/apk/db/",
    "var/lib/rpm/",
    "usr/lib/sysimage/rpm/",
    "usr/share/rpm/",
    "var/lib/pacman/local/",
];

pub(super) struct Roots<'a> {
    images: &'a Images<'a>,
    distributions: HashMap<&'a str, (&'a str, &'a str)>,
}

impl<'a> Roots<'a> {
    pub(super) fn new(notes: &'a [Note], images: &'a Images<'a>) -> Self {
        let mut distributions = HashMap::new();
        for note in notes {
            if let Note::Distribution { place, id, version } = note
                && let Some(root) = root(place)
            {
                let root = images.of(place).unwrap_or(root);
                distributions.entry(root).or_insert((id.as_str(), version.as_str()));
            }
        }
        Self { images, distributions }
    }

    /// The root that a package database or cache is of: its path, or the image whose layers hold it.
    pub(super) fn of<'p>(&self, place: &'p str) -> Option<&'p str>
    where
        'a: 'p,
    {
        let root = root(place)?;
        Some(self.images.of(place).unwrap_or(root))
    }

    /// Puts the distribution into the package URL of an operating system's package.
    pub(super) fn name(&self, finding: &mut Finding) {
        let kind = finding.purl.kind();
        if !matches!(kind, "deb" | "rpm" | "apk" | "alpm") || !finding.purl.namespace().is_empty() {
            return;
        }
        let Some(root) = self.of(&finding.place) else { return };
        let Some((id, version)) = self.distributions.get(root) else { return };
        let named = Purl::new(kind, id, finding.purl.name(), finding.purl.version()).ok();
        let named = named.and_then(|mut purl| {
            for (key, value) in finding.purl.qualifiers() {
                purl = purl.with_qualifier(key, value).ok()?;
            }
            let distro =
                if version.is_empty() { (*id).to_owned() } else { format!("{id}-{version}") };
            purl.with_qualifier("distro", &distro).ok()
        });
        if let Some(named) = named {
            finding.purl = named;
        }
    }
}

/// The part of a path in front of the file that marks a root.
fn root(place: &str) -> Option<&str> {
    MARKS.iter().chain(CACHES).find_map(|mark| {
        let at = place.rfind(mark)?;
        let root = place.get(..at)?;
        (root.is_empty() || root.ends_with('/')).then_some(root)
    })
}
