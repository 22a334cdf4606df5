//! Which programs the containers of an image run: learned for a while, then known.

use crate::Tx;
use crate::assets::Target;
use crate::db::binds;
use muster_model::container::{Details, Sign, SignKind};
use muster_model::report::ContainerRef;
use muster_model::{Kind, Micros, Result};
use std::collections::BTreeSet;

/// The containers' image, by which programs are known.
const IMAGE: &str = "CASE WHEN c.image_id <> '' THEN c.image_id ELSE c.image END";

/// Looks at the programs that run now in the containers of a host: those of an image that is still being learned become
/// known, those of others are answered as signs. An image nobody saw before is learned until `until`.
///
/// # Errors
/// Those of the database.
pub async fn unknown_programs(
    tx: &mut Tx,
    target: Target,
    now: Micros,
    until: Micros,
) -> Result<Vec<Details>> {
    let sql = format!(
        "SELECT DISTINCT c.id, c.name, c.image, {IMAGE}, f.path, l.until FROM sightings s \
         JOIN facts f ON f.id = s.fact JOIN containers c ON c.key = s.container \
         LEFT JOIN image_learning l ON l.project = ? AND l.image = {IMAGE} \
         WHERE s.host = ? AND s.kind = ? AND s.container > 0 AND f.path <> '' AND {IMAGE} <> '' \
         AND NOT EXISTS (SELECT 1 FROM image_programs p WHERE p.project = ? AND p.image = {IMAGE} \
         AND p.path = f.path) ORDER BY f.path, c.id"
    );
    let project = target.project;
    let values = binds![project, target.host, i64::from(Kind::Process.code()), project];
    let (mut unknown, mut new, mut learned) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for row in tx.all(sql, values).await? {
        let mut cells = row.cells();
        let named = ContainerRef { id: cells.take()?, name: cells.take()? };
        let (name, image): (String, String) = (cells.take()?, cells.take()?);
        let (path, ends): (String, Option<Micros>) = (cells.take()?, cells.take()?);
        if ends.is_some_and(|ends| ends < now) {
            let sign = Sign { kind: SignKind::UnknownProgram, evidence: path };
            unknown.push(Details { named, image: name, signs: vec![sign], ..Details::default() });
            continue;
        }
        if ends.is_none() {
            new.insert(image.clone());
        }
        learned.insert((image, path));
    }
    let values = new.into_iter().flat_map(|image| binds![project, image, until]).collect();
    let tail = "ON CONFLICT (project, image) DO NOTHING RETURNING image";
    tx.bulk_insert("INSERT INTO image_learning (project, image, until)", 3, values, tail).await?;
    let each = learned.into_iter();
    let values = each.flat_map(|(image, path)| binds![project, image, path, now]).collect();
    let tail = "ON CONFLICT (project, image, path) DO NOTHING RETURNING path";
    let head = "INSERT INTO image_programs (project, image, path, first_seen)";
    tx.bulk_insert(head, 4, values, tail).await?;
    Ok(unknown)
}
