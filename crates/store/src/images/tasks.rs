//! Scan tasks: which images were asked for together, how far that is, and how it ended.

use super::scans::TIMED_OUT;
use crate::Tx;
use crate::db::{Bind, binds, folded};
use crate::hosts;
use muster_model::{Micros, Page, Paging, Result};
use std::collections::{BTreeSet, HashMap};

/// Tasks kept of a project: the newest. Those that have not ended are kept beside them.
pub const KEPT: i64 = 500;
/// Failed images told of one task at most.
pub const MAX_FAILED: usize = 200;
/// Images whose scan is settled by one statement.
const BATCH: usize = 500;

/// Who asked for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody.
    Manual,
    /// Nobody: images are scanned by themselves.
    Cycle,
}

impl Kind {
    /// Its word, in the store and in the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Cycle => "cycle",
        }
    }
}

/// A task that is to be.
#[derive(Clone, Debug)]
pub struct New<'t> {
    /// Its id, new.
    pub id: &'t str,
    /// Who asks.
    pub kind: Kind,
    /// Whether all images were asked for.
    pub whole: bool,
}

/// A task, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// Who asked.
    pub kind: Kind,
    /// What it is called: who asked, and when.
    pub name: String,
    /// Whether all images were asked for.
    pub whole: bool,
    /// Whether somebody stopped it.
    pub stopped: bool,
    /// When it was asked for.
    pub begun_at: Micros,
    /// When its last image ended; none while any is open.
    pub ended_at: Option<Micros>,
    /// Images in it.
    pub total: i64,
    /// Those that went well.
    pub succeeded: i64,
    /// Those that did not.
    pub failed: i64,
    /// Those still to be looked into.
    pub open: i64,
    /// Those that went well and have a known vulnerability now.
    pub weak: i64,
    /// Those that did not go well, by name, the first [`MAX_FAILED`].
    pub failures: Vec<Failure>,
}

/// An image of a task that did not go well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its repository, as it was then; its id where it had no name.
    pub name: String,
    /// Its tag.
    pub version: String,
    /// Why.
    pub reason: String,
}

/// Which tasks are wanted: all that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Exactly this one.
    pub id: Option<String>,
    /// Part of the name, whatever the case.
    pub name: Option<String>,
    /// Asked for by whom.
    pub kind: Option<Kind>,
    /// Asked for at this moment or later.
    pub since: Option<Micros>,
    /// Ended at this moment or before.
    pub until: Option<Micros>,
    /// Whether all its images have ended.
    pub ended: Option<bool>,
    /// Those with an image that lies, or lay, on one of these hosts.
    pub hosts: hosts::Filter,
    /// What was asked for before this moment and has not ended will not.
    pub late: Micros,
}

impl Filter {
    /// The condition on `image_tasks k`, and its values.
    fn sql(&self, tx: &Tx, project: i64) -> (String, Vec<Bind>) {
        let (hosts, of_hosts) = self.hosts.sql(tx, project);
        let (mut sql, mut values) = ("k.project = ?".to_owned(), binds![project]);
        for (column, value) in [
            ("k.id = ?", self.id.as_ref().map(Bind::from)),
            ("k.kind = ?", self.kind.map(|it| it.name().into())),
            ("k.begun_at >= ?", self.since.map(Bind::from)),
            ("k.ended_at <= ?", self.until.map(Bind::from)),
        ] {
            if let Some(value) = value {
                sql.push_str(&format!(" AND {column}"));
                values.push(value);
            }
        }
        if let Some(part) = &self.name {
            sql.push_str(&format!(" AND {}", tx.contains("k.name")));
            values.push(folded(part).into());
        }
        if let Some(ended) = self.ended {
            let not = if ended { "" } else { "NOT " };
            sql.push_str(&format!(" AND {not}(k.ended_at IS NOT NULL OR k.begun_at < ?)"));
            values.push(self.late.into());
        }
        sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM image_task_images t JOIN image_sightings s ON s.image = t.image \
             WHERE t.task = k.key AND s.host IN (SELECT key FROM hosts WHERE {hosts}))"
        ));
        values.extend(of_hosts);
        (sql, values)
    }
}

