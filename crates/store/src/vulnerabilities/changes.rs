//! What became of what was known: written where other knowledge is compared with what the one before it said.

use crate::Tx;
use crate::db::{Bind, Row, binds};
use muster_model::{Error, Micros, Result};
use std::collections::BTreeMap;

/// What happened to a vulnerability of software that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// It became known.
    Found = 1,
    /// Nobody says any longer that this software has it: withdrawn, or its range was corrected.
    Withdrawn = 2,
    /// It is known to be exploited.
    Exploited = 3,
    /// A version repairs it.
    Fixed = 4,
    /// Its grade is another one.
    Graded = 5,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Found, Self::Withdrawn, Self::Exploited, Self::Fixed, Self::Graded];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Withdrawn => "withdrawn",
            Self::Exploited => "exploited",
            Self::Fixed => "fix",
            Self::Graded => "grade",
        }
    }
}

/// Where the software is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// On hosts.
    Hosts = 1,
    /// In artifacts that tasks took apart.
    Artifacts = 2,
    /// In images on the disks of hosts, whether or not anything runs of them.
    Images = 3,
}

impl Area {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hosts, Self::Artifacts, Self::Images];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hosts => "hosts",
            Self::Artifacts => "artifacts",
            Self::Images => "images",
        }
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the order of events.
    pub seq: i64,
    /// When.
    pub at: Micros,
    /// Where the software is.
    pub area: Area,
    /// CVE where there is one, else the source's own number.
    pub vulnerability: String,
    /// What happened.
    pub event: Event,
    /// What it was before: a grade's number, or nothing.
    pub was: String,
    /// What it is: a grade's number, or the versions that repair it, between line feeds.
    pub became: String,
    /// How many pieces of software, or components of tasks.
    pub pieces: i64,
}

/// Which events are wanted: all that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those after this one.
    pub since: i64,
    /// Only such.
    pub event: Option<Event>,
    /// Only there.
    pub area: Option<Area>,
    /// Only of this vulnerability.
    pub vulnerability: Option<String>,
}

/// Events that are gathered while software is compared.
#[derive(Debug, Default)]
pub struct Gathered {
    /// By project, vulnerability and event: before, after, pieces.
    all: BTreeMap<(i64, String, Event), (String, String, i64)>,
}

impl Gathered {
    /// Takes an event of one piece.
    pub fn add(&mut self, project: i64, vulnerability: &str, event: Event, was: &str, now: &str) {
        let key = (project, vulnerability.to_owned(), event);
        self.all.entry(key).or_insert_with(|| (was.to_owned(), now.to_owned(), 0)).2 += 1;
    }

    /// Writes them. Those of the same knowledge are one row, however many stretches they came in.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn write(self, tx: &mut Tx, area: Area, knowledge: &str, now: Micros) -> Result<()> {
        let mut values: Vec<Bind> = Vec::with_capacity(self.all.len() * 9);
        for ((project, vulnerability, event), (was, became, pieces)) in self.all {
            let (area, event) = (area as i64, event as i64);
            values.extend(binds![
                project,
                area,
                knowledge,
                vulnerability,
                event,
                was,
                became,
                pieces,
                now
            ]);
        }
        tx.bulk_insert(
            "INSERT INTO vulnerability_changes \
             (project, area, knowledge, vulnerability, event, was, became, pieces, at)",
            9,
            values,
            "ON CONFLICT (project, area, knowledge, vulnerability, event) DO UPDATE SET \
             pieces = vulnerability_changes.pieces + excluded.pieces",
        )
        .await
        .map(drop)
    }
}

/// The events of a project in their order, `limit` at most.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, project: i64, wanted: &Wanted, limit: u32) -> Result<Vec<Change>> {
    let mut sql = "SELECT seq, at, area, vulnerability, event, was, became, pieces \
                   FROM vulnerability_changes WHERE project = ? AND seq > ?"
        .to_owned();
    let mut values = binds![project, wanted.since];
    let mut and = |condition: &str, value: Option<Bind>| {
        if let Some(value) = value {
            sql.push_str(condition);
            values.push(value);
        }
    };
    and(" AND event = ?", wanted.event.map(|event| (event as i64).into()));
    and(" AND area = ?", wanted.area.map(|area| (area as i64).into()));
    and(" AND vulnerability = ?", wanted.vulnerability.as_ref().map(Bind::from));
    sql.push_str(" ORDER BY seq LIMIT ?");
    values.extend(binds![limit]);
    tx.all(sql, values).await?.iter().map(change).collect()
}

fn change(row: &Row) -> Result<Change> {
    let unknown = || Error::internal("an unknown event of a vulnerability is stored");
    let mut cells = row.cells();
    let (seq, at, area) = (cells.take()?, cells.take()?, cells.take::<i64>()?);
    let (vulnerability, event) = (cells.take()?, cells.take::<i64>()?);
    Ok(Change {
        seq,
        at,
        area: Area::ALL.into_iter().find(|it| *it as i64 == area).ok_or_else(unknown)?,
        vulnerability,
        event: Event::ALL.into_iter().find(|it| *it as i64 == event).ok_or_else(unknown)?,
        was: cells.take()?,
        became: cells.take()?,
        pieces: cells.take()?,
    })
}

/// Forgets the events before a moment. The last one stays: SQLite would count from the start again, behind the cursors
/// that readers keep.
///
/// # Errors
/// Those of the database.
pub async fn forget(tx: &mut Tx, before: Micros) -> Result<()> {
    let sql = "DELETE FROM vulnerability_changes WHERE at < ? \
               AND seq < (SELECT max(seq) FROM vulnerability_changes)";
    tx.execute(sql, binds![before]).await.map(drop)
}
