//! What hosts tell of the images on their disks.

use crate::Tx;
use crate::assets::Target;
use crate::db::{Bind, binds};
use muster_model::image::{Image, Store, split};
use muster_model::{Error, Micros, Result};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What belongs to a store, and not to the image.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Lies {
    size: i64,
    sizes: String,
    digests: String,
    names: BTreeSet<(String, String)>,
}

/// A store of a host, and an image in it.
type Place<'i> = (i64, Store, &'i str);

/// What is known of a place.
struct Known {
    key: i64,
    gone: bool,
    lies: Lies,
}

/// Stores which images lie on hosts: all that do. What an image is was told by whoever told it first. Each host may occur
/// once.
///
/// # Errors
/// Those of the database.
pub async fn tell(tx: &mut Tx, told: &[(Target, &[Image])], now: Micros) -> Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    let mut known = known(tx, told).await?;
    let mut new: BTreeMap<Place<'_>, (i64, &Image, Lies)> = BTreeMap::new();
    for (target, images) in told {
        for image in *images {
            let lies = lies(image)?;
            let place = (target.host, image.store, image.id.clone());
            let same = known.remove(&place).is_some_and(|it| !it.gone && it.lies == lies);
            if !same {
                new.insert((target.host, image.store, &image.id), (target.project, image, lies));
            }
        }
    }
    let gone = known.into_values().filter(|it| !it.gone).map(|it| it.key.into()).collect();
    // One statement for all: what is returned is of no use.
    let head = "UPDATE image_sightings SET gone_at = ? WHERE key";
    tx.all_in(head, binds![now], gone).await?;
    let keys = content(tx, &new).await?;
    let mut values = Vec::with_capacity(new.len() * 8);
    for ((host, store, id), (project, image, lies)) in &new {
        let key = keys.get(&(*project, (*id).to_owned()));
        let key = *key.ok_or_else(|| Error::internal("an image that was stored"))?;
        let digest = image.digests.first().cloned().unwrap_or_default();
        values.extend(binds![key, *host, store.name(), lies.size, &lies.sizes]);
        values.extend(binds![digest, &lies.digests, now]);
    }
    let head = "INSERT INTO image_sightings (image, host, store, size, sizes, digest, digests, first_seen)";
    let tail = "ON CONFLICT (host, store, image) DO UPDATE SET size = excluded.size, sizes = excluded.sizes, \
                digest = excluded.digest, digests = excluded.digests, gone_at = NULL RETURNING key, host, store, image";
    let ids: HashMap<i64, &str> = keys.iter().map(|((_, id), key)| (*key, id.as_str())).collect();
    let mut places: HashMap<Place<'_>, i64> = HashMap::new();
    for row in tx.bulk_insert(head, 8, values, tail).await? {
        let mut cells = row.cells();
        let (key, host): (i64, i64) = (cells.take()?, cells.take()?);
        let (store, image) = (store(&cells.take::<String>()?)?, cells.take::<i64>()?);
        if let Some(id) = ids.get(&image) {
            places.insert((host, store, id), key);
        }
    }
    let keys: Vec<Bind> = places.values().map(|key| (*key).into()).collect();
    tx.all_in("DELETE FROM image_names WHERE sighting", vec![], keys).await?;
    let mut values = Vec::new();
    for (place, (_, _, lies)) in &new {
        let key = places.get(place).ok_or_else(|| Error::internal("a place that was stored"))?;
        for (name, version) in &lies.names {
            values.extend(binds![*key, name, version]);
        }
    }
    let head = "INSERT INTO image_names (sighting, name, version)";
    tx.bulk_insert(head, 3, values, "").await.map(drop)
}

pub(super) fn store(word: &str) -> Result<Store> {
    Store::named(word).ok_or_else(|| Error::internal("a store of images nobody knows"))
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn lies(image: &Image) -> Result<Lies> {
    let sizes: Vec<u64> = image.layers.iter().map(|it| it.size).collect();
    let names = image.names.iter().map(|name| split(name));
    let mut names: BTreeSet<_> =
        names.map(|(name, version)| (name.to_owned(), version.to_owned())).collect();
    if names.is_empty() {
        names.insert(Default::default());
    }
    Ok(Lies {
        size: i64::try_from(image.size).unwrap_or(i64::MAX),
        sizes: json(&sizes)?,
        digests: json(&image.digests)?,
        names,
    })
}

/// Everything that was ever told of these hosts.
async fn known(
    tx: &mut Tx,
    told: &[(Target, &[Image])],
) -> Result<HashMap<(i64, Store, String), Known>> {
    let hosts: Vec<Bind> = told.iter().map(|(target, _)| target.host.into()).collect();
    let mut names: HashMap<i64, BTreeSet<(String, String)>> = HashMap::new();
    let head = "SELECT n.sighting, n.name, n.version FROM image_sightings s \
                JOIN image_names n ON n.sighting = s.key WHERE s.host";
    for row in tx.all_in(head, vec![], hosts.clone()).await? {
        let mut cells = row.cells();
        let names = names.entry(cells.take()?).or_default();
        names.insert((cells.take()?, cells.take()?));
    }
    let mut known = HashMap::new();
    let head = "SELECT s.key, s.host, s.store, i.id, s.gone_at, s.size, s.sizes, s.digests \
                FROM image_sightings s JOIN images i ON i.key = s.image WHERE s.host";
    for row in tx.all_in(head, vec![], hosts).await? {
        let mut cells = row.cells();
        let (key, host): (i64, i64) = (cells.take()?, cells.take()?);
        let place = (host, store(&cells.take::<String>()?)?, cells.take::<String>()?);
        let gone = cells.take::<Option<Micros>>()?.is_some();
        let names = names.remove(&key).unwrap_or_default();
        let (size, sizes, digests) = (cells.take()?, cells.take()?, cells.take()?);
        let lies = Lies { size, sizes, digests, names };
        known.insert(place, Known { key, gone, lies });
    }
    Ok(known)
}

/// Stores what these images are, where nobody told it before; their keys by project and id.
async fn content(
    tx: &mut Tx,
    new: &BTreeMap<Place<'_>, (i64, &Image, Lies)>,
) -> Result<HashMap<(i64, String), i64>> {
    let images: BTreeMap<(i64, &str), &Image> =
        new.iter().map(|((_, _, id), (project, image, _))| ((*project, *id), *image)).collect();
    let mut values = Vec::with_capacity(images.len() * 7);
    for ((project, id), image) in images {
        let layers: Vec<_> = image.layers.iter().map(|it| (&it.digest, &it.command)).collect();
        let (layers, labels) = (json(&layers)?, json(&image.labels)?);
        values.extend(binds![project, id, image.created, &image.architecture, &image.os]);
        values.extend(binds![layers, labels]);
    }
    // An update that changes nothing, so that the key is returned.
    let head = "INSERT INTO images (project, id, created_at, architecture, os, layers, labels)";
    let tail =
        "ON CONFLICT (project, id) DO UPDATE SET id = excluded.id RETURNING project, id, key";
    let rows = tx.bulk_insert(head, 7, values, tail).await?;
    let key = |row: &crate::db::Row| {
        let mut cells = row.cells();
        Ok(((cells.take()?, cells.take()?), cells.take()?))
    };
    rows.iter().map(key).collect()
}
