//! The scopes of hosts: read once, written once.

use super::Target;
use super::containers::Containers;
use crate::Tx;
use crate::assets::diff::Outcome;
use crate::assets::facts;
use crate::db::{binds, unhex};
use muster_model::report::{Digest, ScopeReport};
use muster_model::{Error, Kind, Micros, Result};
use std::collections::{BTreeMap, HashMap};

/// Names a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ScopeKey {
    pub(super) target: Target,
    /// 0: the host itself.
    pub(super) container: i64,
    pub(super) kind: Kind,
}

/// What is stored of a scope, and what will be.
pub(super) struct Scope {
    pub(super) key: ScopeKey,
    /// None: the scope is not there, not any more or not yet.
    pub(super) digest: Option<Digest>,
    /// When a change in this report happens: now, but after the scope's last change.
    pub(super) at: Micros,
    n: i64,
    swept_at: Micros,
    changed_at: Micros,
    looked_at: Micros,
    /// What of it is to be written.
    dirty: Dirty,
}

/// Most scopes are only looked at: their time alone is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dirty {
    No,
    Looked,
    Changed,
}

impl Scope {
    /// Never heard of.
    const fn new(key: ScopeKey) -> Self {
        Self {
            key,
            digest: None,
            at: Micros(i64::MIN),
            n: 0,
            swept_at: Micros(i64::MIN),
            changed_at: Micros(i64::MIN),
            looked_at: Micros(i64::MIN),
            dirty: Dirty::No,
        }
    }

    /// Notes that the agent looked.
    pub(super) fn look(&mut self) {
        if self.looked_at > self.swept_at {
            self.swept_at = self.looked_at;
            self.dirty = Dirty::Looked;
        }
    }

    fn change(&mut self, digest: Option<Digest>, outcome: &Outcome) {
        self.look();
        self.digest = digest;
        self.n = self
            .n
            .saturating_add_unsigned(outcome.begun.len() as u64)
            .saturating_sub_unsigned(outcome.ended.len() as u64);
        self.changed_at = self.at;
        self.dirty = Dirty::Changed;
    }
}

pub(super) struct Scopes {
    states: HashMap<ScopeKey, Scope>,
    containers: Containers,
}

/// A row of `host_kinds` as [`gathered`] reads it.
type State = (i64, u8, i64, String, i64, Micros, Micros);

impl Scopes {
    /// Loads what is known of the scopes of these hosts, which must be different ones, and introduces their containers.
    pub(super) async fn load(tx: &mut Tx, reports: &[(Target, &[ScopeReport])]) -> Result<Self> {
        let containers = Containers::load(tx, reports).await?;
        let targets: HashMap<i64, Target> =
            reports.iter().map(|(target, _)| (target.host, *target)).collect();
        let columns =
            format!("host, kind, container, {}, n, swept_at, changed_at", tx.hex("digest"));
        let from = "FROM host_kinds WHERE host";
        let hosts = reports.iter().map(|(target, _)| target.host.into()).collect();
        let mut states = HashMap::new();
        for state in tx.gathered_in::<State>(&columns, from, vec![], hosts).await? {
            let (host, kind, container, digest, n, swept_at, changed_at) = state;
            let target = targets.get(&host).copied();
            let target = target.ok_or_else(|| Error::internal("a scope of another host"))?;
            let key = ScopeKey { target, container, kind: facts::kind(kind)? };
            let digest = if digest.is_empty() { None } else { Some(Digest(unhex(&digest)?)) };
            states.insert(key, Scope { digest, n, swept_at, changed_at, ..Scope::new(key) });
        }
        Ok(Self { states, containers })
    }

    /// The scope a report speaks of; none if it is in a container that only a full report may introduce.
    pub(super) fn open(
        &mut self,
        target: Target,
        report: &ScopeReport,
        now: Micros,
    ) -> Option<&mut Scope> {
        let container = match &report.scope.container {
            None => 0,
            Some(container) => self.containers.key(target.host, container)?,
        };
        let key = ScopeKey { target, container, kind: report.scope.kind };
        let scope = self.states.entry(key).or_insert_with(|| Scope::new(key));
        scope.at = now.max(Micros(scope.changed_at.0.saturating_add(1)));
        // A host's clock may run ahead; nothing was looked at later than now.
        scope.looked_at = report.swept_at.min(now);
        Some(scope)
    }

    /// Notes another state of a scope that was opened.
    pub(super) fn change(
        &mut self,
        key: ScopeKey,
        digest: Option<Digest>,
        outcome: &Outcome,
    ) -> Result<()> {
        let scope = self.states.get_mut(&key);
        let scope = scope.ok_or_else(|| Error::internal("a scope was not opened"))?;
        scope.change(digest, outcome);
        Ok(())
    }

    /// Writes what changed, and when the rest was looked at.
    pub(super) async fn write(self, tx: &mut Tx) -> Result<()> {
        // Kinds as a set of bits: those of a host were looked at together, as a rule.
        let mut looked: BTreeMap<(i64, i64, Micros), i64> = BTreeMap::new();
        let mut changed: Vec<&Scope> = Vec::new();
        for scope in self.states.values() {
            let ScopeKey { target, container, kind } = scope.key;
            match scope.dirty {
                Dirty::No => {}
                Dirty::Looked => {
                    *looked.entry((target.host, container, scope.swept_at)).or_default() |=
                        1 << kind.code();
                }
                Dirty::Changed => changed.push(scope),
            }
        }
        let values = looked.into_iter().flat_map(|((host, container, swept_at), kinds)| {
            binds![host, container, swept_at, kinds]
        });
        let tail = "WHERE host_kinds.host = v.column1 AND host_kinds.container = v.column2 \
                    AND (v.column4 >> CAST(host_kinds.kind AS INTEGER)) & 1 = 1";
        let head = "UPDATE host_kinds SET swept_at = v.column3 FROM";
        tx.all_from(head, 4, values.collect(), tail).await?;

        changed.sort_unstable_by_key(|scope| scope.key);
        let mut values = Vec::with_capacity(changed.len() * 7);
        for scope in changed {
            let digest = scope.digest.map_or_else(Vec::new, |digest| digest.0.to_vec());
            values.extend(binds![
                scope.key.target.host,
                scope.key.container,
                scope.key.kind.code(),
                digest,
                scope.n,
                scope.swept_at,
                scope.changed_at
            ]);
        }
        tx.bulk_insert(
            "INSERT INTO host_kinds (host, container, kind, digest, n, swept_at, changed_at)",
            7,
            values,
            "ON CONFLICT (host, container, kind) DO UPDATE SET digest = excluded.digest, n = excluded.n, \
             swept_at = excluded.swept_at, changed_at = excluded.changed_at",
        )
        .await
        .map(drop)
    }
}
