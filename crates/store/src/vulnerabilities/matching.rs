//! How far facts were compared with what is known, and what came of it.

use super::Class;
use crate::Tx;
use crate::assets::facts;
use crate::db::binds;
use muster_model::{Kind, Micros, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The state of knowledge facts are compared with, and how far that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Digest of the knowledge.
    pub knowledge: String,
    /// When the knowledge was compiled.
    pub built: Micros,
    /// How many vulnerabilities it knows.
    pub known: i64,
    /// The last fact that was compared.
    pub up_to: i64,
    /// When facts were last compared.
    pub at: Micros,
}

/// A fact that waits to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its id.
    pub fact: i64,
    /// Key of its project.
    pub project: i64,
    /// Its kind.
    pub kind: Kind,
    /// Its package URL; none where nothing told what it is.
    pub purl: Option<String>,
}

/// A vulnerability a fact has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Against {
    /// CVE where there is one, else the source's own number.
    pub id: String,
    /// 1 critical to 5 unknown.
    pub grade: u8,
    /// CVSS base score in tenths.
    pub score: Option<i64>,
    /// Known to be exploited.
    pub exploited: bool,
    /// Why this grade.
    pub reason: String,
    /// What it is, in a sentence.
    pub summary: String,
    /// Where more is told.
    pub url: String,
    /// Versions that repair it, ascending.
    pub fixed: Vec<String>,
}

/// What came of comparing a fact.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The fact.
    pub fact: Pending,
    /// What it has.
    pub against: Vec<Against>,
    /// Why it could not be compared; none where it was.
    pub unchecked: Option<String>,
}

/// How far the comparing is.
///
/// # Errors
/// Those of the database.
pub async fn state(tx: &mut Tx) -> Result<Option<State>> {
    let row = tx.optional("SELECT knowledge, built, known, up_to, at FROM matched", vec![]).await?;
    row.map(|row| {
        let mut cells = row.cells();
        Ok(State {
            knowledge: cells.take()?,
            built: cells.take()?,
            known: cells.take()?,
            up_to: cells.take()?,
            at: cells.take()?,
        })
    })
    .transpose()
}

/// Begins anew, with another state of knowledge. What was found so far stands until its fact is compared again.
///
/// # Errors
/// Those of the database.
pub async fn begin(tx: &mut Tx, state: &State) -> Result<()> {
    tx.execute(
        "INSERT INTO matched (one, knowledge, built, known, up_to, at) VALUES (1, ?, ?, ?, ?, ?) \
         ON CONFLICT (one) DO UPDATE SET knowledge = excluded.knowledge, built = excluded.built, \
         known = excluded.known, up_to = excluded.up_to, at = excluded.at",
        binds![&state.knowledge, state.built, state.known, state.up_to, state.at],
    )
    .await
    .map(drop)
}

/// Kinds that are software: what of them has no package URL cannot be compared, and that has to be said.
const SOFTWARE: [Kind; 6] = [
    Kind::App,
    Kind::Database,
    Kind::JarPackage,
    Kind::WebCms,
    Kind::WebFramework,
    Kind::WebService,
];

/// The next facts that are software, or have a package URL, `limit` at most, by id.
///
/// # Errors
/// Those of the database.
pub async fn pending(tx: &mut Tx, after: i64, limit: u32) -> Result<Vec<Pending>> {
    let kinds = SOFTWARE.map(|kind| kind.code().to_string()).join(",");
    let sql = format!(
        "SELECT id, project, kind, purl FROM facts WHERE id > ? AND (purl IS NOT NULL OR kind IN ({kinds})) \
         ORDER BY id LIMIT ?"
    );
    let rows = tx.all(sql, binds![after, limit]).await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok(Pending {
                fact: cells.take()?,
                project: cells.take()?,
                kind: facts::kind(cells.take()?)?,
                purl: cells.take()?,
            })
        })
        .collect()
}

