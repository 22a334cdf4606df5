//! Which artifacts the classes of an archive are.
//!
//! Artifacts share classes: one version has most of those of the next, and a bundle has those of its parts. So the one that
//! explains most is taken first, with all its classes, and the others must live on what is left.

use super::ClassIndex;
use muster_model::purl::Purl;
use std::collections::{BTreeMap, BTreeSet};

/// The least part of an artifact's classes that must be there, in percent: builds that drop what they do not use keep this
/// much.
const LEAST_PART: usize = 30;
/// Of the classes whose name is there, the least part that must be the same, in percent, for it to be the same version.
const SAME_VERSION: usize = 90;
/// Artifacts of which fewer classes are there must be there whole.
const FEW: usize = 12;

/// An artifact whose classes lie in an archive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Match {
    /// Which; without version where several have the same of the classes that are there, or none has most of them.
    pub(crate) purl: Purl,
    /// How many of its classes are there.
    pub(crate) found: usize,
    /// How many it has.
    pub(crate) of: usize,
    /// The versions that have the same of what is there, where there are several.
    pub(crate) versions: Vec<String>,
}

impl ClassIndex {
    /// Whether a class of this name's hash is worth a look.
    pub(crate) fn knows(&self, name: u32) -> bool {
        self.has_name(name)
    }

    /// The artifacts that classes of these fingerprints belong to, the largest first.
    pub(crate) fn find(&self, classes: &[(u32, u64)]) -> Vec<Match> {
        let mut of: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
        for (_, class) in classes {
            for artifact in self.artifacts_of(*class) {
                of.entry(artifact).or_default().insert(*class);
            }
        }
        of.retain(|artifact, found| self.is_enough(*artifact, found.len()));
        let names: BTreeSet<u32> = classes.iter().map(|(name, _)| *name).collect();
        let mut left: BTreeSet<u64> = of.values().flatten().copied().collect();
        let mut matches = Vec::new();
        while let Some((best, new)) = self.best(&of, &left) {
            let Some(found) = of.remove(&best) else { break };
            // What other artifacts explain already does not prove this one.
            if self.is_enough(best, new) {
                matches.extend(self.named(best, &found, &names, &mut of));
            }
            left = left.difference(&found).copied().collect();
        }
        matches
    }

    /// The artifact that explains most of what is left; of several the one most of which is there.
    fn best(
        &self,
        of: &BTreeMap<u32, BTreeSet<u64>>,
        left: &BTreeSet<u64>,
    ) -> Option<(u32, usize)> {
        of.iter()
            .map(|(artifact, found)| (*artifact, found.intersection(left).count()))
            .filter(|(_, new)| *new > 0)
            .max_by_key(|(artifact, new)| {
                (*new, std::cmp::Reverse(self.classes_of(*artifact)), std::cmp::Reverse(*artifact))
            })
    }

    /// The match, without its version where another one of the same artifact has exactly the same part of it. Other
    /// versions have nothing more to say: they are taken out.
    fn named(
        &self,
        artifact: u32,
        found: &BTreeSet<u64>,
        names: &BTreeSet<u32>,
        of: &mut BTreeMap<u32, BTreeSet<u64>>,
    ) -> Option<Match> {
        let purl = self.purl(artifact)?;
        let total = self.classes_of(artifact);
        let mut versions = Vec::new();
        of.retain(|other, classes| {
            let Some(same) = self.purl(*other).filter(|one| one.package() == purl.package()) else {
                return true;
            };
            if classes == found && self.classes_of(*other) == total {
                versions.push(same.version().to_owned());
            }
            false
        });
        // Classes of the right name that are not the same: it is another version than the index has.
        let by_name = self.names_of(artifact).filter(|name| names.contains(name)).count();
        let same_version = found.len() * 100 >= by_name * SAME_VERSION;
        let mut named = purl.clone();
        if !versions.is_empty() || !same_version {
            versions.push(purl.version().to_owned());
            named = purl.package();
        }
        Some(Match { purl: named, found: found.len(), of: total, versions })
    }

    fn is_enough(&self, artifact: u32, found: usize) -> bool {
        let of = self.classes_of(artifact);
        found >= of || found >= FEW && found.saturating_mul(100) >= of.saturating_mul(LEAST_PART)
    }
}
