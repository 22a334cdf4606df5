//! A fleet of hosts that are as alike as hosts of a fleet are, for benchmarks. Nothing is random: the same
//! fleet every time, whose hosts need not be kept in memory.

mod content;

use muster_model::host::HostProfile;
use muster_model::id::HostId;
use muster_model::report::{Body, Digest, Row, RowKey, Scope, ScopeReport, digest};
use muster_model::{Column, Kind, Micros};
use muster_store::assets::{Applied, Target, apply};
use muster_store::hosts::{self, Ownership};
use muster_store::{Db, transact};
use std::collections::BTreeMap;

/// When the first reports come: 2026-01-01T00:00:00Z.
pub const START: Micros = crate::database::START;
const DAY_SECS: i64 = 86_400;

/// Assets a host has of each kind.
pub type Sizes = &'static [(Kind, u64)];

/// 3,000 assets of all kinds.
pub const WHOLE: Sizes = &[
    (Kind::Users, 40),
    (Kind::Port, 60),
    (Kind::Process, 120),
    (Kind::App, 900),
    (Kind::AutoLaunch, 150),
    (Kind::KernelModule, 150),
    (Kind::JarPackage, 1500),
    (Kind::WebSite, 20),
    (Kind::Database, 5),
    (Kind::WebCms, 5),
    (Kind::WebFramework, 40),
    (Kind::WebService, 10),
];

/// 120 processes.
pub const PROCESSES: Sizes = &[(Kind::Process, 120)];

/// The hosts, in one project.
pub struct Fleet {
    targets: Vec<Target>,
    sizes: Sizes,
}

/// What one host sends at once.
pub struct Report {
    /// Whose.
    pub target: Target,
    /// Its scopes.
    pub scopes: Vec<ScopeReport>,
    /// When it comes.
    pub at: Micros,
}

impl Fleet {
    /// Makes the hosts `host0`, `host1` ... of a project.
    pub async fn new(db: &Db, project: i64, count: usize, sizes: Sizes) -> Self {
        let targets = transact!(db, |tx| {
            let mut targets = Vec::with_capacity(count);
            for n in 0..count {
                let profile = HostProfile {
                    name: format!("host{n}.example.com"),
                    addresses: vec![format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255)],
                    ..HostProfile::default()
                };
                let owner = Ownership { enterprise_project_id: "0".into(), ..Ownership::default() };
                let id = HostId::parse(&format!("host{n}"))?;
                let host = hosts::create(tx, project, &id, &profile, &owner, START).await?;
                targets.push(Target { project, host });
            }
            Ok(targets)
        })
        .expect("hosts");
        Self { targets, sizes }
    }

    /// How many hosts there are.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The first report of a host: everything.
    pub fn enrol(&self, host: usize) -> Report {
        self.report(host, 0, |rows| Body::Full { rows: rows.into_values().collect() })
    }

    /// Nothing changed since `round`: the digests of all kinds.
    pub fn same(&self, host: usize, round: u32) -> Report {
        self.report(host, round, |_| Body::Same)
    }

    /// The difference between two rounds. In each, 30 of 3,000 assets become others: 15 packages are
    /// upgraded, 10 jars replaced, 5 processes restarted.
    pub fn change(&self, host: usize, round: u32) -> Report {
        let mut report = self.same(host, round);
        report.scopes.retain_mut(|scope| {
            let size = self.sizes.iter().find(|(kind, _)| *kind == scope.scope.kind);
            let (kind, size) = *size.expect("a kind of the fleet");
            let before = self.rows(host, kind, size, round - 1);
            let after = self.rows(host, kind, size, round);
            let added = after.iter().filter(|(key, row)| before.get(*key) != Some(*row));
            let removed = before.keys().filter(|key| !after.contains_key(*key));
            scope.body = Body::Delta {
                base: digest_of(&before),
                added: added.map(|(_, row)| row.clone()).collect(),
                removed: removed.copied().collect(),
            };
            before != after
        });
        report
    }

    fn report(
        &self,
        host: usize,
        round: u32,
        body: impl Fn(BTreeMap<RowKey, Row>) -> Body,
    ) -> Report {
        let target = *self.targets.get(host).expect("a host of the fleet");
        let at = Micros::from_secs(START.secs() + i64::from(round) * DAY_SECS);
        let scope = |(kind, size): &(Kind, u64)| {
            let rows = self.rows(host, *kind, *size, round);
            let scope = Scope { kind: *kind, container: None };
            ScopeReport { scope, digest: digest_of(&rows), swept_at: at, body: body(rows) }
        };
        Report { target, scopes: self.sizes.iter().map(scope).collect(), at }
    }

    /// What a host has of a kind after so many rounds of changes.
    fn rows(&self, host: usize, kind: Kind, size: u64, rounds: u32) -> BTreeMap<RowKey, Row> {
        let rows = (0..size).map(|n| content::row(kind, host as u64, n, size));
        let mut rows: BTreeMap<RowKey, Row> = rows.map(|row| (row.key(), row)).collect();
        for round in 1..=rounds {
            self.edit(&mut rows, host, kind, round);
        }
        rows
    }

    fn edit(&self, rows: &mut BTreeMap<RowKey, Row>, host: usize, kind: Kind, round: u32) {
        let n = match kind {
            Kind::App => 15,
            Kind::JarPackage => 10,
            Kind::Process => 5,
            _ => return,
        };
        let change = (round as usize - 1) * self.len() + host;
        let all: Vec<RowKey> = rows.keys().copied().collect();
        for key in all.iter().skip(change % 40).step_by(all.len() / 60).take(n) {
            let mut row = rows.remove(key).expect("a row of this name");
            if kind == Kind::Process {
                row.volatile.started = Some(Micros(START.0 + change as i64));
            } else {
                // Hosts next to each other get the same update.
                row.fact.set(Column::Version, format!("update-{}", change / 50));
            }
            rows.insert(row.key(), row);
        }
    }
}

fn digest_of(rows: &BTreeMap<RowKey, Row>) -> Digest {
    digest(rows.iter().map(|(key, row)| (key, &row.volatile)))
}

/// Applies reports that come at one moment, in one transaction; every one must change all its scopes, or none.
pub async fn send(db: &Db, reports: &[Report], changes: bool) {
    let Some(at) = reports.first().map(|report| report.at) else { return };
    assert!(reports.iter().all(|report| report.at == at), "reports of one moment");
    let scopes: Vec<_> =
        reports.iter().map(|report| (report.target, report.scopes.as_slice())).collect();
    let seen: Vec<_> = reports.iter().map(|report| (report.target.host, "1.0.0")).collect();
    transact!(db, |tx| {
        let applied = apply(tx, &scopes, at).await?;
        let fits = |applied: &Applied| match applied {
            Applied::NeedFull => false,
            Applied::Unchanged => !changes,
            Applied::Changed { .. } => changes,
        };
        assert!(applied.iter().flatten().all(fits), "{applied:?}");
        hosts::seen(tx, &seen, at).await
    })
    .expect("reports that are taken in");
}
