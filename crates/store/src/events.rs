//! Security events: what was found in containers that may lead out of them, and who handled it.

mod blocking;
mod files;
mod programs;

pub use blocking::{Reach, allowed, block, end_learning};
pub use files::{protect_files, protected_files, unprotect_file};
pub use programs::{
    Learned, Program, allow_program, learned_images, programs, relearn, unknown_programs,
};

use crate::Tx;
use crate::db::{Bind, Row, binds, folded};
use crate::hosts;
use muster_model::container::{Details, Severity, Sign, SignKind};
use muster_model::report::ContainerRef;
use muster_model::{Error, Micros, Page, Paging, Result};

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// The key of its host.
    pub host: i64,
    /// The container, as it was called then.
    pub container: ContainerRef,
    /// The container's image, as it was called then.
    pub image: String,
    /// What was found.
    pub sign: Sign,
    /// When it was first told.
    pub occurred_at: Micros,
    /// What somebody did about it, if anything.
    pub handled: Option<Handled>,
}

/// What somebody did about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// The word for it: `mark_as_handled`, `ignore`.
    pub method: String,
    /// What they said.
    pub remark: String,
    /// When.
    pub at: Micros,
}

/// Which events are wanted: all that is set must hold. Texts match as a part, whatever the case of ASCII letters.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of these hosts.
    pub hosts: hosts::Filter,
    /// Part of the container's name.
    pub container: Option<String>,
    /// Whether somebody handled it.
    pub handled: Option<bool>,
    /// One of these.
    pub signs: Option<Vec<SignKind>>,
    /// One of these.
    pub severities: Option<Vec<Severity>>,
    /// Not before.
    pub since: Option<Micros>,
    /// Not after.
    pub until: Option<Micros>,
}

impl Filter {
    fn sql(&self, tx: &Tx, project: i64) -> (String, Vec<Bind>) {
        let (hosts, mut values) = self.hosts.sql(tx, project);
        let mut sql = format!("host IN (SELECT key FROM hosts WHERE {hosts})");
        if let Some(name) = &self.container {
            sql.push_str(" AND ");
            sql.push_str(&tx.contains("container_name"));
            values.push(folded(name).into());
        }
        match self.handled {
            None => {}
            Some(true) => sql.push_str(" AND handle_method IS NOT NULL"),
            Some(false) => sql.push_str(" AND handle_method IS NULL"),
        }
        let signs = self.signs.as_ref().map(|it| it.iter().map(|it| it.name()).collect());
        let severities = self.severities.as_ref().map(|it| it.iter().map(|it| it.name()).collect());
        for (column, words) in [("sign", signs), ("severity", severities)] {
            let words: Vec<&str> = match words {
                None => continue,
                Some(words) => words,
            };
            if words.is_empty() {
                sql.push_str(" AND 1 = 0");
                continue;
            }
            sql.push_str(&format!(" AND {column} IN ({})", vec!["?"; words.len()].join(",")));
            values.extend(words.into_iter().map(Bind::from));
        }
        for (condition, at) in [("occurred_at >= ?", self.since), ("occurred_at <= ?", self.until)]
        {
            if let Some(at) = at {
                sql.push_str(" AND ");
                sql.push_str(condition);
                values.push(at.into());
            }
        }
        (sql, values)
    }
}

/// Records what is new of what was found on a host, and answers how much that was. `id` makes ids.
///
/// # Errors
/// Those of the database and of `id`.
pub async fn record(
    tx: &mut Tx,
    host: i64,
    containers: &[Details],
    now: Micros,
    id: impl Fn() -> Result<String>,
) -> Result<usize> {
    let mut values = Vec::new();
    for it in containers {
        for sign in &it.signs {
            values.extend(binds![
                id()?,
                host,
                &it.named.id,
                &it.named.name,
                &it.image,
                sign.kind.name(),
                &sign.evidence,
                sign.kind.severity().name(),
                now,
                ""
            ]);
        }
    }
    if values.is_empty() {
        return Ok(0);
    }
    let head = "INSERT INTO security_events (id, host, container_id, container_name, image, sign, evidence, \
                severity, occurred_at, remark)";
    let tail = "ON CONFLICT (host, container_id, sign, evidence) DO NOTHING RETURNING key";
    Ok(tx.bulk_insert(head, 10, values, tail).await?.len())
}

