//! What hosts tell of their containers: image, runtime, labels.

use super::Container;
use crate::Tx;
use crate::db::{Bind, Cells, binds};
use muster_model::container::Details;
use muster_model::report::ContainerRef;
use muster_model::{Error, Result};
use std::collections::{BTreeMap, HashMap};

/// The columns [`read`] takes, of `containers c`.
pub(super) const COLUMNS: &str =
    "c.id, c.name, c.image, c.image_id, c.runtime, c.created_at, c.labels";

/// A container's details from its [`COLUMNS`].
pub(super) fn read(cells: &mut Cells<'_>) -> Result<Details> {
    Ok(Details {
        named: ContainerRef { id: cells.take()?, name: cells.take()? },
        image: cells.take()?,
        image_id: cells.take()?,
        runtime: cells.take()?,
        created: cells.take()?,
        labels: serde_json::from_str(&cells.take::<String>()?).map_err(Error::internal)?,
        signs: Vec::new(),
    })
}

/// Stores what hosts, named by their keys, tell of their containers. One that is not told of keeps what is known: it may
/// only be missing because it ended. Each host may occur once.
///
/// # Errors
/// Those of the database.
pub async fn tell(tx: &mut Tx, told: &[(i64, &[Details])]) -> Result<()> {
    if told.iter().all(|(_, containers)| containers.is_empty()) {
        return Ok(());
    }
    let hosts: Vec<Bind> = told.iter().map(|(host, _)| (*host).into()).collect();
    let head = format!("SELECT c.host, {COLUMNS} FROM containers c WHERE c.host");
    let mut known: HashMap<(i64, String), Details> = HashMap::new();
    for row in tx.all_in(&head, vec![], hosts).await? {
        let mut cells = row.cells();
        let (host, details) = (cells.take()?, read(&mut cells)?);
        known.insert((host, details.named.id.clone()), details);
    }
    let mut new: BTreeMap<(i64, &str), &Details> = BTreeMap::new();
    for (host, containers) in told {
        for details in *containers {
            // Signs are no property of the container: they are events.
            let plain = Details { signs: Vec::new(), ..details.clone() };
            if known.get(&(*host, details.named.id.clone())) != Some(&plain) {
                new.insert((*host, &details.named.id), details);
            }
        }
    }
    let mut values = Vec::with_capacity(new.len() * 8);
    for ((host, id), it) in new {
        let labels = serde_json::to_string(&it.labels).map_err(Error::internal)?;
        values.extend(binds![
            host,
            id,
            &it.named.name,
            &it.image,
            &it.image_id,
            &it.runtime,
            it.created,
            labels
        ]);
    }
    let head =
        "INSERT INTO containers (host, id, name, image, image_id, runtime, created_at, labels)";
    let tail = "ON CONFLICT (host, id) DO UPDATE SET name = excluded.name, image = excluded.image, \
                image_id = excluded.image_id, runtime = excluded.runtime, created_at = excluded.created_at, \
                labels = excluded.labels RETURNING key";
    tx.bulk_insert(head, 8, values, tail).await.map(drop)
}

impl Container {
    /// Its id: its runtime's.
    pub fn id(&self) -> &str {
        &self.details.named.id
    }

    /// Its name; one of a pod is called `NAMESPACE/POD/CONTAINER`.
    pub fn name(&self) -> &str {
        &self.details.named.name
    }
}