/// Keeps a task of these images, for each of which a scan was asked for just now; the oldest tasks are forgotten. Those images
/// that cannot be looked into have failed already.
///
/// # Errors
/// Those of the database.
pub async fn create(
    tx: &mut Tx,
    project: i64,
    task: &New<'_>,
    images: &BTreeSet<i64>,
    now: Micros,
) -> Result<()> {
    if images.is_empty() {
        return Ok(());
    }
    let name = format!("{} {}", task.kind.name(), now.iso());
    let sql = "INSERT INTO image_tasks (project, id, kind, name, whole, stopped, begun_at) \
               VALUES (?, ?, ?, ?, ?, 0, ?) RETURNING key";
    let whole = i64::from(task.whole);
    let values = binds![project, task.id, task.kind.name(), name, whole, now];
    let key: i64 = tx.one(sql, values).await?.only()?;
    let names = names(tx, images).await?;
    let mut values = Vec::with_capacity(images.len() * 6);
    for image in images {
        let (name, version) = names.get(image).cloned().unwrap_or_default();
        values.extend(binds![key, *image, name, version, "open", ""]);
    }
    let head = "INSERT INTO image_task_images (task, image, name, version, state, reason)";
    tx.bulk_insert(head, 6, values, "").await?;
    settle(tx, images, now).await?;
    let newest =
        "SELECT key FROM image_tasks WHERE project = ? ORDER BY begun_at DESC, key DESC LIMIT ?";
    let old = format!(
        "SELECT key FROM image_tasks WHERE project = ? AND ended_at IS NOT NULL AND key NOT IN ({newest})"
    );
    remove(tx, &old, binds![project, project, KEPT]).await.map(drop)
}

/// A name of each of these images; its id where it has none.
async fn names(tx: &mut Tx, images: &BTreeSet<i64>) -> Result<HashMap<i64, (String, String)>> {
    let mut names: HashMap<i64, (String, String)> = HashMap::new();
    let keys: Vec<Bind> = images.iter().map(|key| (*key).into()).collect();
    let head = "SELECT key, id FROM images WHERE key";
    for row in tx.all_in(head, vec![], keys.clone()).await? {
        let mut cells = row.cells();
        names.insert(cells.take()?, (cells.take()?, String::new()));
    }
    let head = "SELECT s.image, n.name, n.version FROM image_names n \
                JOIN image_sightings s ON s.key = n.sighting \
                WHERE s.gone_at IS NULL AND n.name <> '' AND s.image";
    let mut best: HashMap<i64, (String, String)> = HashMap::new();
    for row in tx.all_in(head, vec![], keys).await? {
        let mut cells = row.cells();
        let (image, name) = (cells.take::<i64>()?, (cells.take()?, cells.take()?));
        let known = best.entry(image).or_insert_with(|| name.clone());
        if name < *known {
            *known = name;
        }
    }
    names.extend(best);
    Ok(names)
}

/// Ends these images in all tasks they are open in, as far as their scans have ended, and the tasks that have none open any more.
///
/// # Errors
/// Those of the database.
pub(super) async fn settle(tx: &mut Tx, images: &BTreeSet<i64>, now: Micros) -> Result<()> {
    let images: Vec<Bind> = images.iter().map(|key| (*key).into()).collect();
    for some in images.chunks(BATCH) {
        let places = vec!["?"; some.len()].join(",");
        let ended = "SELECT 1 FROM image_scans q WHERE q.image = image_task_images.image AND q.ended_at IS NOT NULL";
        let of_it = "FROM image_scans q WHERE q.image = image_task_images.image";
        let sql = format!(
            "UPDATE image_task_images SET state = (SELECT q.state {of_it}), reason = (SELECT q.reason {of_it}) \
             WHERE state = 'open' AND image IN ({places}) AND EXISTS ({ended})"
        );
        tx.execute(sql, some.to_vec()).await?;
        let sql = format!(
            "UPDATE image_tasks SET ended_at = ? WHERE ended_at IS NULL \
             AND key IN (SELECT task FROM image_task_images WHERE image IN ({places})) AND NOT {HAS_OPEN}"
        );
        tx.execute(sql, [binds![now], some.to_vec()].concat()).await?;
    }
    Ok(())
}

/// That the task has an image that has not ended.
const HAS_OPEN: &str = "EXISTS (SELECT 1 FROM image_task_images t WHERE t.task = image_tasks.key AND t.state = 'open')";

/// Ends a task that has not ended: nothing more is looked into for it alone. What was looked into stays, and images that no other
/// task wants are as they were before it. Answers whether there is such a task.
///
/// # Errors
/// Those of the database.
pub async fn stop(tx: &mut Tx, project: i64, id: &str, late: Micros, now: Micros) -> Result<bool> {
    let sql = "SELECT key, ended_at, begun_at FROM image_tasks WHERE project = ? AND id = ?";
    let Some(row) = tx.optional(sql, binds![project, id]).await? else { return Ok(false) };
    let mut cells = row.cells();
    let (key, ended, begun): (i64, Option<Micros>, Micros) =
        (cells.take()?, cells.take()?, cells.take()?);
    if ended.is_some() || begun < late {
        return Ok(true);
    }
    let alone = "SELECT t.image FROM image_task_images t WHERE t.task = ? AND t.state = 'open' AND NOT EXISTS \
                 (SELECT 1 FROM image_task_images o JOIN image_tasks k ON k.key = o.task \
                 WHERE o.image = t.image AND o.task <> t.task AND o.state = 'open' AND k.begun_at >= ?)";
    let sql = format!(
        "UPDATE image_scans SET state = 'success', reason = '', ended_at = scanned_at \
         WHERE ended_at IS NULL AND scanned_at IS NOT NULL AND image IN ({alone})"
    );
    tx.execute(sql, binds![key, late]).await?;
    let sql = format!("DELETE FROM image_scans WHERE ended_at IS NULL AND image IN ({alone})");
    tx.execute(sql, binds![key, late]).await?;
    let sql = "UPDATE image_task_images SET state = 'stopped' WHERE task = ? AND state = 'open'";
    tx.execute(sql, binds![key]).await?;
    let sql = "UPDATE image_tasks SET stopped = 1, ended_at = ? WHERE key = ?";
    tx.execute(sql, binds![now, key]).await?;
    Ok(true)
}

