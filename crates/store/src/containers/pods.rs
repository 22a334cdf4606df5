//! Pods of Kubernetes, as their containers' names tell of them: `NAMESPACE/POD/CONTAINER`, and `NAMESPACE/POD` for what holds a
//! pod's namespaces.

use super::Filter;
use crate::Tx;
use crate::db::{Row, folded};
use muster_model::{Micros, Page, Paging, Result};

/// A pod on a node, of which at least one container runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    /// The key of its node.
    pub host: i64,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// When the first of its containers was made.
    pub created: Option<Micros>,
}

/// Which pods are wanted: all that is set must hold. Texts match as a part, whatever the case of ASCII letters.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Part of the name.
    pub name: Option<String>,
    /// Part of the namespace.
    pub namespace: Option<String>,
    /// Of containers like these.
    pub containers: Filter,
}

/// The pods of a project by namespace and name. All of them are read for a page of some.
///
/// # Errors
/// Those of the database.
pub async fn pods(tx: &mut Tx, project: i64, wanted: &Wanted, paging: Paging) -> Result<Page<Pod>> {
    let containers = Filter { in_pod: Some(true), ..wanted.containers.clone() };
    let (condition, values) = containers.sql(tx, project);
    let sql = format!("SELECT c.host, c.name, c.created_at FROM containers c WHERE {condition}");
    let mut all: Vec<Pod> = Vec::new();
    for row in tx.all(sql, values).await? {
        all.extend(pod(&row)?.filter(|it| wanted.fits(it)));
    }
    all.sort_by(|one, other| key(one).cmp(&key(other)).then(one.created.cmp(&other.created)));
    // Of one that is not known no time is; so it would come first.
    all.dedup_by(|next, first| {
        let same = key(next) == key(first);
        if same && first.created.is_none() {
            first.created = next.created;
        }
        same
    });
    let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let (skip, limit) = (usize::try_from(paging.offset), usize::try_from(paging.limit));
    let rows = all.into_iter().skip(skip.unwrap_or(usize::MAX)).take(limit.unwrap_or(0));
    Ok(Page { total, rows: rows.collect() })
}

fn key(pod: &Pod) -> (&str, &str, i64) {
    (&pod.namespace, &pod.name, pod.host)
}

fn pod(row: &Row) -> Result<Option<Pod>> {
    let mut cells = row.cells();
    let (host, name): (i64, String) = (cells.take()?, cells.take()?);
    let created = cells.take()?;
    let mut parts = name.split('/');
    let pod = parts.next().zip(parts.next()).map(|(namespace, name)| {
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        Pod { host, namespace, name, created }
    });
    Ok(pod)
}

impl Wanted {
    fn fits(&self, pod: &Pod) -> bool {
        let has = |text: &str, part: &Option<String>| {
            part.as_ref().is_none_or(|part| folded(text).contains(&folded(part)))
        };
        has(&pod.name, &self.name) && has(&pod.namespace, &self.namespace)
    }
}
