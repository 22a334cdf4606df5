//! Reads all assets of a query in the order of [`super::list`], in constant memory and from one unchanging
//! state.
//!
//! Walks the facts by name, reading and decoding each once, and behind them their sightings, which lie in
//! the order of their facts. How many sightings a fact has is known beforehand: so many facts are taken at a
//! time that their sightings fill a batch, and a fact that has more is read in pieces.

use super::assemble::{HostRef, SIGHTING, Seen, Sighting, containers, hosts, swept};
use super::facts;
use super::query::{Clause, Counted, Hosts, Query, container_condition};
use crate::db::{Bind, binds};
use crate::{Db, Tx};
use muster_model::report::ContainerRef;
use muster_model::{Error, Fact, Kind, Micros, Result};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Facts read at a time.
const FACTS: usize = 256;
/// Sightings in a batch, at most.
const ROWS: i64 = 4096;
/// Hosts (with the scopes of a kind in their containers) remembered at a time.
const PLACES: usize = 50_000;

/// Facts by id, with their place in the order.
type Ranked = HashMap<i64, (Arc<Fact>, usize)>;

/// A walk over all assets of a query.
pub struct ExportCursor {
    tx: Tx,
    query: Query,
    /// The facts still to be walked over; none: there are no more.
    counted: Option<Counted>,
    /// Which sightings.
    condition: Clause,
    after: Option<(String, String, i64)>,
    /// Facts whose sightings come next, with the number of these.
    facts: VecDeque<(Arc<Fact>, i64, i64)>,
    /// The last sighting read of the first of them.
    within: Option<Sighting>,
    places: Places,
}

impl ExportCursor {
    /// Takes the snapshot the export will be of.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open(db: &Db, query: Query) -> Result<Self> {
        let mut tx = db.read().await?;
        let plan = query.plan(&mut tx).await?;
        let mut condition = Clause {
            sql: format!("WHERE {}", container_condition(query.category)),
            binds: Vec::new(),
        };
        condition.and_all(&plan.of_hosts());
        Ok(Self {
            tx,
            counted: (!matches!(plan.hosts, Hosts::None)).then(|| plan.counted()),
            condition,
            after: None,
            facts: VecDeque::new(),
            within: None,
            places: Places::new(query.kind),
            query,
        })
    }

    /// How many assets the export will have: counted in the same snapshot.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn total(&mut self) -> Result<i64> {
        super::count(&mut self.tx, &self.query).await
    }

    /// The next assets, a few thousand at most; none after the last.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Seen>>> {
        loop {
            if self.facts.is_empty() && !self.next_facts().await? {
                return Ok(None);
            }
            let (facts, sightings) = self.next_sightings().await?;
            if !sightings.is_empty() {
                return self.join(&facts, &sightings).await.map(Some);
            }
        }
    }

    async fn join(&mut self, facts: &Ranked, sightings: &[Sighting]) -> Result<Vec<Seen>> {
        self.places.learn(&mut self.tx, sightings).await?;
        let seen = |sighting: &Sighting| {
            let fact = facts.get(&sighting.fact);
            let (fact, _) = fact.ok_or_else(|| Error::internal("a sighting of another fact"))?;
            self.places.seen(fact, sighting)
        };
        sightings.iter().map(seen).collect()
    }

    /// Reads the next facts that have sightings; false after the last fact.
    async fn next_facts(&mut self) -> Result<bool> {
        let Some(Counted { n, from }) = &self.counted else { return Ok(false) };
        let mut clause = n.clone();
        clause.sql = format!("SELECT f.id, f.name, f.version, {} {}", n.sql, from.sql);
        clause.binds.extend(from.binds.iter().cloned());
        if let Some((name, version, id)) = &self.after {
            clause.and("(f.name, f.version, f.id) > (?, ?, ?)", binds![name, version, *id]);
        }
        clause.sql.push_str(" ORDER BY f.name, f.version, f.id LIMIT ?");
        clause.binds.push(i64::try_from(FACTS).map_err(Error::internal)?.into());
        let rows = self.tx.all(clause.sql, clause.binds).await?;
        let mut found: Vec<(i64, i64)> = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut cells = row.cells();
            let id = cells.take()?;
            self.after = Some((cells.take()?, cells.take()?, id));
            let n = cells.take()?;
            if n > 0 {
                found.push((id, n));
            }
        }
        if rows.len() < FACTS {
            self.counted = None;
        }
        let mut facts = facts::load(&mut self.tx, found.iter().map(|(id, _)| *id)).await?;
        for (id, n) in found {
            let fact = facts.remove(&id).ok_or_else(|| Error::internal("a fact is gone"))?;
            self.facts.push_back((fact, id, n));
        }
        Ok(true)
    }

    /// Sightings of the next facts, in their order.
    async fn next_sightings(&mut self) -> Result<(Ranked, Vec<Sighting>)> {
        let mut facts = Ranked::new();
        let mut room = ROWS;
        while let Some((fact, id, n)) = self.facts.pop_front() {
            if facts.is_empty() && n > ROWS {
                return self.piece(fact, id, n).await;
            }
            room -= n;
            if room < 0 {
                self.facts.push_front((fact, id, n));
                break;
            }
            facts.insert(id, (fact, facts.len()));
        }
        let head = format!(
            "SELECT {} FROM sightings s {} AND s.fact",
            self.tx.gather(SIGHTING),
            self.condition.sql
        );
        let keys = facts.keys().map(|id| Bind::from(*id)).collect();
        let mut sightings = Vec::new();
        for row in self.tx.all_in(&head, self.condition.binds.clone(), keys).await? {
            let folded: Option<String> = row.only()?;
            sightings.append(&mut Sighting::gathered(&folded.unwrap_or_default())?);
        }
        sightings.sort_unstable_by_key(|s| {
            (facts.get(&s.fact).map(|(_, rank)| *rank), s.host, s.container, s.seq)
        });
        Ok((facts, sightings))
    }

    /// The next piece of a fact that has more sightings than a batch.
    async fn piece(&mut self, fact: Arc<Fact>, id: i64, n: i64) -> Result<(Ranked, Vec<Sighting>)> {
        let mut clause = self.condition.clone();
        clause.and("s.fact = ?", binds![id]);
        if let Some(last) = self.within.take() {
            let key = binds![last.host, last.container, last.seq];
            clause.and("(s.host, s.container, s.seq) > (?, ?, ?)", key);
        }
        clause.binds.push(ROWS.into());
        let sql = format!(
            "SELECT {} FROM (SELECT {SIGHTING} FROM sightings s {} ORDER BY s.host, s.container, s.seq \
             LIMIT ?) s",
            self.tx.gather(SIGHTING),
            clause.sql
        );
        let folded: Option<String> = self.tx.one(sql, clause.binds).await?.only()?;
        let mut sightings = Sighting::gathered(&folded.unwrap_or_default())?;
        sightings.sort_unstable_by_key(|s| (s.host, s.container, s.seq));
        if i64::try_from(sightings.len()).is_ok_and(|read| read == ROWS) {
            self.within = sightings.last().copied();
            self.facts.push_front((fact.clone(), id, n));
        }
        Ok((HashMap::from([(id, (fact, 0))]), sightings))
    }
}

