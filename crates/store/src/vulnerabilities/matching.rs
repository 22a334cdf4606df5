//! How far facts were compared with what is known, and what came of it.

use super::Class;
use super::changes::{Area, Event, Gathered};
use crate::Tx;
use crate::assets::facts;
use crate::db::binds;
use muster_model::{Kind, Micros, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

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

/// Begins anew, with another state of knowledge. What was found so far stands until its fact is compared again; how that differs
/// are events.
///
/// # Errors
/// Those of the database.
pub async fn begin(tx: &mut Tx, state: &State) -> Result<()> {
    tx.execute(
        "INSERT INTO matched (one, knowledge, built, known, up_to, at) VALUES (1, ?, ?, ?, ?, ?) \
         ON CONFLICT (one) DO UPDATE SET knowledge = excluded.knowledge, built = excluded.built, \
         known = excluded.known, up_to = excluded.up_to, at = excluded.at, judged_to = \
         CASE WHEN matched.up_to > matched.judged_to THEN matched.up_to ELSE matched.judged_to END",
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
/// the time they were first made. What differs from what earlier knowledge said of a fact is an event.
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
    let told = known(tx, knowledge, judged).await?;
    let again = Again::of(tx, knowledge).await?;
    let sql =
        "SELECT fact, vulnerability, fixed FROM fact_vulnerabilities WHERE fact > ? AND fact <= ?";
    let mut gone: BTreeMap<i64, BTreeMap<i64, String>> = BTreeMap::new();
    for row in tx.all(sql, binds![after, last]).await? {
        let mut cells = row.cells();
        gone.entry(cells.take()?).or_default().insert(cells.take()?, cells.take()?);
    }
    let mut found = BTreeSet::new();
    let mut values = Vec::new();
    let mut unchecked = Vec::new();
    let mut events = Lying::of(tx, &again, after, last).await?;
    for Judged { fact, against, unchecked: why } in judged {
        for it in against {
            let Some(told) = told.get(it.id.as_str()) else { continue };
            if found.insert((fact.fact, told.key)) {
                let before = gone.get_mut(&fact.fact).and_then(|keys| keys.remove(&told.key));
                if again.covers(fact.fact) {
                    told.compare(fact, it, before.as_deref(), &mut events);
                }
                let class = Class::of(fact.kind).code();
                values.extend(binds![
                    fact.fact,
                    told.key,
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
    gone.retain(|_, keys| !keys.is_empty());
    withdrawn(tx, judged, &gone, &again, &mut events).await?;
    events.on_hosts.write(tx, Area::Hosts, knowledge, now).await?;
    events.in_images.write(tx, Area::Images, knowledge, now).await?;
    for (fact, vulnerabilities) in gone {
        let head = "DELETE FROM fact_vulnerabilities WHERE fact = ? AND vulnerability";
        let keys = vulnerabilities.into_keys().map(Into::into).collect();
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

/// The facts that are compared again, for the first time with this knowledge.
struct Again {
    up_to: i64,
    judged_to: i64,
}

impl Again {
    async fn of(tx: &mut Tx, knowledge: &str) -> Result<Self> {
        let sql = "SELECT up_to, judged_to FROM matched WHERE knowledge = ?";
        let Some(row) = tx.optional(sql, binds![knowledge]).await? else {
            return Ok(Self { up_to: 0, judged_to: 0 });
        };
        let mut cells = row.cells();
        Ok(Self { up_to: cells.take()?, judged_to: cells.take()? })
    }

    const fn covers(&self, fact: i64) -> bool {
        self.up_to < fact && fact <= self.judged_to
    }
}

/// Events of facts, by where these are now. A fact that is nowhere any more is of the past, and nothing happens to it.
#[derive(Default)]
struct Lying {
    hosts: HashSet<i64>,
    images: HashSet<i64>,
    on_hosts: Gathered,
    in_images: Gathered,
}

impl Lying {
    /// Where the facts after `after` up to `last` are, if they make events.
    async fn of(tx: &mut Tx, again: &Again, after: i64, last: i64) -> Result<Self> {
        if again.judged_to <= after {
            return Ok(Self::default());
        }
        let sql = "SELECT DISTINCT fact FROM sightings WHERE fact > ? AND fact <= ?";
        let rows = tx.all(sql, binds![after, last]).await?;
        let hosts = rows.iter().map(|row| row.only()).collect::<Result<_>>()?;
        let sql = "SELECT DISTINCT x.fact FROM image_facts x WHERE x.fact > ? AND x.fact <= ? AND EXISTS \
                   (SELECT 1 FROM image_sightings s WHERE s.image = x.image AND s.gone_at IS NULL)";
        let rows = tx.all(sql, binds![after, last]).await?;
        let images = rows.iter().map(|row| row.only()).collect::<Result<_>>()?;
        Ok(Self { hosts, images, ..Self::default() })
    }

    fn add(&mut self, fact: &Pending, vulnerability: &str, event: Event, was: &str, now: &str) {
        if self.hosts.contains(&fact.fact) {
            self.on_hosts.add(fact.project, vulnerability, event, was, now);
        }
        if self.images.contains(&fact.fact) {
            self.in_images.add(fact.project, vulnerability, event, was, now);
        }
    }
}

/// Makes events of what facts no longer have. Of one that cannot be compared any more nothing is withdrawn.
async fn withdrawn(
    tx: &mut Tx,
    judged: &[Judged],
    gone: &BTreeMap<i64, BTreeMap<i64, String>>,
    again: &Again,
    events: &mut Lying,
) -> Result<()> {
    let keys: BTreeSet<i64> = gone.values().flat_map(BTreeMap::keys).copied().collect();
    let keys = keys.into_iter().map(Into::into).collect();
    let head = "SELECT key, id, grade FROM vulnerabilities WHERE key";
    let mut named: HashMap<i64, (String, i64)> = HashMap::new();
    for row in tx.all_in(head, vec![], keys).await? {
        let mut cells = row.cells();
        named.insert(cells.take()?, (cells.take()?, cells.take()?));
    }
    for Judged { fact, unchecked, .. } in judged {
        let Some(keys) = gone.get(&fact.fact) else { continue };
        if unchecked.is_some() || !again.covers(fact.fact) {
            continue;
        }
        for (id, grade) in keys.keys().filter_map(|key| named.get(key)) {
            events.add(fact, id, Event::Withdrawn, &grade.to_string(), "");
        }
    }
    Ok(())
}

/// A vulnerability's key, and what the knowledge before this one said.
struct Told {
    key: i64,
    was_grade: i64,
    was_exploited: bool,
}

impl Told {
    /// Makes events of how a finding differs from the one before, of which `before` are the versions that repaired it.
    fn compare(&self, fact: &Pending, it: &Against, before: Option<&str>, events: &mut Lying) {
        let mut add = |event, was: &str, now: &str| events.add(fact, &it.id, event, was, now);
        let grade = i64::from(it.grade);
        let Some(before) = before else {
            return add(Event::Found, "", &grade.to_string());
        };
        if it.exploited && !self.was_exploited {
            add(Event::Exploited, "", "");
        }
        if before.is_empty() && !it.fixed.is_empty() {
            add(Event::Fixed, "", &it.fixed.join("\n"));
        }
        if grade != self.was_grade {
            add(Event::Graded, &self.was_grade.to_string(), &grade.to_string());
        }
    }
}

/// All vulnerabilities that are named, as they are known now.
async fn known<'j>(
    tx: &mut Tx,
    knowledge: &str,
    judged: &'j [Judged],
) -> Result<HashMap<String, Told>> {
    let named: BTreeMap<&'j str, &'j Against> = judged
        .iter()
        .flat_map(|judged| &judged.against)
        .map(|against| (against.id.as_str(), against))
        .collect();
    let mut values = Vec::with_capacity(named.len() * 10);
    for it in named.into_values() {
        values.extend(binds![
            &it.id,
            i64::from(it.grade),
            it.score,
            it.exploited,
            &it.reason,
            &it.summary,
            &it.url,
            knowledge,
            i64::from(it.grade),
            it.exploited
        ]);
    }
    let rows = tx
        .bulk_insert(
            "INSERT INTO vulnerabilities (id, grade, score, exploited, reason, summary, url, told_by, was_grade, \
             was_exploited)",
            10,
            values,
            "ON CONFLICT (id) DO UPDATE SET \
             was_grade = CASE WHEN vulnerabilities.told_by = excluded.told_by THEN vulnerabilities.was_grade \
             ELSE vulnerabilities.grade END, \
             was_exploited = CASE WHEN vulnerabilities.told_by = excluded.told_by THEN vulnerabilities.was_exploited \
             ELSE vulnerabilities.exploited END, told_by = excluded.told_by, \
             grade = excluded.grade, score = excluded.score, exploited = excluded.exploited, \
             reason = excluded.reason, summary = excluded.summary, url = excluded.url \
             RETURNING id, key, was_grade, was_exploited",
        )
        .await?;
    rows.iter()
        .map(|row| {
            let mut cells = row.cells();
            let (id, key) = (cells.take()?, cells.take()?);
            Ok((id, Told { key, was_grade: cells.take()?, was_exploited: cells.take()? }))
        })
        .collect()
}