/// The tasks of a project, the newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    project: i64,
    filter: &Filter,
    paging: Paging,
) -> Result<Page<Task>> {
    let (condition, mut values) = filter.sql(tx, project);
    let sql = format!("SELECT count(*) FROM image_tasks k WHERE {condition}");
    let total = tx.one(sql, values.clone()).await?.only()?;
    values.extend(binds![paging.limit, paging.offset]);
    let counted = |condition: &str| {
        format!("(SELECT count(*) FROM image_task_images t WHERE t.task = k.key{condition})")
    };
    let [all, well, badly, open] =
        ["", " AND t.state = 'success'", " AND t.state = 'failed'", " AND t.state = 'open'"]
            .map(counted);
    let weak = counted(
        " AND t.state = 'success' AND EXISTS (SELECT 1 FROM image_facts x \
         JOIN fact_vulnerabilities w ON w.fact = x.fact WHERE x.image = t.image)",
    );
    let sql = format!(
        "SELECT k.key, k.id, k.kind, k.name, k.whole, k.stopped, k.begun_at, k.ended_at, {all}, {well}, {badly}, \
         {open}, {weak} FROM image_tasks k WHERE {condition} ORDER BY k.begun_at DESC, k.key DESC LIMIT ? OFFSET ?"
    );
    let mut tasks = Vec::new();
    for row in tx.all(sql, values).await? {
        let mut cells = row.cells();
        let (key, id): (i64, String) = (cells.take()?, cells.take()?);
        let kind = if cells.take::<String>()? == "cycle" { Kind::Cycle } else { Kind::Manual };
        let mut task = Task {
            id,
            kind,
            name: cells.take()?,
            whole: cells.take::<i64>()? != 0,
            stopped: cells.take::<i64>()? != 0,
            begun_at: cells.take()?,
            ended_at: cells.take()?,
            total: cells.take()?,
            succeeded: cells.take()?,
            failed: cells.take()?,
            open: cells.take()?,
            weak: cells.take()?,
            failures: Vec::new(),
        };
        let mut states = vec!["failed"];
        if task.ended_at.is_none() && task.begun_at < filter.late {
            // Nobody wrote down that it is too late: its agents are gone.
            task.failed += std::mem::take(&mut task.open);
            states.push("open");
        }
        if task.failed > 0 {
            task.failures = failures(tx, key, &states).await?;
        }
        tasks.push(task);
    }
    Ok(Page { total, rows: tasks })
}

/// The images of a task in one of these states, as failed.
async fn failures(tx: &mut Tx, task: i64, states: &[&str]) -> Result<Vec<Failure>> {
    let places = vec!["?"; states.len()].join(",");
    let sql = format!(
        "SELECT name, version, state, reason FROM image_task_images WHERE task = ? AND state IN ({places}) \
         ORDER BY name, version, image LIMIT ?"
    );
    let mut values = binds![task];
    values.extend(states.iter().map(|it| Bind::from(*it)));
    values.push(i64::try_from(MAX_FAILED).unwrap_or(i64::MAX).into());
    let rows = tx.all(sql, values).await?;
    let rows = rows.iter().map(|row| {
        let mut cells = row.cells();
        let (name, version) = (cells.take()?, cells.take()?);
        let (state, reason): (String, String) = (cells.take()?, cells.take()?);
        let reason = if state == "open" { TIMED_OUT.to_owned() } else { reason };
        Ok(Failure { name, version, reason })
    });
    rows.collect()
}

/// Forgets tasks that were asked for before `before`, a few at a time; answers how many.
///
/// # Errors
/// Those of the database.
pub(super) async fn forget(tx: &mut Tx, before: Micros, most: i64) -> Result<u64> {
    let old = "SELECT key FROM image_tasks WHERE begun_at < ? ORDER BY begun_at, key LIMIT ?";
    remove(tx, old, binds![before, most]).await
}

async fn remove(tx: &mut Tx, which: &str, values: Vec<Bind>) -> Result<u64> {
    let sql = format!("DELETE FROM image_task_images WHERE task IN ({which})");
    tx.execute(sql, values.clone()).await?;
    tx.execute(format!("DELETE FROM image_tasks WHERE key IN ({which})"), values).await
}
