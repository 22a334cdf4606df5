//! A project with hosts, and reports about them, for the tests of assets.

use muster_model::host::HostProfile;
use muster_model::id::{DomainId, HostId, ProjectId};
use muster_model::report::{
    Body, ContainerRef, Digest, Row, RowKey, Scope, ScopeReport, Volatile, digest,
};
use muster_model::{Category, Column, Fact, Kind, Micros, Paging, Result};
use muster_store::assets::{Applied, Query, Target, apply};
use muster_store::hosts::{self, Ownership};
use muster_store::{Tx, identity::domains};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) const ALL: Paging = Paging { limit: 100_000, offset: 0 };

/// A new project.
pub(crate) async fn project(tx: &mut Tx) -> i64 {
    static N: AtomicU32 = AtomicU32::new(0);
    let n = N.fetch_add(1, Ordering::SeqCst);
    let id = DomainId::parse(&format!("d{n}")).unwrap();
    let domain = domains::create_domain(tx, &id, &format!("acme{n}"), Micros(0)).await.unwrap().key;
    let id = ProjectId::parse(&format!("p{n}")).unwrap();
    domains::create_project(tx, domain, &id, "north", "", Micros(0)).await.unwrap().key
}

/// A host of it. The id must be new in the database.
pub(crate) async fn host(tx: &mut Tx, project: i64, id: &str, name: &str, ip: &str) -> Target {
    let profile = HostProfile {
        name: name.to_owned(),
        addresses: vec![ip.to_owned()],
        ..HostProfile::default()
    };
    let owner = Ownership { enterprise_project_id: "0".to_owned(), ..Ownership::default() };
    let id = HostId::parse(id).unwrap();
    let host = hosts::create(tx, project, &id, &profile, &owner, Micros(0)).await.unwrap();
    Target { project, host }
}

pub(crate) fn query(project: i64, kind: Kind) -> Query {
    Query { project, kind, category: Category::Host, enterprise_project: None, filters: Vec::new() }
}

pub(crate) fn fact(kind: Kind, name: &str, version: &str) -> Fact {
    let mut fact = Fact::new(kind);
    fact.set(Column::Name, name.to_owned());
    fact.set(Column::Version, version.to_owned());
    fact
}

pub(crate) fn row(fact: Fact) -> Row {
    Row { fact, seq: 0, volatile: Volatile::default() }
}

pub(crate) fn app(name: &str, version: &str) -> Row {
    row(fact(Kind::App, name, version))
}

pub(crate) fn digest_of(rows: &[Row]) -> Digest {
    let mut keyed: Vec<(RowKey, Volatile)> =
        rows.iter().map(|row| (row.key(), row.volatile)).collect();
    keyed.sort_unstable_by_key(|(key, _)| *key);
    digest(keyed.iter().map(|(key, volatile)| (key, volatile)))
}

pub(crate) fn container(id: &str) -> ContainerRef {
    ContainerRef { id: id.to_owned(), name: format!("name of {id}") }
}

pub(crate) fn full(
    kind: Kind,
    container: Option<ContainerRef>,
    rows: Vec<Row>,
    at: i64,
) -> ScopeReport {
    ScopeReport {
        scope: Scope { kind, container },
        digest: digest_of(&rows),
        swept_at: Micros(at),
        body: Body::Full { rows },
    }
}

/// Stores the full state of a scope of the host itself at a moment.
pub(crate) async fn put(tx: &mut Tx, host: Target, kind: Kind, rows: &[Row], at: i64) -> Applied {
    let report = full(kind, None, rows.to_vec(), at);
    take(tx, host, &[report], Micros(at)).await.unwrap()[0]
}

/// Takes in the report of one host.
pub(crate) async fn take(
    tx: &mut Tx,
    host: Target,
    scopes: &[ScopeReport],
    now: Micros,
) -> Result<Vec<Applied>> {
    let mut applied = apply(tx, &[(host, scopes)], now).await?;
    Ok(applied.remove(0))
}
