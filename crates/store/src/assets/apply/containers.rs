//! The containers that reports speak of.

use super::Target;
use crate::Tx;
use crate::db::binds;
use muster_model::report::{Body, ContainerRef, ScopeReport};
use muster_model::{Error, Result};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Keys of containers, by host and id.
#[derive(Default)]
pub(super) struct Containers {
    keys: HashMap<(i64, String), i64>,
}

impl Containers {
    /// Loads those of the hosts that report of containers. Only a full report introduces one; each gives it its name.
    pub(super) async fn load(tx: &mut Tx, reports: &[(Target, &[ScopeReport])]) -> Result<Self> {
        let (mut hosts, mut full) = (HashSet::new(), HashSet::new());
        let mut told: BTreeMap<(i64, &str), &str> = BTreeMap::new();
        for (target, scopes) in reports {
            for report in *scopes {
                let Some(container) = &report.scope.container else { continue };
                check(container)?;
                let key = (target.host, container.id.as_str());
                hosts.insert(target.host);
                told.insert(key, &container.name);
                if matches!(report.body, Body::Full { .. }) {
                    full.insert(key);
                }
            }
        }
        let mut known: HashMap<(i64, String), (i64, String)> = HashMap::new();
        let head = "SELECT host, id, key, name FROM containers WHERE host";
        let hosts = hosts.into_iter().map(Into::into).collect();
        for row in tx.all_in(head, vec![], hosts).await? {
            let mut cells = row.cells();
            known.insert((cells.take()?, cells.take()?), (cells.take()?, cells.take()?));
        }
        let is_new = |(key, name): &(&(i64, &str), &&str)| {
            let (host, id) = **key;
            match known.get(&(host, id.to_owned())) {
                Some((_, known)) => known != **name,
                None => full.contains(*key),
            }
        };
        let new = told.iter().filter(is_new);
        let values = new.flat_map(|((host, id), name)| binds![*host, *id, *name]).collect();
        let mut keys: HashMap<(i64, String), i64> =
            known.iter().map(|(name, (key, _))| (name.clone(), *key)).collect();
        let tail =
            "ON CONFLICT (host, id) DO UPDATE SET name = excluded.name RETURNING host, id, key";
        let head = "INSERT INTO containers (host, id, name)";
        for row in tx.bulk_insert(head, 3, values, tail).await? {
            let mut cells = row.cells();
            keys.insert((cells.take()?, cells.take()?), cells.take()?);
        }
        Ok(Self { keys })
    }

    /// The key of a container that is known.
    pub(super) fn key(&self, host: i64, container: &ContainerRef) -> Option<i64> {
        self.keys.get(&(host, container.id.clone())).copied()
    }
}

fn check(container: &ContainerRef) -> Result<()> {
    for text in [&container.id, &container.name] {
        if text.len() > 255 || text.contains('\0') {
            return Err(Error::invalid("container", "id and name have at most 255 bytes, no NUL"));
        }
    }
    Ok(())
}