/// The events of a project, the latest first.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    project: i64,
    filter: &Filter,
    paging: Paging,
) -> Result<Page<Event>> {
    let (condition, mut values) = filter.sql(tx, project);
    let sql = format!("SELECT count(*) FROM security_events WHERE {condition}");
    let total = tx.one(sql, values.clone()).await?.only()?;
    values.extend(binds![paging.limit, paging.offset]);
    let sql = format!(
        "SELECT id, host, container_id, container_name, image, sign, evidence, occurred_at, \
         handle_method, remark, handled_at FROM security_events WHERE {condition} \
         ORDER BY occurred_at DESC, key DESC LIMIT ? OFFSET ?"
    );
    let rows = tx.all(sql, values).await?.iter().map(event).collect::<Result<_>>()?;
    Ok(Page { total, rows })
}

fn event(row: &Row) -> Result<Event> {
    let mut cells = row.cells();
    let (id, host) = (cells.take()?, cells.take()?);
    let container = ContainerRef { id: cells.take()?, name: cells.take()? };
    let (image, sign): (_, String) = (cells.take()?, cells.take()?);
    let kind = SignKind::named(&sign).ok_or_else(|| Error::internal("an unknown sign"))?;
    let sign = Sign { kind, evidence: cells.take()? };
    let occurred_at = cells.take()?;
    let (method, remark, at): (Option<String>, String, Option<Micros>) =
        (cells.take()?, cells.take()?, cells.take()?);
    let handled = method.zip(at).map(|(method, at)| Handled { method, remark, at });
    Ok(Event { id, host, container, image, sign, occurred_at, handled })
}

/// Forgets events from before `before` of containers that do not run any more, a few at a time; answers how many. That of one that runs
/// stays: forgotten, it would be found and told again.
///
/// # Errors
/// Those of the database.
pub(crate) async fn forget(tx: &mut Tx, before: Micros, most: i64) -> Result<u64> {
    let sql = "DELETE FROM security_events WHERE key IN (SELECT e.key FROM security_events e WHERE e.occurred_at < ? \
               AND NOT EXISTS (SELECT 1 FROM containers c JOIN host_kinds k ON k.host = c.host AND k.container = c.key \
               WHERE c.host = e.host AND c.id = e.container_id AND length(k.digest) > 0) LIMIT ?)";
    tx.execute(sql, binds![before, most]).await
}

/// An event that somebody means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// Its id.
    pub id: String,
    /// What its container's id is said to be; all of these must be it.
    pub container_ids: Vec<String>,
    /// What its container's name is said to be; all of these must be it.
    pub container_names: Vec<String>,
}

/// Notes what somebody did about an event of a project, or that it is open again. Answers whether there is such an event.
///
/// # Errors
/// Those of the database.
pub async fn handle(
    tx: &mut Tx,
    project: i64,
    event: &Chosen,
    handled: Option<&Handled>,
) -> Result<bool> {
    let (method, remark, at) = match handled {
        Some(it) => (Some(it.method.as_str()), it.remark.as_str(), Some(it.at)),
        None => (None, "", None),
    };
    let mut sql =
        "UPDATE security_events SET handle_method = ?, remark = ?, handled_at = ? WHERE id = ? \
                   AND host IN (SELECT key FROM hosts WHERE project = ?)"
            .to_owned();
    let mut values = binds![method, remark, at, &event.id, project];
    for (condition, said) in [
        (" AND container_id = ?", &event.container_ids),
        (" AND container_name = ?", &event.container_names),
    ] {
        for text in said {
            sql.push_str(condition);
            values.push(text.into());
        }
    }
    sql.push_str(" RETURNING key");
    Ok(tx.optional(sql, values).await?.is_some())
}
