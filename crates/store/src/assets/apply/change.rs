//! What a report means for its scope.

use super::scopes::{Scope, ScopeKey};
use super::{Applied, MAX_ROWS};
use crate::assets::diff::Place;
use muster_model::report::{Body, Digest, Row, RowKey, ScopeReport, Volatile};
use muster_model::{Error, ErrorKind, Kind, Micros, Result};
use std::collections::HashSet;

/// What is to be done about a report, as far as digests tell.
pub(super) enum Decision<'r> {
    /// Nothing.
    Answer(Applied),
    /// The scope gets another state.
    Change(Change<'r>),
}

/// Another state of a scope.
pub(super) struct Change<'r> {
    pub(super) scope: ScopeKey,
    /// When it happens.
    pub(super) at: Micros,
    /// None: the scope is gone.
    pub(super) digest: Option<Digest>,
    pub(super) base: Base<'r>,
    /// Every row there is to be, or, where the base is a part, those that are new or different.
    pub(super) rows: &'r [Row],
}

/// What the new rows are to be compared with.
#[derive(Clone, Copy)]
pub(super) enum Base<'r> {
    /// Nothing: it is the first inventory.
    Nothing,
    /// All rows of the scope.
    Whole,
    /// The rows of these names, which are to go, and of the new rows' names.
    Part(&'r [RowKey]),
}

/// Decides; notes a look where nothing changed.
pub(super) fn decide<'r>(scope: &mut Scope, report: &'r ScopeReport) -> Result<Decision<'r>> {
    let (base, rows, digest): (_, &[Row], _) = match &report.body {
        Body::Gone if scope.digest.is_none() => return Ok(Decision::Answer(Applied::Unchanged)),
        Body::Gone => (Base::Whole, &[], None),
        _ if scope.digest == Some(report.digest) => {
            scope.look();
            return Ok(Decision::Answer(Applied::Unchanged));
        }
        Body::Delta { base, added, removed } if scope.digest == Some(*base) => {
            (Base::Part(removed), added, Some(report.digest))
        }
        Body::Same | Body::Delta { .. } => return Ok(Decision::Answer(Applied::NeedFull)),
        Body::Full { rows } => {
            let base = if scope.digest.is_none() { Base::Nothing } else { Base::Whole };
            (base, rows, Some(report.digest))
        }
    };
    let change = Change { scope: scope.key, at: scope.at, digest, base, rows };
    change.check()?;
    Ok(Decision::Change(change))
}

impl<'r> Change<'r> {
    fn check(&self) -> Result<()> {
        if self.rows.len() > MAX_ROWS {
            let message = format!("rows: more than {MAX_ROWS} in one scope");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        for row in self.rows {
            if row.fact.kind() != self.scope.kind {
                return Err(Error::invalid("rows", "a fact is of another kind than its scope"));
            }
            row.fact.check()?;
        }
        Ok(())
    }

    /// The rows that are to go, where they are named.
    pub(super) fn removed(&self) -> &'r [RowKey] {
        match self.base {
            Base::Part(removed) => removed,
            Base::Nothing | Base::Whole => &[],
        }
    }
}

/// A change whose rows are known by the ids of their facts.
pub(super) struct Candidate<'c, 'r> {
    /// The place among the scopes of all reports.
    pub(super) at: usize,
    pub(super) change: &'c Change<'r>,
    pub(super) new: Vec<Place>,
    pub(super) gone: HashSet<(i64, u32)>,
}

impl<'c, 'r> Candidate<'c, 'r> {
    /// `new` are the ids of the change's rows, `gone` those of the rows it removes. None if the store has
    /// never heard of one of these: the two disagree.
    pub(super) fn new(
        at: usize,
        change: &'c Change<'r>,
        new: &[i64],
        gone: &[Option<i64>],
    ) -> Result<Option<Self>> {
        let place = |(row, id): (&Row, &i64)| Place {
            fact: *id,
            seq: row.seq,
            volatile: kept(change.scope.kind, row.volatile),
            first_seen: change.at,
        };
        let new: Vec<Place> = change.rows.iter().zip(new).map(place).collect();
        let mut names = HashSet::with_capacity(new.len());
        if !new.iter().all(|place| names.insert((place.fact, place.seq))) {
            return Err(Error::invalid("rows", "two rows have the same content and seq"));
        }
        let gone = change.removed().iter().zip(gone).map(|(key, id)| Some(((*id)?, key.seq)));
        Ok(gone.collect::<Option<_>>().map(|gone| Self { at, change, new, gone }))
    }

    /// The rows it touches, where it does not touch all.
    pub(super) fn touched(&self) -> HashSet<(i64, u32)> {
        let new = self.new.iter().map(|place| (place.fact, place.seq));
        new.chain(self.gone.iter().copied()).collect()
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
