//! The containers that run now, on all hosts of a project.

mod pods;
mod told;

pub use pods::{Pod, Wanted as WantedPods, pods};
use told::COLUMNS;
pub use told::tell;

use crate::Tx;
use crate::db::{Bind, binds, folded, unpatterned};
use crate::{hosts, images, vulnerabilities};
use muster_model::container::Details;
use muster_model::host::Cluster;
use muster_model::{Micros, Page, Paging, Result};

/// A container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// What its host tells of it.
    pub details: Details,
    /// The id of its host.
    pub host_id: String,
    /// The cluster that host is a node of.
    pub cluster: Option<Cluster>,
    /// When something in it was last looked at.
    pub looked_at: Micros,
}

/// Which containers are wanted: all that is set must hold. Texts match as a part, whatever the case of ASCII letters.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the name.
    pub name: Option<String>,
    /// Part of the name of the image.
    pub image: Option<String>,
    /// Part of the name of the pod.
    pub pod: Option<String>,
    /// Whether it belongs to a pod.
    pub in_pod: Option<bool>,
    /// Those of this image; with nothing set, of any that lies on their host.
    pub of: Option<images::Named>,
    /// Exactly this id.
    pub id: Option<String>,
    /// A vulnerability it has.
    pub vulnerability: Option<vulnerabilities::Named>,
    /// Those on a node of exactly this cluster.
    pub cluster: Option<String>,
    /// Those on a node of a cluster with this part in its name.
    pub cluster_name: Option<String>,
    /// Those on these hosts.
    pub hosts: hosts::Filter,
}

/// A container that ended keeps its row for a while; one that runs has a scope with a digest.
pub(crate) const RUNS: &str = "EXISTS (SELECT 1 FROM host_kinds k WHERE k.host = c.host AND k.container = c.key \
                    AND length(k.digest) > 0)";

/// The condition that the pod of `containers c` has this part in its name, and its values.
pub(crate) fn in_pod(part: &str) -> (&'static str, Vec<Bind>) {
    // Names in Kubernetes are in lower case, and without a slash; so no part of this meets two of them.
    let condition =
        "c.name LIKE ? ESCAPE '!' OR c.name LIKE ? ESCAPE '!' AND c.name NOT LIKE '%/%/%'";
    let pod = unpatterned(&folded(part));
    (condition, binds![format!("%/%{pod}%/%"), format!("%/%{pod}%")])
}

impl Filter {
    /// The condition on `containers c`, and its values.
    fn sql(&self, tx: &Tx, project: i64) -> (String, Vec<Bind>) {
        let (hosts, mut values) = self.hosts.sql(tx, project);
        let mut sql = format!("c.host IN (SELECT key FROM hosts WHERE {hosts}) AND {RUNS}");
        for (column, part) in [("c.name", &self.name), ("c.image", &self.image)] {
            if let Some(part) = part {
                sql.push_str(" AND ");
                sql.push_str(&tx.contains(column));
                values.push(folded(part).into());
            }
        }
        if let Some(pod) = &self.pod {
            let (condition, more) = in_pod(pod);
            sql.push_str(&format!(" AND ({condition})"));
            values.extend(more);
        }
        if let Some(image) = &self.of {
            let (condition, more) = image.of_container();
            sql.push_str(&format!(" AND {condition}"));
            values.extend(more);
        }
        if let Some(id) = &self.id {
            sql.push_str(" AND c.id = ?");
            values.push(id.into());
        }
        if let Some(wanted) = &self.vulnerability {
            let (facts, more) = wanted.facts();
            sql.push_str(&format!(
                " AND c.key IN (SELECT s.container FROM sightings s WHERE s.container > 0 AND s.fact IN ({facts}))"
            ));
            values.extend(more);
        }
        if let Some(cluster) = &self.cluster {
            sql.push_str(" AND c.host IN (SELECT key FROM hosts WHERE cluster_id = ?)");
            values.push(cluster.into());
        }
        if let Some(part) = &self.cluster_name {
            let holds = tx.contains("cluster_name");
            sql.push_str(&format!(" AND c.host IN (SELECT key FROM hosts WHERE {holds})"));
            values.push(folded(part).into());
        }
        // No runtime lets a slash into the names of other containers.
        match self.in_pod {
            None => {}
            Some(true) => sql.push_str(" AND c.name LIKE '%/%'"),
            Some(false) => sql.push_str(" AND c.name NOT LIKE '%/%'"),
        }
        (sql, values)
    }
}

/// The containers of a project by name.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    project: i64,
    filter: &Filter,
    paging: Paging,
) -> Result<Page<Container>> {
    let (condition, mut values) = filter.sql(tx, project);
    let sql = format!("SELECT count(*) FROM containers c WHERE {condition}");
    let total = tx.one(sql, values.clone()).await?.only()?;
    values.extend(binds![paging.limit, paging.offset]);
    // The page first: what else is told of its rows is looked up for them alone.
    let sql = format!(
        "SELECT {COLUMNS}, h.id, h.cluster_id, h.cluster_name, h.cluster_server, (SELECT max(k.swept_at) FROM host_kinds k WHERE k.host = c.host \
         AND k.container = c.key AND length(k.digest) > 0) FROM (SELECT c.key FROM containers c \
         WHERE {condition} ORDER BY c.name, c.key LIMIT ? OFFSET ?) page \
         JOIN containers c ON c.key = page.key JOIN hosts h ON h.key = c.host ORDER BY c.name, c.key"
    );
    let rows = tx.all(sql, values).await?;
    let rows = rows.iter().map(|row| {
        let mut cells = row.cells();
        Ok(Container {
            details: told::read(&mut cells)?,
            host_id: cells.take()?,
            cluster: hosts::cluster(&mut cells)?,
            looked_at: cells.take()?,
        })
    });
    Ok(Page { total, rows: rows.collect::<Result<_>>()? })
}
