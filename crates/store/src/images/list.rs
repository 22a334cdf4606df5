//! The list of images: a row for every name of an image, as the runtimes' tools list them.

use super::filter::{Filter, NAMES};
use super::scans::{COLUMNS, Scan, read};
use crate::Tx;
use crate::containers::RUNS;
use crate::db::binds;
use crate::vulnerabilities::COMPARED;
use muster_model::{Micros, Page, Paging, Result};

/// A name of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The image's id.
    pub id: String,
    /// Its repository; empty where it has no name.
    pub name: String,
    /// Its tag.
    pub version: String,
    /// The digest of its manifest, where one is known.
    pub digest: String,
    /// Bytes, on the host where it takes most.
    pub size: i64,
    /// When it was built.
    pub created: Option<Micros>,
    /// Hosts it lies on under this name.
    pub hosts: i64,
    /// Containers of the image that run.
    pub containers: i64,
    /// The host, where there is only one.
    pub host: Option<i64>,
    /// Its latest scan, if one was ever asked for.
    pub scan: Option<Scan>,
    /// Pieces of software found in it.
    pub pieces: i64,
    /// What is known against them; none where not all of them were compared yet.
    pub vulnerabilities: Option<i64>,
    /// How grave the gravest of that is, 1 critical to 5 unknown.
    pub worst: Option<u8>,
}

/// The images of a project by name.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    project: i64,
    filter: &Filter,
    paging: Paging,
) -> Result<Page<Listed>> {
    let total = count(tx, project, filter).await?;
    let (condition, mut values) = filter.sql(tx, project);
    values.extend(binds![paging.limit, paging.offset, project]);
    let weak = "FROM image_facts x JOIN fact_vulnerabilities w ON w.fact = x.fact \
                JOIN vulnerabilities v ON v.key = w.vulnerability WHERE x.image = p.key";
    // The page first: what else is told of its rows is looked up for them alone.
    let sql = format!(
        "SELECT p.id, p.name, p.version, p.digest, p.size, p.created_at, p.hosts, p.host, \
         (SELECT count(*) FROM containers c JOIN hosts h ON h.key = c.host WHERE h.project = ? \
         AND c.image_id <> '' AND (c.image_id = p.id OR c.image_id = p.digest) AND {RUNS}), \
         {COLUMNS}, (SELECT count(*) FROM image_facts x WHERE x.image = p.key), \
         (SELECT count(DISTINCT w.vulnerability) {weak}), \
         (SELECT min(v.grade) {weak}), \
         (SELECT count(*) FROM image_facts x WHERE x.image = p.key AND NOT {COMPARED}) FROM (SELECT i.key, i.id, n.name, n.version, max(s.digest) AS digest, max(s.size) AS size, \
         i.created_at, count(DISTINCT s.host) AS hosts, max(s.host) AS host FROM {NAMES} WHERE {condition} \
         GROUP BY i.key, i.id, n.name, n.version, i.created_at \
         ORDER BY n.name, n.version, i.key LIMIT ? OFFSET ?) p LEFT JOIN image_scans q ON q.image = p.key ORDER BY p.name, p.version, p.key"
    );
    // The placeholder of the outer statement comes first.
    values.rotate_right(1);
    let rows = tx.all(sql, values).await?;
    let rows = rows.iter().map(|row| {
        let mut cells = row.cells();
        let (id, name, version) = (cells.take()?, cells.take()?, cells.take()?);
        let (digest, size, created) = (cells.take()?, cells.take()?, cells.take()?);
        let (hosts, host): (i64, i64) = (cells.take()?, cells.take()?);
        let host = (hosts == 1).then_some(host);
        let row = Listed {
            id,
            name,
            version,
            digest,
            size,
            created,
            hosts,
            host,
            containers: cells.take()?,
            scan: read(&mut cells, filter.late)?,
            pieces: cells.take()?,
            vulnerabilities: Some(cells.take()?),
            worst: cells.take::<Option<i64>>()?.and_then(|it| u8::try_from(it).ok()),
        };
        let uncompared: i64 = cells.take()?;
        Ok(Listed { vulnerabilities: row.vulnerabilities.filter(|_| uncompared == 0), ..row })
    });
    Ok(Page { total, rows: rows.collect::<Result<_>>()? })
}

/// How many rows the list has.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx, project: i64, filter: &Filter) -> Result<i64> {
    let (condition, values) = filter.sql(tx, project);
    let sql = format!(
        "SELECT count(*) FROM (SELECT DISTINCT i.key, n.name, n.version FROM {NAMES} WHERE {condition}) p"
    );
    tx.one(sql, values).await?.only()
}
