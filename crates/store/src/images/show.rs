//! One image: what it is, and where it lies.

use super::tell::store;
use crate::Tx;
use crate::db::{Bind, binds};
use muster_model::image::{Image, Layer};
use muster_model::{Error, Micros, Result};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// Places told of an image at most.
const MAX_PLACES: usize = 1_000;

/// An image with all places it lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// What it is. Store, names, digests and sizes are in the places.
    pub image: Image,
    /// Where it lies, by host and store, the first 1,000.
    pub places: Vec<Place>,
}

/// A store of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The host's id.
    pub host_id: String,
    /// Its name.
    pub host_name: String,
    /// What the image is there: store, names, digests, size; its layers have their sizes alone.
    pub image: Image,
    /// Since when it is known to lie there.
    pub first_seen: Micros,
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Error::internal)
}

/// The image of a project with this id, if it lies anywhere.
///
/// # Errors
/// Those of the database.
pub async fn show(tx: &mut Tx, project: i64, id: &str) -> Result<Option<Detail>> {
    let sql = "SELECT key, created_at, architecture, os, layers, labels FROM images \
               WHERE project = ? AND id = ?";
    let Some(row) = tx.optional(sql, binds![project, id]).await? else { return Ok(None) };
    let mut cells = row.cells();
    let key: i64 = cells.take()?;
    let (created, architecture, os) = (cells.take()?, cells.take()?, cells.take()?);
    let layers: Vec<(String, String)> = json(&cells.take::<String>()?)?;
    let layer = |(digest, command)| Layer { digest, size: 0, command };
    let layers: Vec<Layer> = layers.into_iter().map(layer).collect();
    let labels = json(&cells.take::<String>()?)?;
    let sql = "SELECT s.key, h.id, h.name, s.store, s.size, s.sizes, s.digests, s.first_seen \
               FROM image_sightings s JOIN hosts h ON h.key = s.host \
               WHERE s.image = ? AND s.gone_at IS NULL ORDER BY h.name, h.key, s.store LIMIT ?";
    let rows = tx.all(sql, binds![key, i64::try_from(MAX_PLACES).unwrap_or(i64::MAX)]).await?;
    let mut places: Vec<(i64, Place)> = Vec::with_capacity(rows.len());
    for row in rows {
        let mut cells = row.cells();
        let (key, host_id, host_name) = (cells.take()?, cells.take()?, cells.take()?);
        let (store, size) = (store(&cells.take::<String>()?)?, cells.take::<i64>()?);
        let sizes: Vec<u64> = json(&cells.take::<String>()?)?;
        let layer = |size| Layer { size, ..Layer::default() };
        let image = Image {
            id: id.to_owned(),
            store,
            digests: json(&cells.take::<String>()?)?,
            size: u64::try_from(size).unwrap_or_default(),
            layers: sizes.into_iter().map(layer).collect(),
            ..Image::default()
        };
        let first_seen = cells.take()?;
        places.push((key, Place { host_id, host_name, image, first_seen }));
    }
    if places.is_empty() {
        return Ok(None);
    }
    let keys: Vec<Bind> = places.iter().map(|(key, _)| (*key).into()).collect();
    let mut names: HashMap<i64, Vec<String>> = HashMap::new();
    let head = "SELECT sighting, name, version FROM image_names WHERE name <> '' AND sighting";
    for row in tx.all_in(head, vec![], keys).await? {
        let mut cells = row.cells();
        let (place, name, version): (i64, String, String) =
            (cells.take()?, cells.take()?, cells.take()?);
        let name = if version.is_empty() { name } else { format!("{name}:{version}") };
        names.entry(place).or_default().push(name);
    }
    let named = places.into_iter().map(|(key, mut place)| {
        place.image.names = names.remove(&key).unwrap_or_default();
        place.image.names.sort_unstable();
        place
    });
    let places = named.collect();
    let image =
        Image { id: id.to_owned(), layers, created, architecture, os, labels, ..Image::default() };
    Ok(Some(Detail { image, places }))
}
