//! How many present sightings each fact has: kept here, so that totals, statistics and deep pages add up
//! facts instead of walking over sightings.

use super::diff::Outcome;
use crate::Tx;
use crate::db::binds;
use muster_model::{Category, Result};
use std::collections::BTreeMap;

/// The column of `fact_counts` that counts a category.
pub(super) const fn column(category: Category) -> &'static str {
    match category {
        Category::Host => "on_hosts",
        Category::Container => "in_containers",
    }
}

/// Notes the sightings that begin and end in these containers (0: on the host itself).
pub(super) async fn add<'o>(
    tx: &mut Tx,
    outcomes: impl Iterator<Item = (i64, &'o Outcome)>,
) -> Result<()> {
    let mut differences: BTreeMap<i64, [i64; 2]> = BTreeMap::new();
    for (container, outcome) in outcomes {
        let begun = outcome.begun.iter().map(|place| (place.fact, 1));
        let ended = outcome.ended.iter().map(|place| (place.fact, -1));
        for (fact, difference) in begun.chain(ended) {
            let [on_hosts, in_containers] = differences.entry(fact).or_default();
            *(if container == 0 { on_hosts } else { in_containers }) += difference;
        }
    }
    let mut values = Vec::with_capacity(differences.len() * 3);
    for (fact, [on_hosts, in_containers]) in differences {
        if (on_hosts, in_containers) != (0, 0) {
            values.extend(binds![fact, on_hosts, in_containers]);
        }
    }
    tx.bulk_insert(
        "INSERT INTO fact_counts (fact, on_hosts, in_containers)",
        3,
        values,
        "ON CONFLICT (fact) DO UPDATE SET on_hosts = fact_counts.on_hosts + excluded.on_hosts, \
         in_containers = fact_counts.in_containers + excluded.in_containers",
    )
    .await
    .map(drop)
}
