//! Facts by their hash and by their id.

use super::columns::{NAMES, WIDTH, bind, read, read_value};
use crate::Tx;
use crate::db::{Bind, Row, binds};
use aws_lc_rs::digest::{Context, SHA256};
use muster_model::{Column, Error, Fact, FactHash, Kind, Result, Value};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock};

/// The hash a fact is stored under. The project is in it: whoever knows content of one project learns
/// nothing of another.
fn stored_hash(project: i64, content: FactHash) -> [u8; 16] {
    let mut context = Context::new(&SHA256);
    context.update(&project.to_le_bytes());
    context.update(&content.0);
    let mut hash = [0; 16];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// Facts by their ids.
pub(super) struct Interned {
    /// Of the given contents, in their order.
    pub(super) added: Vec<i64>,
    /// Of the given hashes, in their order; none where nothing of that hash is stored.
    pub(super) named: Vec<Option<i64>>,
}

/// The ids of `contents`, which are stored if they are not yet, and of the facts that `named` names.
pub(super) async fn intern(
    tx: &mut Tx,
    project: i64,
    contents: &[&Fact],
    named: &[FactHash],
) -> Result<Interned> {
    let hashes: Vec<[u8; 16]> =
        contents.iter().map(|fact| stored_hash(project, fact.hash())).collect();
    let named: Vec<[u8; 16]> = named.iter().map(|hash| stored_hash(project, *hash)).collect();
    let mut keys: Vec<[u8; 16]> = hashes.iter().chain(&named).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    let keys = keys.into_iter().map(Bind::from).collect();
    let head = "SELECT id, content_hash FROM facts WHERE content_hash";
    let mut known = by_hash(&tx.all_in(head, vec![], keys).await?)?;
    let mut values = Vec::new();
    let mut adding = HashSet::new();
    for (fact, hash) in contents.iter().zip(&hashes) {
        if !known.contains_key(hash) && adding.insert(*hash) {
            values.extend(binds![project, *hash, fact.kind().code()]);
            bind(fact, &mut values);
        }
    }
    let head = format!("INSERT INTO facts (project, content_hash, kind, {})", *NAMES);
    let rows = tx.bulk_insert(&head, 3 + WIDTH, values, "RETURNING id, content_hash").await?;
    known.extend(by_hash(&rows)?);
    let id = |hash: &[u8; 16]| known.get(hash).copied();
    let lost = || Error::internal("a fact was not stored");
    Ok(Interned {
        added: hashes.iter().map(|hash| id(hash).ok_or_else(lost)).collect::<Result<_>>()?,
        named: named.iter().map(id).collect(),
    })
}

fn by_hash(rows: &[Row]) -> Result<HashMap<[u8; 16], i64>> {
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            let id = cells.take()?;
            Ok((cells.take()?, id))
        })
        .collect()
}

/// Facts by id. Ids that are not there any more are left out.
pub(super) async fn load(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Arc<Fact>>> {
    let mut ids: Vec<i64> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let head = format!("SELECT id, kind, {} FROM facts WHERE id", *NAMES);
    let rows = tx.all_in(&head, vec![], ids.into_iter().map(Bind::from).collect()).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            let id = cells.take()?;
            let kind = kind(cells.take()?)?;
            Ok((id, Arc::new(read(kind, &mut cells)?)))
        })
        .collect()
}

/// A stored kind.
pub(crate) fn kind(code: u8) -> Result<Kind> {
    Kind::from_code(code).ok_or_else(|| Error::internal("an unknown kind is stored"))
}

/// Every column that is part of some kind's identity.
static IDENTIFYING: LazyLock<Vec<Column>> = LazyLock::new(|| {
    let identifies =
        |column: &&Column| Kind::ALL.iter().any(|kind| kind.identity().contains(column));
    Column::ALL.iter().filter(identifies).copied().collect()
});

/// [`Fact::identity`] of stored facts, reading no more than it takes.
pub(super) async fn identities(tx: &mut Tx, mut ids: Vec<i64>) -> Result<HashMap<i64, String>> {
    ids.sort_unstable();
    ids.dedup();
    let names: Vec<_> = IDENTIFYING.iter().map(|column| column.name()).collect();
    let head = format!("SELECT id, kind, {} FROM facts WHERE id", names.join(", "));
    let rows = tx.all_in(&head, vec![], ids.into_iter().map(Bind::from).collect()).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            let id = cells.take()?;
            let mut fact = Fact::new(kind(cells.take()?)?);
            for column in IDENTIFYING.iter() {
                match read_value(*column, &mut cells)? {
                    Some(Value::Text(text)) => fact.set(*column, text),
                    Some(Value::Int(int)) => fact.set(*column, int),
                    Some(Value::Bool(bool)) => fact.set(*column, bool),
                    None => {}
                }
            }
            Ok((id, fact.identity()))
        })
        .collect()
}
