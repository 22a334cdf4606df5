//! Which programs the containers of an image run: learned for a while, then known.

use crate::Tx;
use crate::assets::Target;
use crate::db::binds;
use muster_model::container::{Details, Sign, SignKind};
use muster_model::report::ContainerRef;
use muster_model::{Kind, Micros, Page, Paging, Result};
use std::collections::BTreeSet;

/// The containers' image, by which programs are known.
pub(super) const IMAGE: &str = "CASE WHEN c.image_id <> '' THEN c.image_id ELSE c.image END";

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

/// An image whose programs are learned, or were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// Its id, or its name where no id is known.
    pub image: String,
    /// What a container of it was last started as; empty where no container is remembered.
    pub name: String,
    /// Until when it is learned.
    pub until: Micros,
    /// How many programs are known.
    pub programs: i64,
    /// Whether its containers are to run nothing else once they are.
    pub blocking: bool,
}

/// A program that the containers of an image may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it lies in them.
    pub path: String,
    /// When it was first seen, or allowed.
    pub first_seen: Micros,
}

/// The images of a project whose programs are known, by id.
///
/// # Errors
/// Those of the database.
pub async fn learned_images(tx: &mut Tx, project: i64, paging: Paging) -> Result<Page<Learned>> {
    let count = "SELECT COUNT(*) FROM image_learning WHERE project = ?";
    let total = tx.one(count, binds![project]).await?.cells().take()?;
    let sql = format!(
        "SELECT l.image, COALESCE((SELECT MAX(c.image) FROM containers c JOIN hosts h ON h.key = c.host \
         WHERE h.project = l.project AND {IMAGE} = l.image), ''), l.until, \
         (SELECT COUNT(*) FROM image_programs p WHERE p.project = l.project AND p.image = l.image), l.blocking \
         FROM image_learning l WHERE l.project = ? ORDER BY l.image LIMIT ? OFFSET ?"
    );
    let rows = tx.all(sql, binds![project, paging.limit, paging.offset]).await?;
    let rows = rows.iter().map(|row| {
        let mut cells = row.cells();
        let (image, name) = (cells.take()?, cells.take()?);
        let (until, programs) = (cells.take()?, cells.take()?);
        let blocking = cells.take::<i64>()? != 0;
        Ok(Learned { image, name, until, programs, blocking })
    });
    Ok(Page { total, rows: rows.collect::<Result<_>>()? })
}

/// The programs of an image, by path; none if the image is not known.
///
/// # Errors
/// Those of the database.
pub async fn programs(
    tx: &mut Tx,
    project: i64,
    image: &str,
    paging: Paging,
) -> Result<Option<Page<Program>>> {
    if !is_known(tx, project, image).await? {
        return Ok(None);
    }
    let of = "FROM image_programs WHERE project = ? AND image = ?";
    let count = format!("SELECT COUNT(*) {of}");
    let total = tx.one(count, binds![project, image]).await?.cells().take()?;
    let sql = format!("SELECT path, first_seen {of} ORDER BY path LIMIT ? OFFSET ?");
    let rows = tx.all(sql, binds![project, image, paging.limit, paging.offset]).await?;
    let rows = rows.iter().map(|row| {
        let mut cells = row.cells();
        Ok(Program { path: cells.take()?, first_seen: cells.take()? })
    });
    Ok(Some(Page { total, rows: rows.collect::<Result<_>>()? }))
}

/// Lets the containers of an image run a program. False if the image is not known.
///
/// # Errors
/// Those of the database.
pub async fn allow_program(
    tx: &mut Tx,
    project: i64,
    image: &str,
    path: &str,
    now: Micros,
) -> Result<bool> {
    if !is_known(tx, project, image).await? {
        return Ok(false);
    }
    let sql = "INSERT INTO image_programs (project, image, path, first_seen) VALUES (?, ?, ?, ?) \
               ON CONFLICT (project, image, path) DO NOTHING";
    tx.execute(sql, binds![project, image, path, now]).await?;
    Ok(true)
}

/// Forgets an image's programs: it is learned anew when next it runs on a protected host. False if it is not known.
///
/// # Errors
/// Those of the database.
pub async fn relearn(tx: &mut Tx, project: i64, image: &str) -> Result<bool> {
    let of = |table| format!("DELETE FROM {table} WHERE project = ? AND image = ?");
    tx.execute(of("image_programs"), binds![project, image]).await?;
    Ok(tx.execute(of("image_learning"), binds![project, image]).await? > 0)
}

async fn is_known(tx: &mut Tx, project: i64, image: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM image_learning WHERE project = ? AND image = ?";
    Ok(tx.optional(sql, binds![project, image]).await?.is_some())
}