/// What is known of hosts and containers, forgotten when it is too much.
struct Places {
    kind: Kind,
    hosts: HashMap<i64, Arc<HostRef>>,
    swept: HashMap<(i64, i64), Micros>,
    containers: HashMap<i64, Arc<ContainerRef>>,
}

impl Places {
    fn new(kind: Kind) -> Self {
        Self { kind, hosts: HashMap::new(), swept: HashMap::new(), containers: HashMap::new() }
    }

    /// Looks up what is missing.
    async fn learn(&mut self, tx: &mut Tx, sightings: &[Sighting]) -> Result<()> {
        if self.hosts.len().max(self.swept.len()) > PLACES {
            self.hosts.clear();
            self.swept.clear();
        }
        let missing: HashSet<i64> = sightings
            .iter()
            .map(|sighting| sighting.host)
            .filter(|host| !self.hosts.contains_key(host))
            .collect();
        self.hosts.extend(hosts(tx, missing.iter().copied()).await?);
        self.swept.extend(swept(tx, self.kind, missing).await?);
        if self.containers.len() > PLACES {
            self.containers.clear();
        }
        let missing: HashSet<i64> = sightings
            .iter()
            .map(|sighting| sighting.container)
            .filter(|container| !self.containers.contains_key(container))
            .collect();
        self.containers.extend(containers(tx, missing).await?);
        Ok(())
    }

    fn seen(&self, fact: &Arc<Fact>, sighting: &Sighting) -> Result<Seen> {
        let host = self.hosts.get(&sighting.host);
        let place = (sighting.host, sighting.container);
        Ok(Seen {
            fact: fact.clone(),
            volatile: sighting.volatile,
            host: host.cloned().ok_or_else(|| Error::internal("a sighting has lost its host"))?,
            container: self.containers.get(&sighting.container).cloned(),
            first_seen: sighting.first_seen,
            scanned_at: self.swept.get(&place).copied().unwrap_or(sighting.first_seen),
        })
    }
}