/// Writes what came of comparing the facts after `after` up to the last of `judged`, which is all of them that
/// [`pending`] answers, and that it was done by `knowledge` at `now`. Findings that are no more go, the others keep
/// the time they were first made.
///
/// # Errors
/// Those of the database.
pub async fn record(
    tx: &mut Tx,
    knowledge: &str,
    after: i64,
    judged: &[Judged],
    now: Micros,
) -> Result<()> {
    let Some(last) = judged.last().map(|judged| judged.fact.fact) else { return Ok(()) };
    let keys = known(tx, judged).await?;
    let mut found = BTreeSet::new();
    let mut values = Vec::new();
    let mut unchecked = Vec::new();
    for Judged { fact, against, unchecked: why } in judged {
        for it in against {
            let Some(key) = keys.get(it.id.as_str()).copied() else { continue };
            if found.insert((fact.fact, key)) {
                let class = Class::of(fact.kind).code();
                values.extend(binds![
                    fact.fact,
                    key,
                    fact.project,
                    class,
                    it.fixed.join("\n"),
                    now
                ]);
            }
        }
        if let Some(why) = why {
            unchecked.extend(binds![fact.fact, fact.project, why]);
        }
    }
    let sql = "SELECT fact, vulnerability FROM fact_vulnerabilities WHERE fact > ? AND fact <= ?";
    let mut gone: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for row in tx.all(sql, binds![after, last]).await? {
        let mut cells = row.cells();
        let (fact, vulnerability) = (cells.take()?, cells.take()?);
        if !found.contains(&(fact, vulnerability)) {
            gone.entry(fact).or_default().push(vulnerability);
        }
    }
    for (fact, vulnerabilities) in gone {
        let head = "DELETE FROM fact_vulnerabilities WHERE fact = ? AND vulnerability";
        let keys = vulnerabilities.into_iter().map(Into::into).collect();
        tx.all_in(head, binds![fact], keys).await?;
    }
    tx.bulk_insert(
        "INSERT INTO fact_vulnerabilities (fact, vulnerability, project, class, fixed, first_found)",
        6,
        values,
        "ON CONFLICT (fact, vulnerability) DO UPDATE SET fixed = excluded.fixed",
    )
    .await?;
    tx.execute("DELETE FROM fact_unchecked WHERE fact > ? AND fact <= ?", binds![after, last])
        .await?;
    tx.bulk_insert("INSERT INTO fact_unchecked (fact, project, why)", 3, unchecked, "").await?;
    // Another server may have gone on to newer knowledge, or further.
    tx.execute(
        "UPDATE matched SET at = ?, up_to = CASE WHEN up_to < ? THEN ? ELSE up_to END WHERE knowledge = ?",
        binds![now, last, last, knowledge],
    )
    .await
    .map(drop)
}

/// The keys of all vulnerabilities that are named, as they are known now.
async fn known<'j>(tx: &mut Tx, judged: &'j [Judged]) -> Result<HashMap<String, i64>> {
    let named: BTreeMap<&'j str, &'j Against> = judged
        .iter()
        .flat_map(|judged| &judged.against)
        .map(|against| (against.id.as_str(), against))
        .collect();
    let mut values = Vec::with_capacity(named.len() * 7);
    for it in named.into_values() {
        values.extend(binds![
            &it.id,
            i64::from(it.grade),
            it.score,
            it.exploited,
            &it.reason,
            &it.summary,
            &it.url
        ]);
    }
    let rows = tx
        .bulk_insert(
            "INSERT INTO vulnerabilities (id, grade, score, exploited, reason, summary, url)",
            7,
            values,
            "ON CONFLICT (id) DO UPDATE SET grade = excluded.grade, score = excluded.score, \
             exploited = excluded.exploited, reason = excluded.reason, summary = excluded.summary, \
             url = excluded.url RETURNING id, key",
        )
        .await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}
