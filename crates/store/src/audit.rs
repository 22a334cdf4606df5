//! The audit log: who did what to what, with which outcome.
//!
//! Rows form a chain: each hash covers its row and the hash of the row before. Nobody can change or drop a
//! row in the middle without breaking every hash after it ([`verify`]).

use crate::Tx;
use crate::db::{Bind, Row, binds};
use aws_lc_rs::digest::{Context, SHA256};
use muster_model::{Error, Micros, Page, Paging, Result};

/// What is recorded of one act. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Micros,
    /// The request it came with.
    pub request_id: String,
    /// The actor's account; empty for agents and the product itself.
    pub domain_id: String,
    /// The project concerned, if one.
    pub project_id: String,
    /// The actor: a user's id, an agent's id, or `system`.
    pub user_id: String,
    /// The actor's name at that time.
    pub user_name: String,
    /// How the actor proved itself: `token`, `access_key:<name>`, `agent`, `local`.
    pub credential: String,
    /// Name of the action, `hss:asset:export`.
    pub action: String,
    /// What it was done to, `export-task/<id>`.
    pub target: String,
    /// `success`, `denied` or `failure`.
    pub outcome: String,
    /// Details as JSON, or empty.
    pub detail: String,
}

/// A record in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// The record.
    pub record: Record,
    /// Hash of the record and of the entry before.
    pub hash: [u8; 32],
}

impl Record {
    fn texts(&self) -> [&str; 10] {
        [
            &self.request_id,
            &self.domain_id,
            &self.project_id,
            &self.user_id,
            &self.user_name,
            &self.credential,
            &self.action,
            &self.target,
            &self.outcome,
            &self.detail,
        ]
    }

    fn hash(&self, seq: i64, before: &[u8; 32]) -> Result<[u8; 32]> {
        let mut context = Context::new(&SHA256);
        context.update(before);
        context.update(&seq.to_le_bytes());
        context.update(&self.at.0.to_le_bytes());
        for text in self.texts() {
            context.update(&(text.len() as u64).to_le_bytes());
            context.update(text.as_bytes());
        }
        context.finish().as_ref().try_into().map_err(Error::internal)
    }
}

const COLUMNS: &str = "seq, at, request_id, domain_id, project_id, user_id, user_name, credential, action, \
                       target, outcome, detail, hash";

fn entry(row: &Row) -> Result<Entry> {
    let mut cells = row.cells();
    Ok(Entry {
        seq: cells.take()?,
        record: Record {
            at: cells.take()?,
            request_id: cells.take()?,
            domain_id: cells.take()?,
            project_id: cells.take()?,
            user_id: cells.take()?,
            user_name: cells.take()?,
            credential: cells.take()?,
            action: cells.take()?,
            target: cells.take()?,
            outcome: cells.take()?,
            detail: cells.take()?,
        },
        hash: cells.take()?,
    })
}

/// Appends one record in the caller's transaction: no record, no act.
///
/// # Errors
/// Those of the database.
pub async fn append(tx: &mut Tx, record: &Record) -> Result<()> {
    append_all(tx, std::slice::from_ref(record)).await
}

/// Appends records in their order.
///
/// # Errors
/// Those of the database.
pub async fn append_all(tx: &mut Tx, records: &[Record]) -> Result<()> {
    let last = tx.optional("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", vec![]).await?;
    let (mut seq, mut hash) = match &last {
        Some(row) => {
            let mut cells = row.cells();
            (cells.take::<i64>()?, cells.take::<[u8; 32]>()?)
        }
        None => (0, [0; 32]),
    };
    let mut values = Vec::with_capacity(records.len() * 13);
    for record in records {
        seq += 1;
        hash = record.hash(seq, &hash)?;
        values.extend(binds![seq, record.at]);
        values.extend(record.texts().map(Bind::from));
        values.push(hash.into());
    }
    tx.bulk_insert(&format!("INSERT INTO audit ({COLUMNS})"), 13, values, "").await.map(drop)
}

/// Which entries are wanted. A text that ends in `*` stands for all that begin so.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this account.
    pub domain_id: Option<String>,
    /// Of this project.
    pub project_id: Option<String>,
    /// By this actor: its id or its name.
    pub user: Option<String>,
    /// This action.
    pub action: Option<String>,
    /// Done to this.
    pub target: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// In this request.
    pub request_id: Option<String>,
    /// Not before.
    pub from: Option<Micros>,
    /// Before.
    pub until: Option<Micros>,
}

