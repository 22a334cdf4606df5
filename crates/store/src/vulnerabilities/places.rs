//! Where a vulnerability is beside hosts: in images, and in containers that run.

use super::Class;
use crate::Tx;
use crate::db::{Bind, binds, folded};
use crate::hosts;
use muster_model::{Page, Paging, Result};

/// A vulnerability, in software of one class or of any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// CVE where there is one, else the source's own number.
    pub id: String,
    /// What it is in.
    pub class: Option<Class>,
}

impl Named {
    /// A selection of the facts that have it, and its values.
    pub(crate) fn facts(&self) -> (String, Vec<Bind>) {
        let mut sql = "SELECT w.fact FROM fact_vulnerabilities w \
                       JOIN vulnerabilities v ON v.key = w.vulnerability WHERE v.id = ?"
            .to_owned();
        let mut values = binds![&self.id];
        if let Some(class) = self.class {
            sql.push_str(" AND w.class = ?");
            values.push(class.code().into());
        }
        (sql, values)
    }
}

/// Which vulnerabilities of images are wanted: all that is set must hold.
#[derive(Clone, Debug, Default)]
pub struct InImages {
    /// What it is in.
    pub class: Option<Class>,
    /// Part of the number.
    pub part: Option<String>,
    /// One of these grades, 1 critical to 5 unknown, where there are any.
    pub grades: Vec<u8>,
    /// Of images on hosts like these.
    pub hosts: hosts::Filter,
}

/// A vulnerability of images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfImages {
    /// CVE where there is one, else the source's own number.
    pub id: String,
    /// 1 critical to 5 unknown.
    pub grade: u8,
    /// CVSS base score in tenths.
    pub score: Option<i64>,
    /// What it is, in a sentence.
    pub summary: String,
    /// Where more is told.
    pub url: String,
    /// How many images have it.
    pub images: i64,
}

/// The vulnerabilities of the images that lie on hosts of a project, the worst first.
///
/// # Errors
/// Those of the database.
pub async fn in_images(
    tx: &mut Tx,
    project: i64,
    wanted: &InImages,
    paging: Paging,
) -> Result<Page<OfImages>> {
    let (hosts, mut values) = wanted.hosts.sql(tx, project);
    let mut condition = format!(
        "x.image IN (SELECT s.image FROM image_sightings s WHERE s.gone_at IS NULL \
         AND s.host IN (SELECT key FROM hosts WHERE {hosts}))"
    );
    if let Some(class) = wanted.class {
        condition.push_str(" AND w.class = ?");
        values.push(class.code().into());
    }
    if let Some(part) = &wanted.part {
        condition.push_str(&format!(" AND {}", tx.contains("v.id")));
        values.push(folded(part).into());
    }
    if !wanted.grades.is_empty() {
        let places = vec!["?"; wanted.grades.len()].join(",");
        condition.push_str(&format!(" AND v.grade IN ({places})"));
        values.extend(wanted.grades.iter().map(|grade| Bind::from(i64::from(*grade))));
    }
    let from = format!(
        "FROM image_facts x JOIN fact_vulnerabilities w ON w.fact = x.fact \
         JOIN vulnerabilities v ON v.key = w.vulnerability WHERE {condition}"
    );
    let count = format!("SELECT count(DISTINCT v.key) {from}");
    let total = tx.one(count, values.clone()).await?.only()?;
    values.extend(binds![paging.limit, paging.offset]);
    let sql = format!(
        "SELECT v.id, v.grade, v.score, v.summary, v.url, count(DISTINCT x.image) {from} \
         GROUP BY v.key, v.id, v.grade, v.score, v.summary, v.url \
         ORDER BY v.grade, COALESCE(v.score, 0) DESC, v.id, v.key LIMIT ? OFFSET ?"
    );
    let rows = tx.all(sql, values).await?;
    let rows = rows.iter().map(|row| {
        let mut cells = row.cells();
        Ok(OfImages {
            id: cells.take()?,
            grade: u8::try_from(cells.take::<i64>()?).unwrap_or(5),
            score: cells.take()?,
            summary: cells.take()?,
            url: cells.take()?,
            images: cells.take()?,
        })
    });
    Ok(Page { total, rows: rows.collect::<Result<_>>()? })
}

/// How grave a vulnerability is, 1 critical to 5 unknown; none that nobody knows.
///
/// # Errors
/// Those of the database.
pub async fn grade(tx: &mut Tx, id: &str) -> Result<Option<u8>> {
    let sql = "SELECT min(v.grade) FROM vulnerabilities v WHERE v.id = ?";
    let grade: Option<i64> = tx.one(sql, binds![id]).await?.only()?;
    Ok(grade.and_then(|grade| u8::try_from(grade).ok()))
}
