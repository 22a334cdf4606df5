//! Hosts that are alike as hosts of a fleet are.

use muster_model::asset::{
    App, AutoLaunch, JarPackage, KernelModule, Port, Process, User, WebSite,
};
use muster_model::host::HostProfile;
use muster_model::id::{DomainId, HostId, ProjectId};
use muster_model::report::{Body, Digest, Row, RowKey, Scope, ScopeReport, Volatile, digest};
use muster_model::{Fact, Kind, Micros};
use muster_store::assets::Target;
use muster_store::hosts::{self, Ownership};
use muster_store::identity::domains;
use muster_store::{Db, transact};
use std::collections::BTreeMap;

const SIZES: [(Kind, u64); 12] = [
    (Kind::Users, 40),
    (Kind::Port, 60),
    (Kind::Process, 120),
    (Kind::App, 900),
    (Kind::AutoLaunch, 150),
    (Kind::KernelModule, 150),
    (Kind::JarPackage, 1500),
    (Kind::WebSite, 80),
    (Kind::Database, 0),
    (Kind::WebCms, 0),
    (Kind::WebFramework, 0),
    (Kind::WebService, 0),
];
pub(crate) const PER_HOST: u64 = 3000;
pub(crate) const START: i64 = 1_767_225_600_000_000;
const DAY: i64 = 86_400_000_000;
const DIFFER_PERCENT: [u64; 5] = [5, 8, 10, 12, 15];

pub(crate) struct Fleet {
    pub(crate) project: i64,
    targets: Vec<Target>,
    states: Vec<BTreeMap<Kind, State>>,
    changes: u64,
}

struct State {
    rows: BTreeMap<RowKey, Row>,
    digest: Digest,
}

/// What one host sends at once.
pub(crate) struct Report {
    pub(crate) host: usize,
    pub(crate) scopes: Vec<ScopeReport>,
    pub(crate) at: Micros,
}

