//! The scopes of a host: read once a report, written once a report.

use crate::Tx;
use crate::assets::diff::Outcome;
use crate::assets::facts;
use crate::db::{Bind, binds};
use muster_model::report::{Body, ContainerRef, Digest, ScopeReport};
use muster_model::{Error, Kind, Micros, Result};
use std::collections::{BTreeMap, HashMap};

/// Names a scope of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ScopeKey {
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
    host: i64,
    states: HashMap<ScopeKey, Scope>,
    containers: HashMap<String, (i64, String)>,
}

impl Scopes {
    pub(super) async fn load(tx: &mut Tx, host: i64, reports: &[ScopeReport]) -> Result<Self> {
        let mut states = HashMap::new();
        let sql = "SELECT kind, container, digest, n, swept_at, changed_at FROM host_kinds WHERE host = ?";
        for row in tx.all(sql, binds![host]).await? {
            let mut cells = row.cells();
            let kind = facts::kind(cells.take()?)?;
            let container = cells.take()?;
            let digest: Vec<u8> = cells.take()?;
            let key = ScopeKey { container, kind };
            let scope = Scope {
                key,
                digest: match digest.as_slice() {
                    [] => None,
                    bytes => Some(Digest(bytes.try_into().map_err(Error::internal)?)),
                },
                n: cells.take()?,
                swept_at: cells.take()?,
                changed_at: cells.take()?,
                at: Micros(0),
                looked_at: Micros(0),
                dirty: Dirty::No,
            };
            states.insert(key, scope);
        }
        let mut containers = HashMap::new();
        if reports.iter().any(|report| report.scope.container.is_some()) {
            let sql = "SELECT id, key, name FROM containers WHERE host = ?";
            for row in tx.all(sql, binds![host]).await? {
                let mut cells = row.cells();
                containers.insert(cells.take()?, (cells.take()?, cells.take()?));
            }
        }
        Ok(Self { host, states, containers })
    }

    /// The scope a report speaks of; none if it is in a container that only a full report may introduce.
    pub(super) async fn open(
        &mut self,
        tx: &mut Tx,
        report: &ScopeReport,
        now: Micros,
    ) -> Result<Option<&mut Scope>> {
        let container = match &report.scope.container {
            None => 0,
            Some(container) => {
                let full = matches!(report.body, Body::Full { .. });
                match self.container(tx, container, full).await? {
                    Some(key) => key,
                    None => return Ok(None),
                }
            }
        };
        let key = ScopeKey { container, kind: report.scope.kind };
        let scope = self.states.entry(key).or_insert_with(|| Scope {
            key,
            digest: None,
            n: 0,
            swept_at: Micros(i64::MIN),
            changed_at: Micros(i64::MIN),
            at: now,
            looked_at: now,
            dirty: Dirty::No,
        });
        scope.at = now.max(Micros(scope.changed_at.0.saturating_add(1)));
        // A host's clock may run ahead; nothing was looked at later than now.
        scope.looked_at = report.swept_at.min(now);
        Ok(Some(scope))
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

    async fn container(
        &mut self,
        tx: &mut Tx,
        container: &ContainerRef,
        introduce: bool,
    ) -> Result<Option<i64>> {
        for text in [&container.id, &container.name] {
            if text.len() > 255 || text.contains('\0') {
                return Err(Error::invalid(
                    "container",
                    "id and name have at most 255 bytes, no NUL",
                ));
            }
        }
        match self.containers.get_mut(&container.id) {
            Some((key, name)) => {
                if *name != container.name {
                    tx.execute(
                        "UPDATE containers SET name = ? WHERE key = ?",
                        binds![&container.name, *key],
                    )
                    .await?;
                    name.clone_from(&container.name);
                }
                Ok(Some(*key))
            }
            None if introduce => {
                let sql = "INSERT INTO containers (host, id, name) VALUES (?,?,?) RETURNING key";
                let key =
                    tx.one(sql, binds![self.host, &container.id, &container.name]).await?.only()?;
                self.containers.insert(container.id.clone(), (key, container.name.clone()));
                Ok(Some(key))
            }
            None => Ok(None),
        }
    }

    /// Writes what changed in one statement, and when the rest was looked at in one for each moment and place:
    /// as a rule one.
    pub(super) async fn write(self, tx: &mut Tx) -> Result<()> {
        let mut looked: BTreeMap<(i64, Micros), Vec<Bind>> = BTreeMap::new();
        let mut changed: Vec<&Scope> = Vec::new();
        for scope in self.states.values() {
            let place = (scope.key.container, scope.swept_at);
            match scope.dirty {
                Dirty::No => {}
                Dirty::Looked => {
                    looked.entry(place).or_default().push(scope.key.kind.code().into());
                }
                Dirty::Changed => changed.push(scope),
            }
        }
        for ((container, swept_at), kinds) in looked {
            let head =
                "UPDATE host_kinds SET swept_at = ? WHERE host = ? AND container = ? AND kind";
            tx.all_in(head, binds![swept_at, self.host, container], kinds).await?;
        }
        changed.sort_unstable_by_key(|scope| scope.key);
        let mut values = Vec::with_capacity(changed.len() * 7);
        for scope in changed {
            let digest = scope.digest.map_or_else(Vec::new, |digest| digest.0.to_vec());
            values.extend(binds![
                self.host,
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
