//! The software in an image, and what is known against it.

use super::scans::key;
use crate::Tx;
use crate::assets::facts;
use crate::db::{Bind, binds, folded};
use crate::vulnerabilities::{COMPARED, Class};
use muster_model::{Error, Kind, Page, Paging, Result};

/// A piece of software in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its kind.
    pub kind: Kind,
    /// Who installed it, where that is known: `dpkg`, `rpm`, `apk`.
    pub file_type: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its known vulnerabilities; none where it was not compared yet.
    pub vulnerabilities: Option<i64>,
    /// The digest of the layer that brought it, unpacked; empty where that is not known.
    pub layer: String,
}

/// The digests of an image's layers, from the lowest.
async fn layers(tx: &mut Tx, image: i64) -> Result<Vec<String>> {
    let text: String =
        tx.one("SELECT layers FROM images WHERE key = ?", binds![image]).await?.only()?;
    let layers: Vec<(String, String)> = serde_json::from_str(&text).map_err(Error::internal)?;
    Ok(layers.into_iter().map(|(digest, _)| digest).collect())
}

/// The digest of the layer with this number.
fn layer(layers: &[String], nth: Option<i64>) -> String {
    let nth = nth.and_then(|nth| usize::try_from(nth).ok());
    nth.and_then(|nth| layers.get(nth)).cloned().unwrap_or_default()
}

/// A known vulnerability of a piece of software in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakness {
    /// CVE where there is one, else the source's own number.
    pub id: String,
    /// 1 critical to 5 unknown.
    pub grade: u8,
    /// What it is, in a sentence.
    pub summary: String,
    /// Where more is told.
    pub url: String,
    /// Name of the software.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it is; empty for packages.
    pub path: String,
    /// Versions that repair it, ascending.
    pub fixed: Vec<String>,
    /// The digest of the layer that brought the software, unpacked; empty where that is not known.
    pub layer: String,
}

/// Which vulnerabilities are wanted: all that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// One of these grades, where there are any.
    pub grades: Vec<u8>,
    /// Part of the number.
    pub part: Option<String>,
    /// Part of the software's name.
    pub name: Option<String>,
    /// What it is in.
    pub class: Option<Class>,
}

/// The software in an image of a project by name; none without the image.
///
/// # Errors
/// Those of the database.
pub async fn pieces(
    tx: &mut Tx,
    project: i64,
    id: &str,
    name: Option<&str>,
    paging: Paging,
) -> Result<Option<Page<Piece>>> {
    let Some(image) = key(tx, project, id).await? else { return Ok(None) };
    let mut condition = "x.image = ?".to_owned();
    let mut values = binds![image];
    if let Some(part) = name {
        condition.push_str(&format!(" AND {}", tx.contains("f.name")));
        values.push(folded(part).into());
    }
    let from = format!("FROM image_facts x JOIN facts f ON f.id = x.fact WHERE {condition}");
    let total = tx.one(format!("SELECT count(*) {from}"), values.clone()).await?.only()?;
    values.extend(binds![paging.limit, paging.offset]);
    let sql = format!(
        "SELECT f.kind, COALESCE(f.file_type, ''), COALESCE(f.name, ''), COALESCE(f.version, ''), \
         CASE WHEN {COMPARED} THEN (SELECT count(*) FROM fact_vulnerabilities v WHERE v.fact = f.id) END, \
         x.layer {from} ORDER BY f.name, f.version, f.id LIMIT ? OFFSET ?"
    );
    let rows = tx.all(sql, values).await?;
    let layers = layers(tx, image).await?;
    let rows = rows.iter().map(|row| {
        let mut cells = row.cells();
        Ok(Piece {
            kind: facts::kind(cells.take()?)?,
            file_type: cells.take()?,
            name: cells.take()?,
            version: cells.take()?,
            vulnerabilities: cells.take()?,
            layer: layer(&layers, cells.take()?),
        })
    });
    Ok(Some(Page { total, rows: rows.collect::<Result<_>>()? }))
}

/// The known vulnerabilities of an image of a project, the worst first, once for every piece that has one; none without the
/// image.
///
/// # Errors
/// Those of the database.
pub async fn weaknesses(
    tx: &mut Tx,
    project: i64,
    id: &str,
    wanted: &Wanted,
    paging: Paging,
) -> Result<Option<Page<Weakness>>> {
    let Some(image) = key(tx, project, id).await? else { return Ok(None) };
    let mut condition = "x.image = ?".to_owned();
    let mut values = binds![image];
    if !wanted.grades.is_empty() {
        let places = vec!["?"; wanted.grades.len()].join(",");
        condition.push_str(&format!(" AND v.grade IN ({places})"));
        values.extend(wanted.grades.iter().map(|grade| Bind::from(i64::from(*grade))));
    }
    for (column, part) in [("v.id", &wanted.part), ("f.name", &wanted.name)] {
        if let Some(part) = part {
            condition.push_str(&format!(" AND {}", tx.contains(column)));
            values.push(folded(part).into());
        }
    }
    if let Some(class) = wanted.class {
        condition.push_str(" AND w.class = ?");
        values.push(class.code().into());
    }
    let from = format!(
        "FROM image_facts x JOIN fact_vulnerabilities w ON w.fact = x.fact \
         JOIN vulnerabilities v ON v.key = w.vulnerability JOIN facts f ON f.id = x.fact WHERE {condition}"
    );
    let total = tx.one(format!("SELECT count(*) {from}"), values.clone()).await?.only()?;
    values.extend(binds![paging.limit, paging.offset]);
    let sql = format!(
        "SELECT v.id, v.grade, v.summary, v.url, COALESCE(f.name, ''), COALESCE(f.version, ''), \
         COALESCE(f.path, ''), w.fixed, x.layer {from} ORDER BY v.grade, v.id, f.name, f.id LIMIT ? OFFSET ?"
    );
    let rows = tx.all(sql, values).await?;
    let layers = layers(tx, image).await?;
    let rows = rows.iter().map(|row| {
        let mut cells = row.cells();
        Ok(Weakness {
            id: cells.take()?,
            grade: cells.take()?,
            summary: cells.take()?,
            url: cells.take()?,
            name: cells.take()?,
            version: cells.take()?,
            path: cells.take()?,
            fixed: cells.take::<String>()?.lines().map(str::to_owned).collect(),
            layer: layer(&layers, cells.take()?),
        })
    });
    Ok(Some(Page { total, rows: rows.collect::<Result<_>>()? }))
}