/// A number that looks random but is always the same for the same input.
fn mix(input: [u64; 4]) -> u64 {
    input.iter().fold(0x9e37_79b9_7f4a_7c15, |state, part| {
        let mut z = (state ^ part).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

fn hex(seed: u64) -> String {
    (0..4).map(|part| format!("{:016x}", mix([seed, part, 1, 2]))).collect()
}

fn fact(kind: Kind, n: u64, version: &str, seed: u64) -> Fact {
    let version = version.to_owned();
    match kind {
        Kind::Users => User {
            name: format!("user{n}"),
            uid: u32::try_from(n).unwrap(),
            group_name: format!("group{n}"),
            home_dir: format!("/home/user{n}"),
            shell: "/bin/bash".into(),
            reason: version,
            ..User::default()
        }
        .into(),
        Kind::Port => Port {
            port: u16::try_from(1000 + n).unwrap(),
            protocol: "TCP".into(),
            bind_addr: "0.0.0.0".into(),
            status: "normal".into(),
            path: format!("/usr/sbin/service{n}"),
            reason: version,
            ..Port::default()
        }
        .into(),
        Kind::Process => Process {
            name: format!("service{n}"),
            path: format!("/usr/sbin/service{n}"),
            args: format!("--config /etc/service{n}/{version}.conf --foreground --workers 4"),
            run_user: "root".into(),
            mode: "0755".into(),
            hash: hex(seed),
            owner_purl: format!("pkg:deb/debian/service{n}@{version}?arch=amd64"),
            ..Process::default()
        }
        .into(),
        Kind::AutoLaunch => AutoLaunch {
            name: format!("service{n}.service"),
            path: format!("/usr/lib/systemd/system/service{n}.service"),
            hash: hex(seed),
            run_user: "root".into(),
            args: format!("/usr/sbin/service{n} --{version}"),
            ..AutoLaunch::default()
        }
        .into(),
        Kind::KernelModule => KernelModule {
            name: format!("module{n}"),
            file_name: format!("module{n}.ko"),
            version,
            path: format!("/lib/modules/6.1.0-13-amd64/kernel/drivers/module{n}.ko"),
            size: Some(16_384),
            mode: "0644".into(),
            uid: Some(0),
            hash: hex(seed),
            description: "A driver of something".into(),
            ..KernelModule::default()
        }
        .into(),
        Kind::JarPackage => JarPackage {
            name: format!("lib-{n}"),
            file_name: format!("lib-{n}-{version}.jar"),
            path: format!("/opt/app{}/lib/lib-{n}-{version}.jar", n % 7),
            version: version.clone(),
            file_type: "jar".into(),
            hash: hex(seed),
            size: Some(i64::try_from(seed >> 44).unwrap()),
            uid: Some(1000),
            gid: Some(1000),
            mode: "0644".into(),
            proc_path: "/usr/bin/java".into(),
            purl: format!("pkg:maven/org.example/lib-{n}@{version}"),
            ..JarPackage::default()
        }
        .into(),
        Kind::WebSite => WebSite {
            domain: format!("site{n}.example.com"),
            port: 443,
            bind_addr: "0.0.0.0".into(),
            url_path: "/".into(),
            path: format!("/var/www/{version}"),
            served_by: "nginx".into(),
            ..WebSite::default()
        }
        .into(),
        _ => App {
            name: format!("pkg-{n}"),
            purl: format!("pkg:deb/debian/pkg-{n}@{version}?arch=amd64"),
            version,
            arch: "amd64".into(),
            file_type: "dpkg".into(),
            ..App::default()
        }
        .into(),
    }
}

fn volatile(kind: Kind, host: u64, n: u64) -> Volatile {
    let time = |salt| {
        Some(Micros(START - DAY - i64::try_from(mix([host / 8, n, salt, 3]) >> 20).unwrap()))
    };
    let pid = u32::try_from(mix([host, n, 0, 4]) % 30_000).unwrap();
    let none = Volatile::default();
    match kind {
        Kind::Process => Volatile { pid: Some(pid), started: time(1), ..none },
        Kind::Port => Volatile { pid: Some(pid), ..none },
        Kind::App => Volatile { mtime: time(1), ..none },
        Kind::JarPackage => {
            Volatile { pid: Some(pid), ctime: time(1), mtime: time(2), atime: time(3), ..none }
        }
        Kind::KernelModule => Volatile { ctime: time(1), mtime: time(2), ..none },
        _ => none,
    }
}

fn row(kind: Kind, host: u64, n: u64) -> Row {
    let image = host % 5;
    let differ = DIFFER_PERCENT.get(usize::try_from(image).unwrap()).copied().unwrap();
    let at = mix([host, n, u64::from(kind.code()), 7]);
    let version = match (at % 100, (at >> 8) % 10) {
        (percent, _) if percent >= differ => format!("{}.{}", image + 1, n % 13),
        (_, 0..8) => format!("variant-{}", (at >> 16) % 8),
        _ => format!("own-{host}"),
    };
    // Images share most names but not all.
    let n = n + image * SIZES.iter().find(|(at, _)| *at == kind).map_or(0, |(_, size)| size / 20);
    let seed = version.bytes().fold(n, |seed, byte| mix([seed, u64::from(byte), 5, 6]));
    Row { fact: fact(kind, n, &version, seed), seq: 0, volatile: volatile(kind, host, n) }
}

fn state(rows: BTreeMap<RowKey, Row>) -> State {
    let digest = digest(rows.iter().map(|(key, row)| (key, &row.volatile)));
    State { rows, digest }
}

impl Fleet {
    pub(crate) async fn new(db: &Db, count: usize) -> Self {
        let (project, targets) = transact!(db, |tx| {
            let id = DomainId::parse("domain")?;
            let domain = domains::create_domain(tx, &id, "acme", Micros(START)).await?.key;
            let id = ProjectId::parse("project")?;
            let project =
                domains::create_project(tx, domain, &id, "north", "", Micros(START)).await?.key;
            let mut targets = Vec::new();
            for n in 0..count {
                let profile = HostProfile {
                    name: format!("host{n}.example.com"),
                    addresses: vec![format!("10.{}.{}.{}", n >> 16, (n >> 8) & 255, n & 255)],
                    ..HostProfile::default()
                };
                let owner = Ownership { enterprise_project_id: "0".into(), ..Ownership::default() };
                let id = HostId::parse(&format!("host{n}"))?;
                let host = hosts::create(tx, project, &id, &profile, &owner, Micros(START)).await?;
                targets.push(Target { project, host });
            }
            Ok((project, targets))
        })
        .unwrap();
        Self { project, targets, states: Vec::new(), changes: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.targets.len()
    }

    pub(crate) fn target(&self, host: usize) -> Target {
        self.targets.get(host).copied().unwrap()
    }

    /// The first report of the next host.
    pub(crate) fn enrol(&mut self, host: usize) -> Report {
        assert_eq!(host, self.states.len());
        let mut scopes = Vec::new();
        let mut states = BTreeMap::new();
        for (kind, size) in SIZES {
            let rows = (0..size).map(|n| row(kind, host as u64, n));
            let state = state(rows.map(|row| (row.key(), row)).collect());
            let body = Body::Full { rows: state.rows.values().cloned().collect() };
            scopes.push(scope(kind, state.digest, body));
            states.insert(kind, state);
        }
        self.states.push(states);
        Report { host, scopes, at: Micros(START) }
    }

    /// Nothing changed: the digests of all twelve kinds.
    pub(crate) fn same(&self, host: usize) -> Report {
        let states = self.states.get(host).unwrap();
        let scopes =
            states.iter().map(|(kind, state)| scope(*kind, state.digest, Body::Same)).collect();
        Report { host, scopes, at: Micros(START + DAY) }
    }

    /// 30 of the 3,000 assets are others now: 15 upgraded packages, 10 jars, 5 processes restarted.
    pub(crate) fn change(&mut self, host: usize) -> Report {
        self.changes += 1;
        let salt = self.changes;
        let mut scopes = Vec::new();
        for (kind, n) in [(Kind::App, 15), (Kind::JarPackage, 10), (Kind::Process, 5)] {
            let state_now = self.states.get_mut(host).unwrap().get_mut(&kind).unwrap();
            let mut rows = std::mem::take(&mut state_now.rows);
            let all: Vec<RowKey> = rows.keys().copied().collect();
            let (mut added, mut removed) = (Vec::new(), Vec::new());
            for key in
                all.iter().skip(usize::try_from(salt % 40).unwrap()).step_by(all.len() / 60).take(n)
            {
                let mut row = rows.remove(key).unwrap();
                if kind == Kind::Process {
                    row.volatile.started = Some(Micros(START + i64::try_from(salt).unwrap()));
                } else {
                    removed.push(*key);
                    // Hosts of an image get the same update.
                    row.fact.set(muster_model::Column::Version, format!("update-{}", salt / 50));
                }
                if rows.insert(row.key(), row.clone()).is_none() {
                    added.push(row);
                }
            }
            let next = state(rows);
            let body = Body::Delta { base: state_now.digest, added, removed };
            scopes.push(scope(kind, next.digest, body));
            *state_now = next;
        }
        Report { host, scopes, at: Micros(START + 2 * DAY) }
    }
}

fn scope(kind: Kind, digest: Digest, body: Body) -> ScopeReport {
    ScopeReport {
        scope: Scope { kind, container: None },
        digest,
        swept_at: Micros(START + 2 * DAY),
        body,
    }
}
