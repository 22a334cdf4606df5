//! What tasks found: components, vulnerabilities, licences, and where a component is.

use super::judging::Telling;
use crate::Tx;
use crate::db::{Bind, Cells, Row, binds};
use muster_model::{Error, Micros, Result};
use std::collections::HashMap;

/// A component, once a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// A pure function of the package URL (or of name and hash for what has none).
    pub uuid: String,
    /// Package URL.
    pub purl: String,
    /// Its group, organisation or scope; may be empty.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
    /// Language, a key of the dictionary.
    pub language: String,
}

/// A component as a task found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The component.
    pub component: Component,
    /// 1 critical to 5 none.
    pub grade: u8,
    /// Version to move to; empty for none.
    pub recommended: String,
    /// Places, licences, dependency and advice as JSON.
    pub detail: String,
}

/// A vulnerability as the knowledge base told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vulnerability {
    /// This system's own number, `SZ-…`.
    pub number: String,
    /// 1 critical to 5 unknown.
    pub grade: u8,
    /// Everything the API hands out of it, as JSON.
    pub detail: String,
}

/// A vulnerability of a task and how many of its components have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The vulnerability.
    pub vulnerability: Vulnerability,
    /// Affected components within the task.
    pub affected: i64,
}

const COMPONENT: &str = "c.uuid, c.purl, c.group_name, c.name, c.version, c.language";

fn component(cells: &mut Cells<'_>) -> Result<Component> {
    Ok(Component {
        uuid: cells.take()?,
        purl: cells.take()?,
        group: cells.take()?,
        name: cells.take()?,
        version: cells.take()?,
        language: cells.take()?,
    })
}

fn found(row: &Row) -> Result<Found> {
    let mut cells = row.cells();
    Ok(Found {
        component: component(&mut cells)?,
        grade: cells.take()?,
        recommended: cells.take()?,
        detail: cells.take()?,
    })
}

/// Stores components of a project, as far as they are new, and answers the keys of all by uuid.
///
/// # Errors
/// Those of the database.
pub async fn components(
    tx: &mut Tx,
    project: i64,
    components: &[Component],
) -> Result<HashMap<String, i64>> {
    let mut values: Vec<Bind> = Vec::with_capacity(components.len() * 7);
    for it in components {
        values.extend(binds![
            project,
            &it.uuid,
            &it.purl,
            &it.group,
            &it.name,
            &it.version,
            &it.language
        ]);
    }
    let head =
        "INSERT INTO sca_components (project, uuid, purl, group_name, name, version, language)";
    let tail = "ON CONFLICT (project, uuid) DO UPDATE SET language = excluded.language RETURNING uuid, key";
    let rows = tx.bulk_insert(head, 7, values, tail).await?;
    keys(&rows)
}

/// Stores vulnerabilities as `knowledge` tells them, each with what is told of it, and answers their keys by number. What the
/// knowledge before told is kept beside.
///
/// # Errors
/// Those of the database.
pub async fn vulnerabilities(
    tx: &mut Tx,
    vulnerabilities: &[(Vulnerability, Telling)],
    knowledge: &str,
    now: Micros,
) -> Result<HashMap<String, i64>> {
    let mut values: Vec<Bind> = Vec::with_capacity(vulnerabilities.len() * 11);
    for (it, told) in vulnerabilities {
        let (exploited, mended) = (told.exploited, !told.fixes.is_empty());
        values.extend(binds![&it.number, it.grade, &it.detail, now, &told.id, exploited, mended]);
        values.extend(binds![knowledge, it.grade, exploited, mended]);
    }
    let head = "INSERT INTO sca_vulnerabilities (number, grade, detail, updated_at, id, exploited, mended, told_by, \
                was_grade, was_exploited, was_mended)";
    let was = |column: &str| {
        format!(
            "was_{column} = CASE WHEN sca_vulnerabilities.told_by = excluded.told_by \
             THEN sca_vulnerabilities.was_{column} WHEN sca_vulnerabilities.told_by = '' \
             THEN excluded.{column} ELSE sca_vulnerabilities.{column} END"
        )
    };
    let tail = format!(
        "ON CONFLICT (number) DO UPDATE SET {}, {}, {}, told_by = excluded.told_by, id = excluded.id, \
         grade = excluded.grade, exploited = excluded.exploited, mended = excluded.mended, \
         detail = excluded.detail, updated_at = excluded.updated_at RETURNING number, key",
        was("grade"),
        was("exploited"),
        was("mended"),
    );
    let rows = tx.bulk_insert(head, 11, values, &tail).await?;
    keys(&rows)
}

fn keys(rows: &[Row]) -> Result<HashMap<String, i64>> {
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}

