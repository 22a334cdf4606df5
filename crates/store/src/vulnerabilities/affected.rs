//! Which vulnerabilities there are on hosts now, and which hosts have one.

use super::Class;
use crate::Tx;
use crate::assets::facts;
use crate::db::{Bind, Row, binds, folded};
use crate::hosts;
use muster_model::{Kind, Micros, Page, Paging, Result};
use std::collections::BTreeSet;

/// Which vulnerabilities are wanted: all that is set must hold. Only hosts count, not what runs in containers.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What it is in.
    pub class: Option<Class>,
    /// Exactly this number.
    pub id: Option<String>,
    /// Part of the number.
    pub part: Option<String>,
    /// Exactly this grade, 1 critical to 5 unknown.
    pub grade: Option<u8>,
    /// Of hosts like these.
    pub hosts: hosts::Filter,
}

/// A vulnerability that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// Key inside the store.
    pub key: i64,
    /// CVE where there is one, else the source's own number.
    pub id: String,
    /// What it is in.
    pub class: Class,
    /// 1 critical to 5 unknown.
    pub grade: u8,
    /// CVSS base score in tenths.
    pub score: Option<i64>,
    /// Known to be exploited.
    pub exploited: bool,
    /// Why this grade.
    pub reason: String,
    /// What it is, in a sentence.
    pub summary: String,
    /// Where more is told.
    pub url: String,
    /// When it was first found.
    pub first_found: Micros,
}

/// A piece of software on a host that has a vulnerability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Key of the vulnerability.
    pub vulnerability: i64,
    /// What it is.
    pub class: Class,
    /// Its kind.
    pub kind: Kind,
    /// Id of the host.
    pub host_id: String,
    /// Its name.
    pub host_name: String,
    /// What that host's owner says it is worth.
    pub importance: String,
    /// Name of the software.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it is; empty for packages.
    pub path: String,
    /// Its package URL.
    pub purl: String,
    /// Versions that repair it, ascending.
    pub fixed: Vec<String>,
    /// When it was first found.
    pub first_found: Micros,
}

/// Software that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unchecked {
    /// Why, in a word.
    pub why: String,
    /// Different pieces.
    pub pieces: i64,
    /// Pieces on all hosts.
    pub places: i64,
}

/// A piece of software that could not be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncheckedPiece {
    /// Its kind.
    pub kind: Kind,
    /// What it is.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its package URL; empty where it has none.
    pub purl: String,
    /// Why, in a word.
    pub why: String,
    /// On how many hosts it is.
    pub hosts: i64,
}

impl Filter {
    /// The condition on `fact_vulnerabilities f` joined with `vulnerabilities v`, and its values; nothing of hosts.
    fn of_facts(&self, tx: &Tx, project: i64) -> (String, Vec<Bind>) {
        let mut sql = "f.project = ?".to_owned();
        let mut values = binds![project];
        let mut and = |condition: &str, value: Bind| {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.push(value);
        };
        if let Some(class) = self.class {
            and("f.class = ?", class.code().into());
        }
        if let Some(id) = &self.id {
            and("v.id = ?", id.into());
        }
        if let Some(part) = &self.part {
            and(&tx.contains("v.id"), folded(part).into());
        }
        if let Some(grade) = self.grade {
            and("v.grade = ?", i64::from(grade).into());
        }
        (sql, values)
    }

    /// The same, of facts that are on one of the hosts.
    fn of_present(&self, tx: &Tx, project: i64) -> (String, Vec<Bind>) {
        let (facts, mut values) = self.of_facts(tx, project);
        let (hosts, of_hosts) = self.hosts.sql(tx, project);
        values.extend(of_hosts);
        let sql = format!(
            "{facts} AND EXISTS (SELECT 1 FROM sightings s WHERE s.fact = f.fact AND s.container <= 0 \
             AND s.host IN (SELECT key FROM hosts WHERE {hosts}))"
        );
        (sql, values)
    }

    /// The condition on `hosts` that have one of the vulnerabilities.
    fn of_hosts(&self, tx: &Tx, project: i64) -> (String, Vec<Bind>) {
        let (hosts, mut values) = self.hosts.sql(tx, project);
        let (facts, of_facts) = self.of_facts(tx, project);
        values.extend(of_facts);
        let sql = format!(
            "{hosts} AND key IN (SELECT s.host {FROM} JOIN sightings s ON s.fact = f.fact \
             WHERE s.container <= 0 AND {facts})"
        );
        (sql, values)
    }
}

const FROM: &str = "FROM fact_vulnerabilities f JOIN vulnerabilities v ON v.key = f.vulnerability";

fn one(row: &Row) -> Result<Affected> {
    let mut cells = row.cells();
    Ok(Affected {
        key: cells.take()?,
        id: cells.take()?,
        class: Class::from_code(cells.take()?),
        grade: u8::try_from(cells.take::<i64>()?).unwrap_or(5),
        score: cells.take()?,
        exploited: cells.take()?,
        reason: cells.take()?,
        summary: cells.take()?,
        url: cells.take()?,
        first_found: cells.take()?,
    })
}

/// The vulnerabilities hosts of a project have, the worst first; one that is in software of two classes stands
/// there for each.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    project: i64,
    filter: &Filter,
    paging: Paging,
) -> Result<Page<Affected>> {
    let (condition, mut values) = filter.of_present(tx, project);
    let distinct = format!("SELECT DISTINCT f.vulnerability, f.class {FROM} WHERE {condition}");
    let total =
        tx.one(format!("SELECT count(*) FROM ({distinct}) d"), values.clone()).await?.only()?;
    values.extend(binds![paging.limit, paging.offset]);
    let sql = format!(
        "SELECT v.key, v.id, f.class, v.grade, v.score, v.exploited, v.reason, v.summary, v.url, \
         min(f.first_found) {FROM} WHERE {condition} GROUP BY v.key, v.id, f.class, v.grade, v.score, \
         v.exploited, v.reason, v.summary, v.url \
         ORDER BY v.grade, v.exploited DESC, COALESCE(v.score, 0) DESC, v.id, f.class LIMIT ? OFFSET ?"
    );
    let rows = tx.all(sql, values).await?.iter().map(one).collect::<Result<_>>()?;
    Ok(Page { total, rows })
}

