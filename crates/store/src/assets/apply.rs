//! Takes in what an agent reports of its scopes.
//!
//! A difference applies to exactly the state it was made from, known by the agent's digest of it; the new
//! digest is stored in the same transaction as the rows. Whatever does not fit is asked for in full. So
//! lost, repeated and reordered messages converge, and none is applied twice.
//!
//! What a report costs is statements and pages. So all its scopes share one round of look-ups and one of
//! writes, and rows are written in the order of the table: neighbours share their pages.

mod change;
mod journal;
mod rows;
mod scopes;
mod stored;

use super::diff::{Outcome, diff};
use super::{counts, facts};
use crate::Tx;
use change::{Base, Candidate, Change, Decision, decide};
use journal::Journal;
use muster_model::report::{Body, ScopeReport};
use muster_model::{Error, Fact, Micros, Result};
use scopes::{ScopeKey, Scopes};
use std::collections::{HashMap, HashSet};
use stored::Stored;

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

/// What is to be written of a scope.
struct Settled {
    scope: ScopeKey,
    at: Micros,
    /// Whether it is the scope's first inventory.
    first: bool,
    outcome: Outcome,
}

/// Applies the scopes of one report and answers for each, in their order.
///
/// Times are the server's: a change happened when the server learned of it, and never before the last one
/// of its scope.
///
/// # Errors
/// `Invalid` for a scope named twice, a fact of another kind than its scope's, a fact beyond the limits, two
/// rows of one name; `TooLarge` beyond [`MAX_ROWS`].
pub async fn apply(
    tx: &mut Tx,
    target: Target,
    reports: &[ScopeReport],
    now: Micros,
) -> Result<Vec<Applied>> {
    let mut scopes = Scopes::load(tx, target.host, reports).await?;
    let mut answers = Vec::with_capacity(reports.len());
    let mut changes = Vec::new();
    let mut named = HashSet::new();
    for (at, report) in reports.iter().enumerate() {
        let decision = match scopes.open(tx, report, now).await? {
            Some(scope) if !named.insert(scope.key) => {
                return Err(Error::invalid("scopes", "one of them stands in the report twice"));
            }
            Some(scope) => decide(scope, report)?,
            // A container nobody heard of: there is nothing to compare with.
            None if matches!(report.body, Body::Gone) => Decision::Answer(Applied::Unchanged),
            None => Decision::Answer(Applied::NeedFull),
        };
        answers.push(match decision {
            Decision::Answer(answer) => answer,
            Decision::Change(change) => {
                changes.push((at, change));
                Applied::NeedFull // unless the rows fit, too
            }
        });
    }
    if !changes.is_empty() {
        for (at, applied) in write(tx, target, &changes, &mut scopes).await? {
            if let Some(answer) = answers.get_mut(at) {
                *answer = applied;
            }
        }
    }
    scopes.write(tx).await?;
    Ok(answers)
}

/// Writes the changes whose rows fit, and answers for these. Each comes with its place in the report.
async fn write(
    tx: &mut Tx,
    target: Target,
    changes: &[(usize, Change<'_>)],
    scopes: &mut Scopes,
) -> Result<Vec<(usize, Applied)>> {
    let content: Vec<&Fact> =
        changes.iter().flat_map(|(_, change)| change.rows).map(|row| &row.fact).collect();
    let removed: Vec<_> =
        changes.iter().flat_map(|(_, change)| change.removed()).map(|key| key.fact).collect();
    let ids = facts::intern(tx, target.project, &content, &removed).await?;

    let mut candidates = Vec::with_capacity(changes.len());
    let (mut added, mut removed) = (ids.added.as_slice(), ids.named.as_slice());
    for (at, change) in changes {
        let (new, others) = added.split_at(change.rows.len());
        let (gone, rest) = removed.split_at(change.removed().len());
        (added, removed) = (others, rest);
        candidates.extend(Candidate::new(*at, change, new, gone)?);
    }

    let stored = Stored::read(tx, target, &candidates).await?;
    let mut settled = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let Some(old) = stored.base_of(&candidate) else { continue };
        let Change { scope, at, digest, base, .. } = *candidate.change;
        let first = matches!(base, Base::Nothing);
        let outcome = diff(scope.kind, &old, candidate.new, at);
        scopes.change(scope, digest, &outcome)?;
        settled.push((candidate.at, Settled { scope, at, first, outcome }));
    }

    let outcomes: Vec<&Settled> = settled.iter().map(|(_, settled)| settled).collect();
    rows::write(tx, target, &outcomes).await?;
    counts::add(tx, outcomes.iter().map(|settled| (settled.scope.container, &settled.outcome)))
        .await?;
    let contents: HashMap<i64, &Fact> = ids.added.iter().copied().zip(content).collect();
    let mut journal = Journal::default();
    let modified = journal.record(tx, &outcomes, &contents).await?;
    journal.write(tx, target).await?;
    let answer = |((at, settled), modified): (&(usize, Settled), usize)| {
        let (begun, ended) = (settled.outcome.begun.len(), settled.outcome.ended.len());
        let applied = Applied::Changed {
            added: begun.saturating_sub(modified),
            removed: ended.saturating_sub(modified),
            modified,
        };
        (*at, applied)
    };
    Ok(settled.iter().zip(modified).map(answer).collect())
}
