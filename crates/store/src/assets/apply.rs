//! Takes in what an agent reports of its scopes.
//!
//! A difference applies to exactly the state it was made from, known by the agent's digest of it; the new
//! digest is stored in the same transaction as the rows. Whatever does not fit is asked for in full. So
//! lost, repeated and reordered messages converge, and none is applied twice.

mod journal;
mod rows;
mod scopes;

use super::diff::{Outcome, Place, diff};
use super::facts;
use crate::Tx;
use journal::Journal;
use muster_model::report::{Body, Digest, Row, RowKey, ScopeReport, Volatile};
use muster_model::{Error, Fact, Kind, Micros, Result};
use scopes::{Scope, Scopes};
use std::collections::{HashMap, HashSet};

/// Rows one scope may hold.
pub const MAX_ROWS: usize = 200_000;

/// Whose scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Key of the project.
    pub project: i64,
    /// Key of the host.
    pub host: i64,
}

/// What became of the report of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It does not fit what is stored: the scope is wanted in full.
    NeedFull,
    /// The state was known already; only the time of the look was noted.
    Unchanged,
    /// The state is another one now.
    Changed {
        /// Assets that are new.
        added: usize,
        /// Assets that are gone.
        removed: usize,
        /// Assets whose content changed.
        modified: usize,
    },
}

/// Applies the scopes of one report, in their order, and answers for each.
///
/// Times are the server's: a change happened when the server learned of it, and never before the last one
/// of its scope.
///
/// # Errors
/// `Invalid` for a fact of another kind than its scope's, a fact beyond the limits, two rows of one name;
/// `TooLarge` beyond [`MAX_ROWS`].
pub async fn apply(
    tx: &mut Tx,
    target: Target,
    reports: &[ScopeReport],
    now: Micros,
) -> Result<Vec<Applied>> {
    let mut scopes = Scopes::load(tx, target.host, reports).await?;
    let mut journal = Journal::default();
    let mut answers = Vec::with_capacity(reports.len());
    for report in reports {
        let scope = scopes.open(tx, report, now).await?;
        answers.push(one(tx, target, scope, report, &mut journal).await?);
    }
    scopes.write(tx).await?;
    journal.write(tx, target).await?;
    Ok(answers)
}

async fn one(
    tx: &mut Tx,
    target: Target,
    scope: Option<&mut Scope>,
    report: &ScopeReport,
    journal: &mut Journal,
) -> Result<Applied> {
    let Some(scope) = scope else {
        // A container nobody heard of: there is nothing to compare with.
        return Ok(match report.body {
            Body::Gone => Applied::Unchanged,
            _ => Applied::NeedFull,
        });
    };
    let known = scope.digest == Some(report.digest);
    match &report.body {
        Body::Gone if scope.digest.is_none() => Ok(Applied::Unchanged),
        Body::Gone => {
            let old = rows::of_scope(tx, target, scope).await?;
            let outcome = diff(scope.kind, &old, Vec::new(), scope.at);
            settle(tx, target, scope, None, &outcome, &[], journal).await
        }
        Body::Same | Body::Delta { .. } | Body::Full { .. } if known => {
            scope.look();
            Ok(Applied::Unchanged)
        }
        Body::Same => Ok(Applied::NeedFull),
        Body::Delta { base, added, removed } => {
            if scope.digest != Some(*base) {
                return Ok(Applied::NeedFull);
            }
            let new = Named::new(tx, target, scope, added).await?;
            let Some(gone) = gone(tx, target, removed).await? else {
                return Ok(Applied::NeedFull);
            };
            let touched: HashSet<(i64, u32)> =
                gone.iter().copied().chain(new.places.iter().map(|p| (p.fact, p.seq))).collect();
            let mut old = rows::of_facts(tx, target, scope, touched.iter().map(|t| t.0)).await?;
            old.retain(|place| touched.contains(&(place.fact, place.seq)));
            let there: HashSet<(i64, u32)> = old.iter().map(|p| (p.fact, p.seq)).collect();
            if gone.iter().any(|key| !there.contains(key)) {
                return Ok(Applied::NeedFull);
            }
            let outcome = diff(scope.kind, &old, new.places, scope.at);
            settle(tx, target, scope, Some(report.digest), &outcome, &new.facts, journal).await
        }
        Body::Full { rows: all } => {
            let new = Named::new(tx, target, scope, all).await?;
            if scope.digest.is_none() {
                let outcome = diff(scope.kind, &[], new.places, scope.at);
                rows::write(tx, target, scope, &outcome).await?;
                let n = outcome.begun.len();
                journal.baseline(scope, n);
                scope.change(Some(report.digest), n, 0);
                return Ok(Applied::Changed { added: n, removed: 0, modified: 0 });
            }
            let old = rows::of_scope(tx, target, scope).await?;
            let outcome = diff(scope.kind, &old, new.places, scope.at);
            settle(tx, target, scope, Some(report.digest), &outcome, &new.facts, journal).await
        }
    }
}

