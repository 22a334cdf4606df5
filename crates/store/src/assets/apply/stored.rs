//! What the store holds of the rows that changes touch.

use super::change::{Base, Candidate};
use super::rows::{self, Held};
use super::scopes::ScopeKey;
use crate::Tx;
use crate::assets::diff::Place;
use muster_model::Result;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Rows as they are: of scopes, by fact and sequence, all or those that are touched.
#[derive(Default)]
pub(super) struct Stored {
    scopes: HashMap<ScopeKey, BTreeMap<(i64, u32), Place>>,
}

impl Stored {
    /// Reads the whole scopes together, and together the parts.
    pub(super) async fn read(tx: &mut Tx, candidates: &[Candidate<'_, '_>]) -> Result<Self> {
        let (mut wholes, mut parts) = (Vec::new(), BTreeSet::new());
        for candidate in candidates {
            let scope = candidate.change.scope;
            match candidate.change.base {
                Base::Nothing => {}
                Base::Whole => wholes.push(scope),
                Base::Part(_) => {
                    let facts = candidate.touched().into_iter().map(|(fact, _)| fact);
                    parts.extend(facts.map(|fact| (fact, scope.target.host, scope.container)));
                }
            }
        }
        let mut held = rows::of_scopes(tx, &wholes).await?;
        held.extend(rows::of_facts(tx, parts).await?);
        let targets: HashMap<i64, _> = candidates
            .iter()
            .map(|candidate| candidate.change.scope.target)
            .map(|target| (target.host, target))
            .collect();
        let mut stored = Self::default();
        for Held { host, container, kind, place } in held {
            if let Some(target) = targets.get(&host).copied() {
                let rows = stored.scopes.entry(ScopeKey { target, container, kind }).or_default();
                rows.insert((place.fact, place.seq), place);
            }
        }
        Ok(stored)
    }

    /// The rows to compare a change with; none if one that is to go is not there.
    pub(super) fn base_of(&mut self, candidate: &Candidate<'_, '_>) -> Option<Vec<Place>> {
        let there = self.scopes.remove(&candidate.change.scope).unwrap_or_default();
        match candidate.change.base {
            Base::Nothing => Some(Vec::new()),
            Base::Whole => Some(there.into_values().collect()),
            Base::Part(_) => {
                let agreed = candidate.gone.iter().all(|key| there.contains_key(key));
                let place = |key: (i64, u32)| there.get(&key).copied();
                agreed.then(|| candidate.touched().into_iter().filter_map(place).collect())
            }
        }
    }
}
