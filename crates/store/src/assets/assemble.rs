//! From keys to what callers see: sightings joined with their facts, hosts and containers.

use super::facts;
use crate::Tx;
use crate::db::{Bind, Cells, Row, binds, gathered};
use muster_model::id::{AgentId, HostId};
use muster_model::report::{ContainerRef, Volatile};
use muster_model::{Error, Fact, Kind, Micros, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// The host of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRef {
    /// Its id.
    pub id: HostId,
    /// Its name.
    pub name: String,
    /// Its first address, or empty.
    pub ip: String,
    /// Its agent.
    pub agent_id: Option<AgentId>,
}

/// An asset where it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The content.
    pub fact: Arc<Fact>,
    /// What belongs to this place only.
    pub volatile: Volatile,
    /// The host.
    pub host: Arc<HostRef>,
    /// The container, if it is in one.
    pub container: Option<Arc<ContainerRef>>,
    /// Since when this content is known at this place.
    pub first_seen: Micros,
    /// When the place was last looked at.
    pub scanned_at: Micros,
}

/// Columns of a sighting in the order [`Sighting::read`] wants them.
pub(super) const SIGHTING: &str =
    "s.fact, s.host, s.container, s.seq, s.pid, s.started, s.ctime, s.mtime, s.atime, s.first_seen";

/// [`SIGHTING`] as [`gathered`] reads it.
type Numbers = (i64, i64, i64, u32, Option<u32>, Time, Time, Time, Time, Micros);
type Time = Option<Micros>;
/// Key, id, name, address and agent of a host.
type Host = (i64, String, String, String, Option<String>);

/// A row of `sightings` or `sightings_past`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sighting {
    pub(super) fact: i64,
    pub(super) host: i64,
    pub(super) container: i64,
    pub(super) seq: u32,
    pub(super) volatile: Volatile,
    pub(super) first_seen: Micros,
}

impl Sighting {
    pub(super) fn read(cells: &mut Cells<'_>) -> Result<Self> {
        Ok(Self {
            fact: cells.take()?,
            host: cells.take()?,
            container: cells.take()?,
            seq: cells.take()?,
            volatile: read_volatile(cells)?,
            first_seen: cells.take()?,
        })
    }

    /// From what the database folded together by [`Tx::gather`] of [`SIGHTING`].
    pub(super) fn gathered(text: &str) -> Result<Vec<Self>> {
        let sighting = |numbers: Numbers| {
            let (fact, host, container, seq, pid, started, ctime, mtime, atime, first_seen) =
                numbers;
            let volatile = Volatile { pid, started, ctime, mtime, atime };
            Self { fact, host, container, seq, volatile, first_seen }
        };
        Ok(gathered(text)?.into_iter().map(sighting).collect())
    }

    pub(super) fn all(rows: &[Row]) -> Result<Vec<Self>> {
        rows.iter().map(|row| Self::read(&mut row.cells())).collect()
    }
}

/// `pid, started, ctime, mtime, atime`.
pub(super) fn read_volatile(cells: &mut Cells<'_>) -> Result<Volatile> {
    Ok(Volatile {
        pid: cells.take()?,
        started: cells.take()?,
        ctime: cells.take()?,
        mtime: cells.take()?,
        atime: cells.take()?,
    })
}

/// Hosts by key.
pub(super) async fn hosts(
    tx: &mut Tx,
    keys: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Arc<HostRef>>> {
    let (columns, from) = ("key, id, name, ip, agent_id", "FROM hosts WHERE key");
    let rows = tx.gathered_in::<Host>(columns, from, vec![], distinct(keys)).await?;
    let host = |(key, id, name, ip, agent): Host| {
        let agent_id = agent.map(|id| AgentId::parse(&id)).transpose()?;
        Ok((key, Arc::new(HostRef { id: HostId::parse(&id)?, name, ip, agent_id })))
    };
    rows.into_iter().map(host).collect()
}

/// Containers by key.
pub(super) async fn containers(
    tx: &mut Tx,
    keys: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Arc<ContainerRef>>> {
    let keys = distinct(keys.into_iter().filter(|key| *key != 0));
    let from = "FROM containers WHERE key";
    let rows = tx.gathered_in::<(i64, String, String)>("key, id, name", from, vec![], keys).await?;
    Ok(rows.into_iter().map(|(key, id, name)| (key, Arc::new(ContainerRef { id, name }))).collect())
}

fn distinct(keys: impl IntoIterator<Item = i64>) -> Vec<Bind> {
    let mut keys: Vec<i64> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().map(Bind::from).collect()
}

/// When the scopes of `kind` on these hosts were last looked at, by host and container.
pub(super) async fn swept(
    tx: &mut Tx,
    kind: Kind,
    hosts: impl IntoIterator<Item = i64>,
) -> Result<HashMap<(i64, i64), Micros>> {
    let (columns, from) = ("host, container, swept_at", "FROM host_kinds WHERE kind = ? AND host");
    let keys = distinct(hosts);
    let rows =
        tx.gathered_in::<(i64, i64, Micros)>(columns, from, binds![kind.code()], keys).await?;
    Ok(rows.into_iter().map(|(host, container, at)| ((host, container), at)).collect())
}

/// Joins sightings of one kind with all that belongs to them, in their order.
pub(super) async fn assemble(tx: &mut Tx, kind: Kind, sightings: &[Sighting]) -> Result<Vec<Seen>> {
    let facts = facts::load(tx, sightings.iter().map(|s| s.fact)).await?;
    let hosts = hosts(tx, sightings.iter().map(|s| s.host)).await?;
    let containers = containers(tx, sightings.iter().map(|s| s.container)).await?;
    let swept = swept(tx, kind, sightings.iter().map(|s| s.host)).await?;
    let missing = || Error::internal("a sighting has lost its fact or host");
    sightings
        .iter()
        .map(|s| {
            Ok(Seen {
                fact: facts.get(&s.fact).cloned().ok_or_else(missing)?,
                volatile: s.volatile,
                host: hosts.get(&s.host).cloned().ok_or_else(missing)?,
                container: containers.get(&s.container).cloned(),
                first_seen: s.first_seen,
                scanned_at: swept.get(&(s.host, s.container)).copied().unwrap_or(s.first_seen),
            })
        })
        .collect()
}
