//! Takes in what agents report of their scopes.
//!
//! A difference applies to exactly the state it was made from, known by the agent's digest of it; the new
//! digest is stored in the same transaction as the rows. Whatever does not fit is asked for in full. So
//! lost, repeated and reordered messages converge, and none is applied twice.
//!
//! What reports cost is statements and pages. So all scopes of all hosts of a transaction share one round of look-ups and
//! one of writes, and rows are written in the order of the table: neighbours share their pages.

mod change;
mod containers;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Applies the reports of several hosts and answers, for each, for its scopes in their order.
///
/// Times are the server's: a change happened when the server learned of it, and never before the last one
/// of its scope.
///
/// # Errors
/// `Invalid` for a scope named twice in a report, a fact of another kind than its scope's, a fact beyond the limits, two
/// rows of one name; `TooLarge` beyond [`MAX_ROWS`]. What was written by then must not be committed.
pub async fn apply(
    tx: &mut Tx,
    reports: &[(Target, &[ScopeReport])],
    now: Micros,
) -> Result<Vec<Vec<Applied>>> {
    let mut answers = Vec::with_capacity(reports.len());
    for (now, round) in rounds(reports, now, |(target, _)| target.host) {
        let mut applied = together(tx, round, now).await?.into_iter();
        let mut of_report = |scopes: &[ScopeReport]| applied.by_ref().take(scopes.len()).collect();
        answers.extend(round.iter().map(|(_, scopes)| of_report(scopes)));
    }
    Ok(answers)
}

/// Cuts what comes from hosts where a host comes again: what it says later must find what it said before, and happens
/// later, if only by a microsecond.
pub fn rounds<T>(items: &[T], now: Micros, host: impl Fn(&T) -> i64) -> Vec<(Micros, &[T])> {
    let (mut rounds, mut now, mut rest, mut hosts) = (Vec::new(), now, items, HashSet::new());
    while let Some(again) = rest.iter().position(|item| !hosts.insert(host(item))) {
        let (round, others) = rest.split_at(again);
        rounds.push((now, round));
        hosts.clear();
        now = Micros(now.0.saturating_add(1));
        rest = others;
    }
    rounds.push((now, rest));
    rounds
}

/// Applies reports of different hosts and answers for all their scopes.
async fn together(
    tx: &mut Tx,
    reports: &[(Target, &[ScopeReport])],
    now: Micros,
) -> Result<Vec<Applied>> {
    let mut scopes = Scopes::load(tx, reports).await?;
    let mut answers = Vec::new();
    let mut changes = Vec::new();
    let mut named = HashSet::new();
    let each = reports.iter().flat_map(|(target, scopes)| scopes.iter().map(|it| (*target, it)));
    for (at, (target, report)) in each.enumerate() {
        let decision = match scopes.open(target, report, now) {
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
        for (at, applied) in write(tx, &changes, &mut scopes).await? {
            if let Some(answer) = answers.get_mut(at) {
                *answer = applied;
            }
        }
    }
    scopes.write(tx).await?;
    Ok(answers)
}

/// Writes the changes whose rows fit, and answers for these. Each comes with its place among the reports' scopes.
async fn write(
    tx: &mut Tx,
    changes: &[(usize, Change<'_>)],
    scopes: &mut Scopes,
) -> Result<Vec<(usize, Applied)>> {
    let of_project = |(_, change): &(usize, Change<'_>)| change.scope.target.project;
    let content: Vec<(i64, &Fact)> = changes
        .iter()
        .flat_map(|it| it.1.rows.iter().map(move |row| (of_project(it), &row.fact)))
        .collect();
    let removed: Vec<_> = changes
        .iter()
        .flat_map(|it| it.1.removed().iter().map(move |key| (of_project(it), key.fact)))
        .collect();
    let ids = facts::intern(tx, &content, &removed).await?;

    let mut candidates = Vec::with_capacity(changes.len());
    let (mut added, mut removed) = (ids.added.as_slice(), ids.named.as_slice());
    for (at, change) in changes {
        let (new, others) = added.split_at(change.rows.len());
        let (gone, rest) = removed.split_at(change.removed().len());
        (added, removed) = (others, rest);
        candidates.extend(Candidate::new(*at, change, new, gone)?);
    }

    let mut stored = Stored::read(tx, &candidates).await?;
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
    rows::write(tx, &outcomes).await?;
    counts::add(tx, outcomes.iter().map(|settled| (settled.scope.container, &settled.outcome)))
        .await?;
    let content = content.into_iter().map(|(_, fact)| fact);
    let contents: HashMap<i64, &Fact> = ids.added.iter().copied().zip(content).collect();
    let mut journal = Journal::default();
    let modified = journal.record(tx, &outcomes, &contents).await?;
    journal.write(tx).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_has_no_host_twice() {
        let cut = |hosts: &'static [i64]| rounds(hosts, Micros(7), |host| *host);
        assert_eq!(cut(&[1, 2]), [(Micros(7), &[1, 2][..])]);
        let thrice = [(Micros(7), &[1, 2][..]), (Micros(8), &[1, 3, 2]), (Micros(9), &[2])];
        assert_eq!(cut(&[1, 2, 1, 3, 2, 2]), thrice);
        assert_eq!(cut(&[]), [(Micros(7), &[][..])]);
    }
}
