//! The journal of changes: pairs what ended with what began, and allots cursors.

use super::Settled;
use super::scopes::ScopeKey;
use crate::Tx;
use crate::assets::changes::Stored;
use crate::assets::diff::Place;
use crate::assets::facts;
use crate::db::{Bind, binds};
use muster_model::{Fact, Kind, Micros, Result};
use std::collections::{BTreeMap, HashMap, VecDeque};

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

    /// Writes all entries, project by project. A project's counter stays locked until the caller commits, so that nobody
    /// sees a cursor before all smaller ones.
    pub(super) async fn write(self, tx: &mut Tx) -> Result<()> {
        let mut projects: BTreeMap<i64, Vec<Entry>> = BTreeMap::new();
        for entry in self.entries {
            projects.entry(entry.scope.target.project).or_default().push(entry);
        }
        let span = |entries: &[Entry]| entries.iter().map(|entry| entry.span).sum::<i64>();
        let next = projects
            .iter()
            .flat_map(|(project, entries)| binds![*project, span(entries).saturating_add(1)])
            .collect();
        let ends = tx
            .bulk_insert(
                "INSERT INTO change_counters (project, next)",
                2,
                next,
                "ON CONFLICT (project) DO UPDATE SET next = change_counters.next + excluded.next - 1 \
                 RETURNING project, next",
            )
            .await?;
        let mut values = Vec::new();
        for end in &ends {
            let mut cells = end.cells();
            let (project, end): (i64, i64) = (cells.take()?, cells.take()?);
            let entries = projects.remove(&project).unwrap_or_default();
            let mut cursor = end.saturating_sub(span(&entries));
            values.reserve(entries.len() * 12);
            for entry in entries {
                values.extend(entry.binds(cursor));
                cursor = cursor.saturating_add(entry.span);
            }
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

impl Entry {
    fn binds(&self, cursor: i64) -> [Bind; 12] {
        [
            self.scope.target.project.into(),
            cursor.into(),
            self.span.into(),
            self.at.into(),
            self.op.code().into(),
            self.scope.kind.code().into(),
            self.scope.target.host.into(),
            self.scope.container.into(),
            self.before.into(),
            self.after.into(),
            self.pid.into(),
            self.started.into(),
        ]
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
