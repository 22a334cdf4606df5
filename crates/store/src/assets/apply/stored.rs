//! What the store holds of the rows that changes touch.

use super::change::{Base, Candidate};
use super::{Target, rows};
use crate::Tx;
use crate::assets::diff::Place;
use muster_model::Result;
use std::collections::{BTreeMap, HashMap};

/// Rows as they are.
#[derive(Default)]
pub(super) struct Stored {
    /// Of parts: by container, fact and sequence.
    parts: HashMap<(i64, i64, u32), Place>,
    /// Of whole scopes: by the change's place in the report.
    wholes: HashMap<usize, Vec<Place>>,
}

impl Stored {
    /// Reads them, the parts of one container together.
    pub(super) async fn read(
        tx: &mut Tx,
        target: Target,
        candidates: &[Candidate<'_, '_>],
    ) -> Result<Self> {
        let mut stored = Self::default();
        let mut parts: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for candidate in candidates {
            let scope = candidate.change.scope;
            match candidate.change.base {
                Base::Nothing => {}
                Base::Whole => {
                    stored.wholes.insert(candidate.at, rows::of_scope(tx, target, scope).await?);
                }
                Base::Part(_) => {
                    let facts = candidate.touched().into_iter().map(|(fact, _)| fact);
                    parts.entry(scope.container).or_default().extend(facts);
                }
            }
        }
        for (container, facts) in parts {
            for place in rows::of_facts(tx, target, container, facts).await? {
                stored.parts.insert((container, place.fact, place.seq), place);
            }
        }
        Ok(stored)
    }

    /// The rows to compare a change with; none if one that is to go is not there.
    pub(super) fn base_of(&self, candidate: &Candidate<'_, '_>) -> Option<Vec<Place>> {
        match candidate.change.base {
            Base::Nothing => Some(Vec::new()),
            Base::Whole => self.wholes.get(&candidate.at).cloned(),
            Base::Part(_) => {
                let container = candidate.change.scope.container;
                let there = |(fact, seq)| self.parts.get(&(container, fact, seq)).copied();
                let agreed = candidate.gone.iter().all(|key| there(*key).is_some());
                agreed.then(|| candidate.touched().into_iter().filter_map(there).collect())
            }
        }
    }
}