impl Filter {
    /// Columns any of which has to fit a text.
    fn texts(&self) -> [(&'static [&'static str], Option<&str>); 7] {
        [
            (&["domain_id"], self.domain_id.as_deref()),
            (&["project_id"], self.project_id.as_deref()),
            (&["user_id", "user_name"], self.user.as_deref()),
            (&["action"], self.action.as_deref()),
            (&["target"], self.target.as_deref()),
            (&["outcome"], self.outcome.as_deref()),
            (&["request_id"], self.request_id.as_deref()),
        ]
    }

    /// The same as a condition and what is bound in it.
    fn condition(&self) -> (String, Vec<Bind>) {
        let (mut condition, mut binds) = ("1 = 1".to_owned(), Vec::new());
        for (columns, wanted) in self.texts() {
            let Some(wanted) = wanted else { continue };
            let mut any = Vec::new();
            for column in columns {
                match wanted.strip_suffix('*') {
                    Some("") => any.push("1 = 1".to_owned()),
                    // Text is compared byte by byte, and no character is above this one.
                    Some(front) => {
                        any.push(format!("({column} >= ? AND {column} < ?)"));
                        binds.extend(binds![front, format!("{front}\u{10ffff}")]);
                    }
                    None => {
                        any.push(format!("{column} = ?"));
                        binds.push(Bind::from(wanted));
                    }
                }
            }
            condition.push_str(&format!(" AND ({})", any.join(" OR ")));
        }
        for (comparison, value) in [("at >= ?", self.from), ("at < ?", self.until)] {
            if let Some(value) = value {
                condition.push_str(&format!(" AND {comparison}"));
                binds.push(Bind::from(value));
            }
        }
        (condition, binds)
    }

    /// Whether a record is wanted.
    pub fn fits(&self, record: &Record) -> bool {
        let value = |column: &str| match column {
            "domain_id" => record.domain_id.as_str(),
            "project_id" => &record.project_id,
            "user_id" => &record.user_id,
            "user_name" => &record.user_name,
            "action" => &record.action,
            "target" => &record.target,
            "outcome" => &record.outcome,
            _ => &record.request_id,
        };
        let texts = self.texts().into_iter().all(|(columns, wanted)| {
            wanted.is_none_or(|wanted| {
                columns.iter().any(|column| match wanted.strip_suffix('*') {
                    Some(front) => value(column).starts_with(front),
                    None => value(column) == wanted,
                })
            })
        });
        texts
            && self.from.is_none_or(|from| record.at >= from)
            && self.until.is_none_or(|until| record.at < until)
    }
}

/// Entries, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, filter: &Filter, paging: Paging) -> Result<Page<Entry>> {
    let (condition, mut binds) = filter.condition();
    let total = tx
        .one(format!("SELECT count(*) FROM audit WHERE {condition}"), binds.clone())
        .await?
        .only()?;
    binds.extend(binds![paging.limit, paging.offset]);
    let sql =
        format!("SELECT {COLUMNS} FROM audit WHERE {condition} ORDER BY seq DESC LIMIT ? OFFSET ?");
    let rows = tx.all(sql, binds).await?.iter().map(entry).collect::<Result<_>>()?;
    Ok(Page { total, rows })
}

/// Entries with a place before `seq`, newest first: for walking through all of them while others are added.
///
/// # Errors
/// Those of the database.
pub async fn before(tx: &mut Tx, filter: &Filter, seq: i64, limit: u32) -> Result<Vec<Entry>> {
    let (condition, mut binds) = filter.condition();
    binds.extend(binds![seq, limit]);
    let sql = format!(
        "SELECT {COLUMNS} FROM audit WHERE {condition} AND seq < ? ORDER BY seq DESC LIMIT ?"
    );
    tx.all(sql, binds).await?.iter().map(entry).collect()
}

/// Entries with a place after `seq`, oldest first: for following the log.
///
/// # Errors
/// Those of the database.
pub async fn after(tx: &mut Tx, seq: i64, limit: u32) -> Result<Vec<Entry>> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?");
    tx.all(sql, binds![seq, limit]).await?.iter().map(entry).collect()
}

/// The place of the newest entry; 0 if there is none.
///
/// # Errors
/// Those of the database.
pub async fn last(tx: &mut Tx) -> Result<i64> {
    let last = tx.optional("SELECT seq FROM audit ORDER BY seq DESC LIMIT 1", vec![]).await?;
    last.map_or(Ok(0), |row| row.only())
}

/// Walks the whole chain and answers the place of the first entry that does not fit, if there is one. An
/// entry missing in the middle shows at the one after it; a cut-off end does not show.
///
/// # Errors
/// Those of the database.
pub async fn verify(tx: &mut Tx) -> Result<Option<i64>> {
    const BATCH: u32 = 1000;
    let (mut seq, mut hash) = (0, [0; 32]);
    loop {
        let entries = after(tx, seq, BATCH).await?;
        if entries.is_empty() {
            return Ok(None);
        }
        for entry in &entries {
            if entry.seq != seq + 1 || entry.record.hash(entry.seq, &hash)? != entry.hash {
                return Ok(Some(entry.seq));
            }
            (seq, hash) = (entry.seq, entry.hash);
        }
    }
}