/// Writes what a comparison found.
async fn settle(
    tx: &mut Tx,
    target: Target,
    scope: &mut Scope,
    digest: Option<Digest>,
    outcome: &Outcome,
    facts: &[(i64, &Fact)],
    journal: &mut Journal,
) -> Result<Applied> {
    rows::write(tx, target, scope, outcome).await?;
    let modified = journal.record(tx, scope, outcome, facts).await?;
    let (begun, ended) = (outcome.begun.len(), outcome.ended.len());
    scope.change(digest, begun, ended);
    Ok(Applied::Changed {
        added: begun.saturating_sub(modified),
        removed: ended.saturating_sub(modified),
        modified,
    })
}

/// Reported rows by the ids of their facts.
struct Named<'r> {
    places: Vec<Place>,
    facts: Vec<(i64, &'r Fact)>,
}

impl<'r> Named<'r> {
    async fn new(tx: &mut Tx, target: Target, scope: &Scope, rows: &'r [Row]) -> Result<Self> {
        if rows.len() > MAX_ROWS {
            let message = format!("rows: more than {MAX_ROWS} in one scope");
            return Err(Error::new(muster_model::ErrorKind::TooLarge, message));
        }
        for row in rows {
            if row.fact.kind() != scope.kind {
                return Err(Error::invalid("rows", "a fact is of another kind than its scope"));
            }
            row.fact.check()?;
        }
        let facts: Vec<&Fact> = rows.iter().map(|row| &row.fact).collect();
        let ids = facts::intern(tx, target.project, &facts).await?;
        let places: Vec<Place> = rows
            .iter()
            .zip(&ids)
            .map(|(row, id)| Place {
                fact: *id,
                seq: row.seq,
                volatile: kept(scope.kind, row.volatile),
                first_seen: scope.at,
            })
            .collect();
        let mut keys = HashSet::with_capacity(places.len());
        if !places.iter().all(|place| keys.insert((place.fact, place.seq))) {
            return Err(Error::invalid("rows", "two rows have the same content and seq"));
        }
        Ok(Self { places, facts: ids.into_iter().zip(facts).collect() })
    }
}

/// Access times are kept for the kinds whose lists show them: they would be a tenth of a host's bytes, and
/// move with every look.
fn kept(kind: Kind, volatile: Volatile) -> Volatile {
    match kind {
        Kind::Database | Kind::WebCms | Kind::WebService => volatile,
        _ => Volatile { atime: None, ..volatile },
    }
}

/// The rows an agent removes, by the ids of their facts; none if the store has never heard of one.
async fn gone(tx: &mut Tx, target: Target, removed: &[RowKey]) -> Result<Option<Vec<(i64, u32)>>> {
    let hashes: HashMap<RowKey, [u8; 16]> =
        removed.iter().map(|key| (*key, facts::stored_hash(target.project, key.fact))).collect();
    let ids = facts::ids(tx, hashes.values().copied()).await?;
    Ok(hashes.iter().map(|(key, hash)| Some((*ids.get(hash)?, key.seq))).collect())
}
