//! The journal of changes: pairs what ended with what began, and allots cursors.

use super::scopes::ScopeKey;
use super::{Settled, Target};
use crate::Tx;
use crate::assets::changes::Stored;
use crate::assets::diff::Place;
use crate::assets::facts;
use crate::db::{Bind, binds};
use muster_model::{Fact, Kind, Micros, Result};
use std::collections::{HashMap, VecDeque};

#[derive(Default)]
pub(super) struct Journal {
    entries: Vec<Entry>,
}

struct Entry {
    op: Stored,
    span: i64,
    at: Micros,
    scope: ScopeKey,
    before: Option<i64>,
    after: Option<i64>,
    pid: Option<u32>,
    started: Option<Micros>,
}

impl Journal {
    /// Enters what ended and what began, scope by scope; where both are the same thing it is one
    /// modification. Answers the number of those a scope. `contents` are the contents of what began.
    pub(super) async fn record(
        &mut self,
        tx: &mut Tx,
        settled: &[&Settled],
        contents: &HashMap<i64, &Fact>,
    ) -> Result<Vec<usize>> {
        // Processes are known by their start, and nothing is paired where nothing began.
        let paired = settled.iter().filter(|settled| {
            !settled.outcome.begun.is_empty() && !settled.scope.kind.identity().is_empty()
        });
        let ended: Vec<i64> =
            paired.flat_map(|settled| &settled.outcome.ended).map(|place| place.fact).collect();
        let identities = facts::identities(tx, ended).await?;
        Ok(settled
            .iter()
            .map(|settled| {
                if settled.first {
                    self.baseline(settled);
                    0
                } else {
                    self.pair(settled, &identities, contents)
                }
            })
            .collect())
    }

    /// The first inventory of a scope: one entry that stands for all its rows.
    fn baseline(&mut self, settled: &Settled) {
        if let Ok(span @ 1..) = i64::try_from(settled.outcome.begun.len()) {
            self.entries.push(Entry {
                op: Stored::Baseline,
                span,
                at: settled.at,
                scope: settled.scope,
                before: None,
                after: None,
                pid: None,
                started: None,
            });
        }
    }

    fn pair(
        &mut self,
        settled: &Settled,
        identities: &HashMap<i64, String>,
        contents: &HashMap<i64, &Fact>,
    ) -> usize {
        let kind = settled.scope.kind;
        let mut before: HashMap<Identity, VecDeque<&Place>> = HashMap::new();
        let mut unpaired = Vec::new();
        for place in &settled.outcome.ended {
            let text = identities.get(&place.fact).cloned().unwrap_or_default();
            match Identity::new(kind, place, text) {
                Some(identity) => before.entry(identity).or_default().push_back(place),
                None => unpaired.push(place),
            }
        }
        let mut modified = 0;
        for place in &settled.outcome.begun {
            let text = contents.get(&place.fact).map(|fact| fact.identity()).unwrap_or_default();
            let ended = Identity::new(kind, place, text)
                .and_then(|identity| before.get_mut(&identity)?.pop_front());
            modified += usize::from(ended.is_some());
            let op = if ended.is_some() { Stored::Modified } else { Stored::Added };
            self.enter(settled, op, ended.map(|ended| ended.fact), Some(place.fact), place);
        }
        unpaired.extend(before.into_values().flatten());
        unpaired.sort_unstable_by_key(|place| (place.fact, place.seq));
        for place in unpaired {
            self.enter(settled, Stored::Removed, Some(place.fact), None, place);
        }
        modified
    }

    fn enter(
        &mut self,
        settled: &Settled,
        op: Stored,
        before: Option<i64>,
        after: Option<i64>,
        place: &Place,
    ) {
        self.entries.push(Entry {
            op,
            span: 1,
            at: settled.at,
            scope: settled.scope,
            before,
            after,
            pid: place.volatile.pid,
            started: place.volatile.started,
        });
    }

    /// Writes all entries. The project's counter stays locked until the caller commits, so that nobody sees
    /// a cursor before all smaller ones.
    pub(super) async fn write(self, tx: &mut Tx, target: Target) -> Result<()> {
        let total: i64 = self.entries.iter().map(|entry| entry.span).sum();
        if total == 0 {
            return Ok(());
        }
        let end: i64 = tx
            .one(
                "INSERT INTO change_counters (project, next) VALUES (?, ?) \
                 ON CONFLICT (project) DO UPDATE SET next = change_counters.next + ? RETURNING next",
                binds![target.project, total.saturating_add(1), total],
            )
            .await?
            .only()?;
        let mut cursor = end.saturating_sub(total);
        let mut values = Vec::with_capacity(self.entries.len() * 12);
        for entry in self.entries {
            values.extend::<[Bind; 12]>([
                target.project.into(),
                cursor.into(),
                entry.span.into(),
                entry.at.into(),
                entry.op.code().into(),
                entry.scope.kind.code().into(),
                target.host.into(),
                entry.scope.container.into(),
                entry.before.into(),
                entry.after.into(),
                entry.pid.into(),
                entry.started.into(),
            ]);
            cursor = cursor.saturating_add(entry.span);
        }
        tx.bulk_insert(
            "INSERT INTO changes (project, cursor, span, at, op, kind, host, container, before, after, pid, \
             started)",
            12,
            values,
            "",
        )
        .await
        .map(drop)
    }
}

/// Which account, package or process it is, whatever its content.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Process(u32, Option<Micros>),
    Text(String),
}

impl Identity {
    /// None for what has nothing to be known by.
    fn new(kind: Kind, place: &Place, text: String) -> Option<Self> {
        match kind {
            Kind::Process => Some(Self::Process(place.volatile.pid?, place.volatile.started)),
            _ => text.bytes().any(|byte| byte != 0).then_some(Self::Text(text)),
        }
    }
}
