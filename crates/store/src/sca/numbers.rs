//! The numbers vulnerabilities have outside, which never change once they are given.

use crate::Tx;
use crate::db::{Bind, Row, binds};
use muster_model::Result;
use std::collections::HashMap;

/// A vulnerability that needs a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Every id it goes by, the canonical one first.
    pub ids: Vec<String>,
    /// The number it gets if none of its ids has one.
    pub proposed: String,
}

/// The number of each, in the order asked for: the one that one of its ids was given before, else the proposed one,
/// which all its ids have from now on.
///
/// # Errors
/// Those of the database.
pub async fn give(tx: &mut Tx, vulnerabilities: &[Named]) -> Result<Vec<String>> {
    let ids: Vec<Bind> = vulnerabilities.iter().flat_map(|it| &it.ids).map(Bind::from).collect();
    let mut known =
        read(&tx.all_in("SELECT id, number FROM sca_numbers WHERE id", vec![], ids).await?)?;
    let mut values = Vec::new();
    let mut given = Vec::with_capacity(vulnerabilities.len());
    for it in vulnerabilities {
        let number = it.ids.iter().find_map(|id| known.get(id)).unwrap_or(&it.proposed).clone();
        for id in &it.ids {
            if !known.contains_key(id) {
                values.extend(binds![id, &number]);
                known.insert(id.clone(), number.clone());
            }
        }
        given.push(number);
    }
    let head = "INSERT INTO sca_numbers (id, number)";
    tx.bulk_insert(head, 2, values, "ON CONFLICT (id) DO NOTHING").await?;
    Ok(given)
}

fn read(rows: &[Row]) -> Result<HashMap<String, String>> {
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}
