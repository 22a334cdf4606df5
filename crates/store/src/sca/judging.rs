//! Tasks that are judged again when other knowledge is taken in, and what they were judged by.

use super::tasks::{Task, by_key};
use crate::Tx;
use crate::db::{Bind, binds};
use crate::vulnerabilities::changes::{Event, Gathered};
use muster_model::{Micros, Result};
use std::collections::{BTreeSet, HashMap};

/// A component that has a vulnerability: number and uuid.
pub type Pair = (String, String);

/// The first task after a key (0: of all) that has results and a report, and was judged by knowledge compiled before `built`.
///
/// # Errors
/// Those of the database.
pub async fn due(tx: &mut Tx, built: Micros, after: i64) -> Result<Option<Task>> {
    let sql = "SELECT key FROM sca_tasks t WHERE status = 2 AND judged < ? AND key > ? AND EXISTS \
               (SELECT 1 FROM sca_documents d WHERE d.task = t.key) ORDER BY key LIMIT 1";
    match tx.optional(sql, binds![built, after]).await? {
        Some(row) => by_key(tx, row.only()?).await,
        None => Ok(None),
    }
}

/// When the knowledge was compiled that a task was last judged by, 0 for none.
///
/// # Errors
/// Those of the database.
pub async fn judged(tx: &mut Tx, task: i64) -> Result<Micros> {
    let row = tx.optional("SELECT judged FROM sca_tasks WHERE key = ?", binds![task]).await?;
    row.map_or(Ok(Micros(0)), |row| row.only())
}

/// Notes by which knowledge a task is judged. No: it was judged by this or newer, or is gone.
///
/// # Errors
/// Those of the database.
pub async fn note(tx: &mut Tx, task: i64, built: Micros) -> Result<bool> {
    let sql = "UPDATE sca_tasks SET judged = ? WHERE key = ? AND judged < ?";
    Ok(tx.execute(sql, binds![built, task, built]).await? == 1)
}

/// Puts the numbers of what is stored of a task, and what was checked against what, in the place of the older ones.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx, task: i64, coverage: &str) -> Result<()> {
    let sql = "UPDATE sca_tasks SET coverage = ?, \
               components = (SELECT count(*) FROM sca_task_components c WHERE c.task = sca_tasks.key), \
               vulnerabilities = (SELECT count(DISTINCT f.vulnerability) FROM sca_task_findings f \
                                  WHERE f.task = sca_tasks.key), \
               licences = (SELECT count(DISTINCT l.licence) FROM sca_task_licences l \
                           WHERE l.task = sca_tasks.key) WHERE key = ?";
    tx.execute(sql, binds![coverage, task]).await.map(drop)
}

/// Which components of a task have which vulnerability.
///
/// # Errors
/// Those of the database.
pub async fn pairs(tx: &mut Tx, task: i64) -> Result<BTreeSet<Pair>> {
    let sql = "SELECT v.number, c.uuid FROM sca_task_findings f JOIN sca_vulnerabilities v ON v.key = f.vulnerability \
               JOIN sca_components c ON c.key = f.component WHERE f.task = ?";
    let rows = tx.all(sql, binds![task]).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}

/// What is told of a vulnerability now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Its number.
    pub number: String,
    /// CVE where there is one, else the source's own number.
    pub id: String,
    /// 1 critical to 5 unknown.
    pub grade: u8,
    /// Known to be exploited.
    pub exploited: bool,
    /// Versions that repair it, by package.
    pub fixes: Vec<String>,
}

/// What the knowledge before told of a vulnerability.
struct Before {
    grade: i64,
    exploited: bool,
    mended: bool,
}

/// Makes events of how what a task has differs from what it had, `before`. Of components that cannot be compared any more
/// (`unchecked`, by uuid) nothing is withdrawn.
///
/// # Errors
/// Those of the database.
pub async fn compare(
    tx: &mut Tx,
    project: i64,
    before: &BTreeSet<Pair>,
    now: &BTreeSet<Pair>,
    told: &[Telling],
    unchecked: &BTreeSet<&str>,
) -> Result<Gathered> {
    let mut events = Gathered::default();
    let was = was(tx, told).await?;
    let told: HashMap<&str, &Telling> = told.iter().map(|it| (it.number.as_str(), it)).collect();
    for pair in now {
        let Some(it) = told.get(pair.0.as_str()) else { continue };
        let mut add = |event, was: &str, now: &str| events.add(project, &it.id, event, was, now);
        let grade = it.grade.to_string();
        if !before.contains(pair) {
            add(Event::Found, "", &grade);
            continue;
        }
        let Some(was) = was.get(&it.number) else { continue };
        if it.exploited && !was.exploited {
            add(Event::Exploited, "", "");
        }
        if !it.fixes.is_empty() && !was.mended {
            add(Event::Fixed, "", &it.fixes.join("\n"));
        }
        if i64::from(it.grade) != was.grade {
            add(Event::Graded, &was.grade.to_string(), &grade);
        }
    }
    let gone: Vec<&Pair> =
        before.difference(now).filter(|pair| !unchecked.contains(pair.1.as_str())).collect();
    let numbers: BTreeSet<&str> = gone.iter().map(|pair| pair.0.as_str()).collect();
    let named = named(tx, numbers).await?;
    for (id, grade) in gone.iter().filter_map(|pair| named.get(&pair.0)) {
        events.add(project, id, Event::Withdrawn, &grade.to_string(), "");
    }
    Ok(events)
}

async fn was(tx: &mut Tx, told: &[Telling]) -> Result<HashMap<String, Before>> {
    let head =
        "SELECT number, was_grade, was_exploited, was_mended FROM sca_vulnerabilities WHERE number";
    let numbers = told.iter().map(|it| Bind::from(&it.number)).collect();
    let rows = tx.all_in(head, vec![], numbers).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            let number = cells.take()?;
            let (grade, exploited, mended) = (cells.take()?, cells.take()?, cells.take()?);
            Ok((number, Before { grade, exploited, mended }))
        })
        .collect()
}

/// Ids and grades of vulnerabilities that may not be told of any more, by their numbers.
async fn named(tx: &mut Tx, numbers: BTreeSet<&str>) -> Result<HashMap<String, (String, i64)>> {
    let head = "SELECT number, id, grade FROM sca_vulnerabilities WHERE number";
    let rows = tx.all_in(head, vec![], numbers.into_iter().map(Bind::from).collect()).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            let (number, id, grade): (String, String, i64) =
                (cells.take()?, cells.take()?, cells.take()?);
            let id = if id.is_empty() { number.clone() } else { id };
            Ok((number, (id, grade)))
        })
        .collect()
}