/// The software of these hosts that has one of these vulnerabilities (keys), by vulnerability, host and name.
///
/// # Errors
/// Those of the database.
pub async fn components(
    tx: &mut Tx,
    project: i64,
    vulnerabilities: impl IntoIterator<Item = i64>,
    filter: &hosts::Filter,
) -> Result<Vec<Component>> {
    let (condition, hosts) = filter.sql(tx, project);
    // A fact may stand several times on a host.
    let head = format!(
        "SELECT DISTINCT f.vulnerability, f.class, x.kind, h.id, h.name, h.importance, COALESCE(x.name, ''), \
         COALESCE(x.version, ''), COALESCE(x.path, ''), COALESCE(x.purl, ''), f.fixed, f.first_found FROM fact_vulnerabilities f \
         JOIN sightings s ON s.fact = f.fact JOIN hosts h ON h.key = s.host JOIN facts x ON x.id = f.fact \
         WHERE f.project = ? AND s.container <= 0 AND s.host IN (SELECT key FROM hosts WHERE {condition}) \
         AND f.vulnerability"
    );
    let first = binds![project].into_iter().chain(hosts).collect();
    let keys: BTreeSet<i64> = vulnerabilities.into_iter().collect();
    let rows = tx.all_in(&head, first, keys.into_iter().map(Bind::from).collect()).await?;
    let mut found = rows.iter().map(component).collect::<Result<Vec<_>>>()?;
    let order = |it: &Component| {
        let (host, what) = ((it.host_name.clone(), it.host_id.clone()), it.name.clone());
        (it.vulnerability, it.class, host, what, it.version.clone(), it.path.clone())
    };
    found.sort_by_cached_key(order);
    Ok(found)
}

fn component(row: &Row) -> Result<Component> {
    let mut cells = row.cells();
    Ok(Component {
        vulnerability: cells.take()?,
        class: Class::from_code(cells.take()?),
        kind: facts::kind(cells.take()?)?,
        host_id: cells.take()?,
        host_name: cells.take()?,
        importance: cells.take()?,
        name: cells.take()?,
        version: cells.take()?,
        path: cells.take()?,
        purl: cells.take()?,
        fixed: cells
            .take::<String>()?
            .split('\n')
            .filter(|version| !version.is_empty())
            .map(str::to_owned)
            .collect(),
        first_found: cells.take()?,
    })
}

/// The hosts of a project that have a vulnerability the filter lets pass: their ids, by name.
///
/// # Errors
/// Those of the database.
pub async fn hosts(
    tx: &mut Tx,
    project: i64,
    filter: &Filter,
    paging: Paging,
) -> Result<Page<String>> {
    let (condition, mut values) = filter.of_hosts(tx, project);
    let total = tx
        .one(format!("SELECT count(*) FROM hosts WHERE {condition}"), values.clone())
        .await?
        .only()?;
    values.extend(binds![paging.limit, paging.offset]);
    let sql = format!("SELECT id FROM hosts WHERE {condition} ORDER BY name, key LIMIT ? OFFSET ?");
    let rows = tx.all(sql, values).await?.iter().map(Row::only).collect::<Result<_>>()?;
    Ok(Page { total, rows })
}

/// Software of the roll call that could not be compared, by the reason: how many different pieces, and on hosts how
/// many altogether.
///
/// # Errors
/// Those of the database.
pub async fn unchecked(tx: &mut Tx, project: i64) -> Result<Vec<Unchecked>> {
    let sql = "SELECT u.why, count(*), CAST(sum(c.on_hosts) AS BIGINT) FROM fact_unchecked u \
               JOIN fact_counts c ON c.fact = u.fact WHERE u.project = ? AND c.on_hosts > 0 \
               GROUP BY u.why ORDER BY count(*) DESC, u.why";
    let rows = tx.all(sql, binds![project]).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok(Unchecked { why: cells.take()?, pieces: cells.take()?, places: cells.take()? })
        })
        .collect()
}

/// The pieces behind [`unchecked`], of one reason or of all, by reason and name.
///
/// # Errors
/// Those of the database.
pub async fn unchecked_pieces(
    tx: &mut Tx,
    project: i64,
    why: Option<&str>,
    paging: Paging,
) -> Result<Vec<UncheckedPiece>> {
    let and = if why.is_some() { "AND u.why = ?" } else { "" };
    let sql = format!(
        "SELECT x.kind, COALESCE(x.name, ''), COALESCE(x.version, ''), COALESCE(x.purl, ''), u.why, c.on_hosts \
         FROM fact_unchecked u JOIN facts x ON x.id = u.fact JOIN fact_counts c ON c.fact = u.fact \
         WHERE u.project = ? AND c.on_hosts > 0 {and} ORDER BY u.why, x.name, x.version, x.id LIMIT ? OFFSET ?"
    );
    let values = binds![project].into_iter().chain(why.map(Bind::from));
    let rows = tx.all(sql, values.chain(binds![paging.limit, paging.offset]).collect()).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok(UncheckedPiece {
                kind: facts::kind(cells.take()?)?,
                name: cells.take()?,
                version: cells.take()?,
                purl: cells.take()?,
                why: cells.take()?,
                hosts: cells.take()?,
            })
        })
        .collect()
}
