//! Facts by their hash and by their id.

use super::columns::{self, NAMES, WIDTH, bind, read, read_value};
use super::query::Clause;
use crate::Tx;
use crate::db::{Bind, binds};
use aws_lc_rs::digest::{Context, SHA256};
use muster_model::{Error, Fact, FactHash, Kind, Result, Value};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The hash a fact is stored under. The project is in it: whoever knows content of one project learns
/// nothing of another.
pub(super) fn stored_hash(project: i64, content: FactHash) -> [u8; 16] {
    let mut context = Context::new(&SHA256);
    context.update(&project.to_le_bytes());
    context.update(&content.0);
    let mut hash = [0; 16];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// The ids of stored facts; unknown hashes are left out.
pub(super) async fn ids(
    tx: &mut Tx,
    hashes: impl IntoIterator<Item = [u8; 16]>,
) -> Result<HashMap<[u8; 16], i64>> {
    let keys: Vec<Bind> = hashes.into_iter().map(Bind::from).collect();
    let head = "SELECT id, content_hash FROM facts WHERE content_hash";
    let rows = tx.all_in(head, vec![], keys).await?;
    by_hash(&rows)
}

fn by_hash(rows: &[crate::db::Row]) -> Result<HashMap<[u8; 16], i64>> {
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            let id = cells.take()?;
            Ok((cells.take()?, id))
        })
        .collect()
}

/// The ids of `facts`, in their order; those not stored yet are added.
pub(super) async fn intern(tx: &mut Tx, project: i64, facts: &[&Fact]) -> Result<Vec<i64>> {
    let hashes: Vec<[u8; 16]> =
        facts.iter().map(|fact| stored_hash(project, fact.hash())).collect();
    let mut known = ids(tx, hashes.iter().copied()).await?;
    let mut values = Vec::new();
    let mut adding = HashSet::new();
    for (fact, hash) in facts.iter().zip(&hashes) {
        if !known.contains_key(hash) && adding.insert(*hash) {
            values.extend(binds![project, *hash, fact.kind().code()]);
            bind(fact, &mut values);
        }
    }
    if !values.is_empty() {
        let head = format!("INSERT INTO facts (project, content_hash, kind, {})", *NAMES);
        let rows = tx.bulk_insert(&head, 3 + WIDTH, values, "RETURNING id, content_hash").await?;
        known.extend(by_hash(&rows)?);
    }
    hashes
        .iter()
        .map(|hash| {
            known.get(hash).copied().ok_or_else(|| Error::internal("a fact was not stored"))
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
    load_matching(tx, &ids, &Clause::default()).await
}

/// Those of some facts that meet conditions on `f`.
pub(super) async fn load_matching(
    tx: &mut Tx,
    ids: &[i64],
    conditions: &Clause,
) -> Result<HashMap<i64, Arc<Fact>>> {
    // The conditions come first, because their values do; `AND id IN` ends the statement.
    let conditions_first = conditions.sql.replacen(" AND ", "", 1);
    let and = if conditions.sql.is_empty() { "" } else { " AND " };
    let head = format!(
        "SELECT f.id, f.kind, {} FROM facts f WHERE {conditions_first}{and}f.id",
        *columns::OF_F
    );
    let keys = ids.iter().map(|id| Bind::from(*id)).collect();
    let rows = tx.all_in(&head, conditions.binds.clone(), keys).await?;
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

/// [`Fact::identity`] of stored facts of one kind, reading no more than it takes.
pub(super) async fn identities(
    tx: &mut Tx,
    kind: Kind,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, String>> {
    if kind.identity().is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<_> = kind.identity().iter().map(|column| column.name()).collect();
    let head = format!("SELECT id, {} FROM facts WHERE id", names.join(", "));
    let rows = tx.all_in(&head, vec![], ids.map(Bind::from).collect()).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            let id = cells.take()?;
            let mut fact = Fact::new(kind);
            for column in kind.identity() {
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
