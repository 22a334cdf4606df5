//! Reads all assets of a query, host by host, in constant memory and from one unchanging state.
//!
//! Most facts of a fleet recur on every host, so they are kept decoded, up to a budget of bytes; per host
//! only the sightings are read.

use super::assemble::{HostRef, SIGHTING, Seen, Sighting, containers, hosts, swept};
use super::query::{Clause, Hosts, Query, container_condition};
use crate::db::{Bind, binds};
use crate::{Db, Tx};
use muster_model::{Column, Fact, Result, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of decoded facts kept, roughly.
const BUDGET: usize = 24 << 20;
/// Hosts whose keys are fetched at a time.
const HOSTS: i64 = 500;

/// A walk over all assets of a query.
pub struct ExportCursor {
    tx: Tx,
    query: Query,
    facts: Clause,
    hosts: Vec<i64>,
    after: Option<(String, i64)>,
    condition: Option<Clause>,
    cache: Cache,
}

impl ExportCursor {
    /// Takes the snapshot the export will be of.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open(db: &Db, query: Query) -> Result<Self> {
        let mut tx = db.read().await?;
        let plan = query.plan(&mut tx).await?;
        let mut condition = Clause { sql: "project = ?".to_owned(), binds: binds![query.project] };
        let condition = match &plan.hosts {
            Hosts::None => None,
            Hosts::All => Some(condition),
            Hosts::Matching(matching) => Some(matching.clone()),
            Hosts::Few(keys) => {
                let places = vec!["?"; keys.len()].join(",");
                let keys = keys.iter().map(|key| Bind::from(*key));
                condition.and(&format!("key IN ({places})"), keys);
                Some(condition)
            }
        };
        Ok(Self {
            tx,
            facts: plan.facts,
            query,
            hosts: Vec::new(),
            after: None,
            condition,
            cache: Cache::default(),
        })
    }

    /// How many assets the export will have: counted in the same snapshot.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn total(&mut self) -> Result<i64> {
        super::count(&mut self.tx, &self.query).await
    }

    /// The assets of the next host that has any, by name and version; none after the last.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Seen>>> {
        while let Some(host) = self.next_host().await? {
            let batch = self.of_host(host).await?;
            if !batch.is_empty() {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    async fn next_host(&mut self) -> Result<Option<i64>> {
        if self.hosts.is_empty()
            && let Some(condition) = &self.condition
        {
            let mut clause = condition.clone();
            if let Some((name, key)) = &self.after {
                clause.and("(name, key) > (?, ?)", binds![name, *key]);
            }
            clause.binds.push(HOSTS.into());
            let sql = format!(
                "SELECT key, name FROM hosts WHERE {} ORDER BY name, key LIMIT ?",
                clause.sql
            );
            let rows = self.tx.all(sql, clause.binds).await?;
            for row in &rows {
                let mut cells = row.cells();
                let key = cells.take()?;
                self.hosts.push(key);
                self.after = Some((cells.take()?, key));
            }
            self.hosts.reverse();
            if rows.is_empty() {
                self.condition = None;
            }
        }
        Ok(self.hosts.pop())
    }

    async fn of_host(&mut self, host: i64) -> Result<Vec<Seen>> {
        let kind = self.query.kind;
        let sql = format!(
            "SELECT {SIGHTING} FROM sightings s WHERE s.host = ? AND s.kind = ? AND {}",
            container_condition(self.query.category)
        );
        let rows = self.tx.all(sql, binds![host, kind.code()]).await?;
        let sightings = Sighting::all(&rows)?;
        drop(rows);
        if sightings.is_empty() {
            return Ok(Vec::new());
        }
        let tx = &mut self.tx;
        let facts = self.cache.get(tx, &self.facts, sightings.iter().map(|s| s.fact)).await?;
        let names = hosts(tx, [host]).await?;
        let containers = containers(tx, sightings.iter().map(|s| s.container)).await?;
        let swept = swept(tx, kind, [host]).await?;
        let Some(host_ref): Option<Arc<HostRef>> = names.get(&host).cloned() else {
            return Ok(Vec::new());
        };
        let mut found: Vec<(&Sighting, &Arc<Fact>, &str, &str)> = sightings
            .iter()
            .filter_map(|s| {
                let fact = facts.get(&s.fact)?;
                Some((s, fact, fact.text(Column::Name), fact.text(Column::Version)))
            })
            .collect();
        found.sort_unstable_by_key(|(s, _, name, version)| {
            (*name, *version, s.fact, s.container, s.seq)
        });
        Ok(found
            .into_iter()
            .map(|(s, fact, ..)| Seen {
                fact: fact.clone(),
                volatile: s.volatile,
                host: host_ref.clone(),
                container: containers.get(&s.container).cloned(),
                first_seen: s.first_seen,
                scanned_at: swept.get(&(host, s.container)).copied().unwrap_or(s.first_seen),
            })
            .collect())
    }
}

/// Decoded facts in two generations: what is used moves to the young one, and when that is full the old
/// one is dropped. None stands for a fact that does not match the query.
#[derive(Default)]
struct Cache {
    young: HashMap<i64, Option<Arc<Fact>>>,
    old: HashMap<i64, Option<Arc<Fact>>>,
    bytes: usize,
}

impl Cache {
    /// Those of the facts that match.
    async fn get(
        &mut self,
        tx: &mut Tx,
        conditions: &Clause,
        ids: impl Iterator<Item = i64>,
    ) -> Result<HashMap<i64, Arc<Fact>>> {
        let mut found = HashMap::new();
        let mut missing = Vec::new();
        for id in ids {
            let known = match self.young.get(&id) {
                Some(known) => Some(known.clone()),
                None => self.old.remove(&id).inspect(|known| self.keep(id, known.clone())),
            };
            match known {
                Some(Some(fact)) => drop(found.insert(id, fact)),
                Some(None) => {}
                None => missing.push(id),
            }
        }
        missing.sort_unstable();
        missing.dedup();
        let loaded = super::facts::load_matching(tx, &missing, conditions).await?;
        for id in missing {
            let fact = loaded.get(&id).cloned();
            self.keep(id, fact.clone());
            if let Some(fact) = fact {
                found.insert(id, fact);
            }
        }
        Ok(found)
    }

    fn keep(&mut self, id: i64, fact: Option<Arc<Fact>>) {
        if self.bytes > BUDGET / 2 {
            self.old = std::mem::take(&mut self.young);
            self.bytes = 0;
        }
        self.bytes += fact.as_deref().map_or(64, weight);
        self.young.insert(id, fact);
    }
}

/// Bytes a decoded fact takes, roughly.
fn weight(fact: &Fact) -> usize {
    let values: usize = fact
        .values()
        .iter()
        .map(|(_, value)| 40 + if let Value::Text(text) = value { text.len() } else { 0 })
        .sum();
    // Evidence is a tree of small pieces: its text counts four times.
    200 + values + fact.evidence_json().len() * 4
}