/// Forgets what a task found: before its results are stored again, or with the task.
///
/// # Errors
/// Those of the database.
pub async fn clear(tx: &mut Tx, task: i64) -> Result<()> {
    for table in [
        "sca_task_components",
        "sca_task_findings",
        "sca_task_licences",
        "sca_task_edges",
        "sca_documents",
    ] {
        tx.execute(format!("DELETE FROM {table} WHERE task = ?"), binds![task]).await?;
    }
    Ok(())
}

/// Stores the rows of a task's component list, in its order.
///
/// # Errors
/// Those of the database; `Internal` for a component without a key.
pub async fn put_found(
    tx: &mut Tx,
    task: i64,
    found: &[Found],
    keys: &HashMap<String, i64>,
) -> Result<()> {
    let mut values: Vec<Bind> = Vec::with_capacity(found.len() * 6);
    for (rank, it) in (0_i64..).zip(found) {
        let component = key_of(keys, &it.component.uuid)?;
        values.extend(binds![task, rank, component, it.grade, &it.recommended, &it.detail]);
    }
    let head =
        "INSERT INTO sca_task_components (task, rank, component, grade, recommended, detail)";
    tx.bulk_insert(head, 6, values, "").await.map(drop)
}

/// Stores which component has which vulnerability: pairs of number and uuid, each once.
///
/// # Errors
/// Those of the database; `Internal` for one without a key.
pub async fn put_findings(
    tx: &mut Tx,
    task: i64,
    findings: &[(String, String)],
    vulnerabilities: &HashMap<String, i64>,
    components: &HashMap<String, i64>,
) -> Result<()> {
    let mut values: Vec<Bind> = Vec::with_capacity(findings.len() * 3);
    for (number, uuid) in findings {
        values.extend(binds![task, key_of(vulnerabilities, number)?, key_of(components, uuid)?]);
    }
    let head = "INSERT INTO sca_task_findings (task, vulnerability, component)";
    tx.bulk_insert(head, 3, values, "").await.map(drop)
}

/// Stores which component is under which licence: pairs of SPDX id and uuid, each once.
///
/// # Errors
/// Those of the database; `Internal` for a component without a key.
pub async fn put_licences(
    tx: &mut Tx,
    task: i64,
    licences: &[(String, String)],
    components: &HashMap<String, i64>,
) -> Result<()> {
    let mut values: Vec<Bind> = Vec::with_capacity(licences.len() * 3);
    for (licence, uuid) in licences {
        values.extend(binds![task, licence, key_of(components, uuid)?]);
    }
    let head = "INSERT INTO sca_task_licences (task, licence, component)";
    tx.bulk_insert(head, 3, values, "").await.map(drop)
}

fn key_of(keys: &HashMap<String, i64>, name: &str) -> Result<i64> {
    keys.get(name).copied().ok_or_else(|| Error::internal("a result names what was not stored"))
}

/// A page of a task's components, in the task's order.
///
/// # Errors
/// Those of the database.
pub async fn page_components(
    tx: &mut Tx,
    task: i64,
    limit: u32,
    offset: i64,
) -> Result<Vec<Found>> {
    let sql = format!(
        "SELECT {COMPONENT}, t.grade, t.recommended, t.detail FROM sca_task_components t \
         JOIN sca_components c ON c.key = t.component WHERE t.task = ? AND t.rank >= ? \
         ORDER BY t.rank LIMIT ?"
    );
    tx.all(sql, binds![task, offset, limit]).await?.iter().map(found).collect()
}

/// A component of a project as the latest task that has it found it.
///
/// # Errors
/// Those of the database.
pub async fn latest(tx: &mut Tx, project: i64, uuid: &str) -> Result<Option<Found>> {
    let sql = format!(
        "SELECT {COMPONENT}, t.grade, t.recommended, t.detail FROM sca_components c \
         JOIN sca_task_components t ON t.component = c.key WHERE c.project = ? AND c.uuid = ? \
         ORDER BY t.task DESC LIMIT 1"
    );
    tx.optional(sql, binds![project, uuid]).await?.as_ref().map(found).transpose()
}

