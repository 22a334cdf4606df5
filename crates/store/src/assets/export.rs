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
use futures_util::future::join;
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

/// A walk over all assets of a query. While the database reads on, what it gave before is put in order and joined.
pub struct ExportCursor {
    walk: Walk,
    places: Places,
    fetched: Option<Fetched>,
    sorted: Option<Sorted>,
}

impl ExportCursor {
    /// Takes the snapshot the export will be of.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open(db: &Db, query: Query) -> Result<Self> {
        let places = Places::new(query.kind);
        let walk = Walk::open(db, query).await?;
        Ok(Self { walk, places, fetched: None, sorted: None })
    }

    /// How many assets the export will have: counted in the same snapshot.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn total(&mut self) -> Result<i64> {
        super::count(&mut self.walk.tx, &self.walk.query).await
    }

    /// The next assets, a few thousand at most; none after the last.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn next_batch(&mut self) -> Result<Option<Vec<Seen>>> {
        loop {
            let (fetched, sorted, places) = (self.fetched.take(), self.sorted.take(), &self.places);
            // The first is asked first, and is on its way to the database when the second begins.
            let (fetched, (sorted, batch)) = join(self.walk.fetch(), async {
                let batch = sorted.map(|sorted| places.join(&sorted)).transpose();
                (fetched.map(Fetched::sort).transpose(), batch)
            })
            .await;
            self.fetched = fetched?;
            self.sorted = sorted?;
            if let Some(sorted) = &self.sorted {
                self.places.learn(&mut self.walk.tx, &sorted.sightings).await?;
            }
            match batch? {
                Some(batch) if !batch.is_empty() => return Ok(Some(batch)),
                _ if self.fetched.is_none() && self.sorted.is_none() => return Ok(None),
                _ => {}
            }
        }
    }
}

/// What the database has given: sightings of these facts, still folded together or read already.
struct Fetched {
    /// In their order, with their ids.
    facts: Vec<(i64, Arc<Fact>)>,
    folded: Vec<String>,
    sightings: Vec<Sighting>,
}

impl Fetched {
    /// Puts the sightings into the order of their facts.
    fn sort(self) -> Result<Sorted> {
        let mut sightings = self.sightings;
        for text in &self.folded {
            sightings.append(&mut Sighting::gathered(text)?);
        }
        let places = self.facts.iter().enumerate().map(|(place, (id, _))| (*id, place));
        let places: HashMap<i64, usize> = places.collect();
        let placed = |sighting: Sighting| {
            let place = places.get(&sighting.fact);
            let place = place.ok_or_else(|| Error::internal("a sighting of another fact"))?;
            Ok((*place, sighting))
        };
        let mut sightings: Vec<(usize, Sighting)> =
            sightings.into_iter().map(placed).collect::<Result<_>>()?;
        // Those of one fact come in their order: runs that are merged, which the stable sort is good at.
        sightings.sort_by_key(|(place, s)| (*place, s.host, s.container, s.seq));
        Ok(Sorted { facts: self.facts.into_iter().map(|(_, fact)| fact).collect(), sightings })
    }
}

/// Sightings in their order, each with the place of its fact among `facts`.
struct Sorted {
    facts: Vec<Arc<Fact>>,
    sightings: Vec<(usize, Sighting)>,
}

/// The reading side.
struct Walk {
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
}

impl Walk {
    async fn open(db: &Db, query: Query) -> Result<Self> {
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
            query,
        })
    }

    /// The sightings of the next facts; none after the last.
    async fn fetch(&mut self) -> Result<Option<Fetched>> {
        if self.facts.is_empty() && !self.next_facts().await? {
            return Ok(None);
        }
        self.next_sightings().await.map(Some)
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

    /// Sightings of as many facts as fill a batch, or of a part of one.
    async fn next_sightings(&mut self) -> Result<Fetched> {
        let mut facts = Vec::new();
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
            facts.push((id, fact));
        }
        let head = format!(
            "SELECT {} FROM sightings s {} AND s.fact",
            self.tx.gather(SIGHTING),
            self.condition.sql
        );
        let keys = facts.iter().map(|(id, _)| Bind::from(*id)).collect();
        let rows = self.tx.all_in(&head, self.condition.binds.clone(), keys).await?;
        let folded = rows.iter().map(|row| row.only::<Option<String>>());
        let folded = folded.filter_map(Result::transpose).collect::<Result<_>>()?;
        Ok(Fetched { facts, folded, sightings: Vec::new() })
    }

    /// The next piece of a fact that has more sightings than a batch. Read at once: the piece after it begins where
    /// this one ends.
    async fn piece(&mut self, fact: Arc<Fact>, id: i64, n: i64) -> Result<Fetched> {
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
        let sightings = Sighting::gathered(&folded.unwrap_or_default())?;
        if i64::try_from(sightings.len()).is_ok_and(|read| read == ROWS) {
            self.within = sightings.iter().max_by_key(|s| (s.host, s.container, s.seq)).copied();
            self.facts.push_front((fact.clone(), id, n));
        }
        Ok(Fetched { facts: vec![(id, fact)], folded: Vec::new(), sightings })
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
    async fn learn(&mut self, tx: &mut Tx, sightings: &[(usize, Sighting)]) -> Result<()> {
        if self.hosts.len().max(self.swept.len()) > PLACES {
            self.hosts.clear();
            self.swept.clear();
        }
        let missing: HashSet<i64> = sightings
            .iter()
            .map(|(_, sighting)| sighting.host)
            .filter(|host| !self.hosts.contains_key(host))
            .collect();
        self.hosts.extend(hosts(tx, missing.iter().copied()).await?);
        self.swept.extend(swept(tx, self.kind, missing).await?);
        if self.containers.len() > PLACES {
            self.containers.clear();
        }
        let missing: HashSet<i64> = sightings
            .iter()
            .map(|(_, sighting)| sighting.container)
            .filter(|container| !self.containers.contains_key(container))
            .collect();
        self.containers.extend(containers(tx, missing).await?);
        Ok(())
    }

    /// Joins sightings with their facts and with what was learnt of their places.
    fn join(&self, sorted: &Sorted) -> Result<Vec<Seen>> {
        let seen = |(place, sighting): &(usize, Sighting)| {
            let fact = sorted.facts.get(*place);
            self.seen(fact.ok_or_else(|| Error::internal("a fact is gone"))?, sighting)
        };
        sorted.sightings.iter().map(seen).collect()
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
