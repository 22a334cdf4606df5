//! Facts by their hash and by their id.

use super::columns::{NAMES, Stored, WIDTH, bind, from_json};
use crate::Tx;
use crate::db::{Bind, binds, unhex};
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
pub(crate) struct Interned {
    /// Of the given contents, in their order.
    pub(crate) added: Vec<i64>,
    /// Of the given hashes, in their order; none where nothing of that hash is stored.
    pub(super) named: Vec<Option<i64>>,
}

/// The ids of `contents`, which are stored if they are not yet, and of the facts that `named` names. Each comes with its
/// project.
pub(crate) async fn intern(
    tx: &mut Tx,
    contents: &[(i64, &Fact)],
    named: &[(i64, FactHash)],
) -> Result<Interned> {
    let stored = |(project, fact): &(i64, &Fact)| stored_hash(*project, fact.hash());
    let hashes: Vec<[u8; 16]> = contents.iter().map(stored).collect();
    let named: Vec<[u8; 16]> =
        named.iter().map(|(project, hash)| stored_hash(*project, *hash)).collect();
    let mut keys: Vec<[u8; 16]> = hashes.iter().chain(&named).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    let mut known = by_hash(tx, keys).await?;
    let (mut values, mut adding) = (Vec::new(), Vec::new());
    let mut unknown = HashSet::new();
    for ((project, fact), hash) in contents.iter().zip(&hashes) {
        if !known.contains_key(hash) && unknown.insert(*hash) {
            adding.push(*hash);
            values.extend(binds![*project, *hash, fact.kind().code()]);
            bind(fact, &mut values);
        }
    }
    let head = format!("INSERT INTO facts (project, content_hash, kind, {})", *NAMES);
    tx.bulk_insert(&head, 3 + WIDTH, values, "").await?;
    known.extend(by_hash(tx, adding).await?);
    let id = |hash: &[u8; 16]| known.get(hash).copied();
    let lost = || Error::internal("a fact was not stored");
    Ok(Interned {
        added: hashes.iter().map(|hash| id(hash).ok_or_else(lost)).collect::<Result<_>>()?,
        named: named.iter().map(id).collect(),
    })
}

/// The ids of those that are stored.
async fn by_hash(tx: &mut Tx, hashes: Vec<[u8; 16]>) -> Result<HashMap<[u8; 16], i64>> {
    let columns = format!("id, {}", tx.hex("content_hash"));
    let keys = hashes.into_iter().map(Bind::from).collect();
    let from = "FROM facts WHERE content_hash";
    let rows = tx.gathered_in::<(i64, String)>(&columns, from, vec![], keys).await?;
    rows.into_iter().map(|(id, hash)| Ok((unhex(&hash)?, id))).collect()
}

/// Facts by id. Ids that are not there any more are left out.
pub(super) async fn load(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, Arc<Fact>>> {
    let mut ids: Vec<i64> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let columns = format!("id, kind, {}", *NAMES);
    let keys = ids.into_iter().map(Bind::from).collect();
    let rows = tx.gathered_in::<Stored>(&columns, "FROM facts WHERE id", vec![], keys).await?;
    Ok(rows.into_iter().map(|Stored { id, fact }| (id, Arc::new(fact))).collect())
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
    let columns = format!("id, kind, {}", names.join(", "));
    let mut identities = HashMap::with_capacity(ids.len());
    let keys = ids.into_iter().map(Bind::from).collect();
    let rows = tx.gathered_in(&columns, "FROM facts WHERE id", vec![], keys).await?;
    for values in rows {
        let mut values = Vec::<serde_json::Value>::into_iter(values);
        let mut number = || values.next().and_then(|value| value.as_i64());
        let (Some(id), Some(code)) = (number(), number()) else { continue };
        let mut fact = Fact::new(kind(u8::try_from(code).map_err(Error::internal)?)?);
        for (column, value) in IDENTIFYING.iter().zip(values) {
            match from_json(*column, value) {
                Some(Value::Text(text)) => fact.set(*column, text),
                Some(Value::Int(int)) => fact.set(*column, int),
                Some(Value::Bool(bool)) => fact.set(*column, bool),
                None => {}
            }
        }
        identities.insert(id, fact.identity());
    }
    Ok(identities)
}