/// A page of a task's vulnerabilities, worst first, and how many there are. With a `uuid` only those of that
/// component.
///
/// # Errors
/// Those of the database.
pub async fn page_vulnerabilities(
    tx: &mut Tx,
    task: i64,
    uuid: Option<&str>,
    limit: u32,
    offset: i64,
) -> Result<(i64, Vec<Finding>)> {
    let (only, binds) = only(task, uuid);
    let sql = format!("SELECT count(DISTINCT f.vulnerability) FROM sca_task_findings f {only}");
    let total = tx.one(sql, binds.clone()).await?.only()?;
    let sql = format!(
        "SELECT v.number, v.grade, v.detail, (SELECT count(*) FROM sca_task_findings a \
         WHERE a.task = ? AND a.vulnerability = v.key) FROM sca_vulnerabilities v \
         WHERE v.key IN (SELECT f.vulnerability FROM sca_task_findings f {only}) \
         ORDER BY v.grade, v.number LIMIT ? OFFSET ?"
    );
    let binds = binds![task].into_iter().chain(binds).chain(binds![limit, offset]).collect();
    let rows = tx.all(sql, binds).await?;
    let findings = rows.iter().map(|row| {
        let mut cells = row.cells();
        Ok(Finding {
            vulnerability: Vulnerability {
                number: cells.take()?,
                grade: cells.take()?,
                detail: cells.take()?,
            },
            affected: cells.take()?,
        })
    });
    Ok((total, findings.collect::<Result<_>>()?))
}

/// The licences of a task by their ids, with how many components are under each. With a `uuid` only those of
/// that component. A task has few: they are answered whole.
///
/// # Errors
/// Those of the database.
pub async fn licences(tx: &mut Tx, task: i64, uuid: Option<&str>) -> Result<Vec<(String, i64)>> {
    let (only, binds) = only(task, uuid);
    let sql = format!(
        "SELECT f.licence, count(*) FROM sca_task_licences f {only} GROUP BY f.licence ORDER BY f.licence"
    );
    let rows = tx.all(sql, binds).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}

/// The condition on table `f` for a task, and within it for one component.
fn only(task: i64, uuid: Option<&str>) -> (&'static str, Vec<Bind>) {
    match uuid {
        None => ("WHERE f.task = ?", binds![task]),
        Some(uuid) => (
            "WHERE f.task = ? AND f.component IN (SELECT key FROM sca_components WHERE uuid = ?)",
            binds![task, uuid],
        ),
    }
}

/// The vulnerability of this number, if a task of the project has it.
///
/// # Errors
/// Those of the database.
pub async fn vulnerability(
    tx: &mut Tx,
    project: i64,
    number: &str,
) -> Result<Option<Vulnerability>> {
    let sql = "SELECT v.number, v.grade, v.detail FROM sca_vulnerabilities v WHERE v.number = ? AND EXISTS \
               (SELECT 1 FROM sca_tasks t JOIN sca_task_findings f ON f.task = t.key \
                WHERE t.project = ? AND f.vulnerability = v.key)";
    let row = tx.optional(sql, binds![number, project]).await?;
    row.map(|row| {
        let mut cells = row.cells();
        Ok(Vulnerability { number: cells.take()?, grade: cells.take()?, detail: cells.take()? })
    })
    .transpose()
}

/// Where a component is: the tasks of a project that found it, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The component.
    pub component: Component,
    /// Its key inside the store, and that of the task.
    pub keys: (i64, i64),
    /// Id of the task.
    pub task: String,
    /// Name of the task.
    pub task_name: String,
    /// When the task ended.
    pub at: Option<Micros>,
    /// How it was found there, as JSON.
    pub detail: String,
}

/// What these components of the store (by key) are.
///
/// # Errors
/// Those of the database.
pub async fn named(tx: &mut Tx, keys: &[i64]) -> Result<HashMap<i64, Component>> {
    let head = format!("SELECT {COMPONENT}, c.key FROM sca_components c WHERE c.key");
    let rows = tx.all_in(&head, vec![], keys.iter().map(|key| (*key).into()).collect()).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            let it = component(&mut cells)?;
            Ok((cells.take()?, it))
        })
        .collect()
}

/// Where components of this name are, of one version or of any.
///
/// # Errors
/// Those of the database.
pub async fn places(
    tx: &mut Tx,
    project: i64,
    name: &str,
    version: Option<&str>,
    limit: u32,
) -> Result<Vec<Place>> {
    let and = if version.is_some() { "AND c.version = ?" } else { "" };
    let sql = format!(
        "SELECT {COMPONENT}, c.key, t.key, t.id, t.name, t.ended_at, f.detail FROM sca_components c \
         JOIN sca_task_components f ON f.component = c.key JOIN sca_tasks t ON t.key = f.task \
         WHERE c.project = ? AND c.name = ? {and} ORDER BY c.name, c.version, t.key DESC, f.rank LIMIT ?"
    );
    let mut binds = binds![project, name];
    binds.extend(version.map(Bind::from));
    binds.push(limit.into());
    let rows = tx.all(sql, binds).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok(Place {
                component: component(&mut cells)?,
                keys: (cells.take()?, cells.take()?),
                task: cells.take()?,
                task_name: cells.take()?,
                at: cells.take()?,
                detail: cells.take()?,
            })
        })
        .collect()
}
