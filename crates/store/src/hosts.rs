//! The hosts of a project: what they say of themselves and what their owner says of them.

mod clusters;
mod filter;
mod overview;
mod protection;
mod registration;
mod risks;

pub use clusters::{Gathered, clusters};
pub use filter::{AgentFilter, Filter};
pub use overview::{count_containers, keys, nodes, systems};
pub use protection::protect;
pub use registration::{
    Installation, NewHost, Registration, expecting_machine, expecting_name, register, remove,
    set_installation, update_address, update_registration, with_machine_ids, with_names,
};
pub use risks::{Risks, risks};

use crate::Tx;
use crate::db::{Bind, Cells, Row, binds};
use muster_model::host::{Cluster, HostProfile};
use muster_model::id::{AgentId, HostId};
use muster_model::{Error, Micros, Page, Paging, Result};
use std::collections::{BTreeMap, HashMap};

/// What a host's owner says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Responsible department.
    pub department: String,
    /// Importance: `important`, `common`, `test`, or empty.
    pub importance: String,
    /// Where it stands.
    pub location: String,
    /// Group of hosts it belongs to.
    pub group: String,
    /// Enterprise project, `0` for the default one.
    pub enterprise_project_id: String,
    /// Containers run on it, or will, whether or not an agent saw any.
    pub container_node: bool,
    /// Its tags, by key. Neither a key nor a value has a line feed, a key no equals sign.
    pub tags: BTreeMap<String, String>,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Key inside the store.
    pub key: i64,
    /// Its id.
    pub id: HostId,
    /// Its project.
    pub project: i64,
    /// What it says of itself.
    pub profile: HostProfile,
    /// The agent that speaks for it; none was ever enrolled, or its key was revoked.
    pub agent_id: Option<AgentId>,
    /// That agent's version, or empty.
    pub agent_version: String,
    /// When its agent was last heard of.
    pub last_seen: Option<Micros>,
    /// What its owner says of it.
    pub owner: Ownership,
    /// What was entered of it before an agent was there.
    pub registration: Registration,
    /// An installation of an agent that did not end well yet.
    pub installation: Option<Installation>,
    /// When it became known.
    pub created_at: Micros,
    /// As what it is protected, if it is.
    pub protected_as: Option<String>,
    /// Images its agent is to look into.
    pub scans: i64,
}

const HOST: &str = "SELECT key, id, project, name, addresses, machine_id, boot_id, os_name, os_id, \
                    os_version, kernel, arch, cpus, memory_bytes, ssh_host_keys, allows_binding, allows_blocking, scans_images, cluster_id, \
                    cluster_name, cluster_server, agent_id, agent_version, \
                    last_seen, department, importance, location, host_group, enterprise_project_id, \
                    container_node, tags, entered_name, expected_address, expected_machine_id, install_state, \
                    install_reason, install_since, created_at, \
                    (SELECT p.version FROM host_protection p WHERE p.host = hosts.key), \
                    (SELECT count(*) FROM image_scans q WHERE q.host = hosts.key AND q.ended_at IS NULL) FROM hosts";

fn host(row: &Row) -> Result<Host> {
    let mut cells = row.cells();
    Ok(Host {
        key: cells.take()?,
        id: HostId::parse(&cells.take::<String>()?)?,
        project: cells.take()?,
        profile: HostProfile {
            name: cells.take()?,
            addresses: cells
                .take::<String>()?
                .split('\n')
                .filter(|address| !address.is_empty())
                .map(str::to_owned)
                .collect(),
            machine_id: cells.take()?,
            boot_id: cells.take()?,
            os_name: cells.take()?,
            os_id: cells.take()?,
            os_version: cells.take()?,
            kernel: cells.take()?,
            arch: cells.take()?,
            cpus: cells.take()?,
            memory_bytes: u64::try_from(cells.take::<i64>()?).map_err(Error::internal)?,
            ssh_host_keys: cells.take::<String>()?.lines().map(str::to_owned).collect(),
            allows_binding: cells.take::<i64>()? != 0,
            allows_blocking: cells.take::<i64>()? != 0,
            scans_images: u32::try_from(cells.take::<i64>()?).unwrap_or_default(),
            cluster: cluster(&mut cells)?,
        },
        agent_id: cells.take::<Option<String>>()?.map(|id| AgentId::parse(&id)).transpose()?,
        agent_version: cells.take()?,
        last_seen: cells.take()?,
        owner: Ownership {
            department: cells.take()?,
            importance: cells.take()?,
            location: cells.take()?,
            group: cells.take()?,
            enterprise_project_id: cells.take()?,
            container_node: cells.take::<i64>()? != 0,
            tags: read_tags(&cells.take::<String>()?),
        },
        registration: registration::read(&mut cells)?,
        installation: registration::read_installation(&mut cells)?,
        created_at: cells.take()?,
        protected_as: cells.take()?,
        scans: cells.take()?,
    })
}

/// Id, name and server of a cluster; none without an id.
pub(crate) fn cluster(cells: &mut Cells<'_>) -> Result<Option<Cluster>> {
    let cluster = Cluster { id: cells.take()?, name: cells.take()?, server: cells.take()? };
    Ok(Some(cluster).filter(|it| !it.id.is_empty()))
}

/// Tags as one text, in which a whole tag stands between line feeds.
fn tag_lines(tags: &BTreeMap<String, String>) -> String {
    let mut lines = String::new();
    for (key, value) in tags {
        lines.extend(["\n", key, "=", value]);
    }
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines
}

fn read_tags(lines: &str) -> BTreeMap<String, String> {
    let tags = lines.lines().filter_map(|line| line.split_once('='));
    tags.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

const PROFILE_COLUMNS: &str = "name, ip, addresses, machine_id, boot_id, os_name, os_id, os_version, kernel, \
                               arch, cpus, memory_bytes, ssh_host_keys, allows_binding, allows_blocking, scans_images, cluster_id, \
                               cluster_name, cluster_server";

/// The profile's columns in the order of [`PROFILE_COLUMNS`].
fn profile_binds(profile: &HostProfile) -> Vec<Bind> {
    let mut addresses = String::new();
    for address in &profile.addresses {
        addresses.push('\n');
        addresses.push_str(address);
    }
    addresses.push('\n');
    let cluster = profile.cluster.as_ref();
    binds![
        &profile.name,
        profile.addresses.first().map(String::as_str).unwrap_or_default(),
        addresses,
        &profile.machine_id,
        &profile.boot_id,
        &profile.os_name,
        &profile.os_id,
        &profile.os_version,
        &profile.kernel,
        &profile.arch,
        profile.cpus,
        i64::try_from(profile.memory_bytes).unwrap_or(i64::MAX),
        profile.ssh_host_keys.join("\n"),
        profile.allows_binding,
        profile.allows_blocking,
        profile.scans_images,
        cluster.map(|it| it.id.as_str()).unwrap_or_default(),
        cluster.map(|it| it.name.as_str()).unwrap_or_default(),
        cluster.map(|it| it.server.as_str()).unwrap_or_default()
    ]
}

/// Adds a host without an agent and answers its key. The texts of `profile` must be free of NUL.
///
/// # Errors
/// `Conflict` when the id is taken.
pub async fn create(
    tx: &mut Tx,
    project: i64,
    id: &HostId,
    profile: &HostProfile,
    owner: &Ownership,
    now: Micros,
) -> Result<i64> {
    registration::register_one(tx, project, id, profile, owner, now).await
}

/// The host with this id.
///
/// # Errors
/// Those of the database.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Host>> {
    tx.optional(format!("{HOST} WHERE id = ?"), binds![id]).await?.as_ref().map(host).transpose()
}

/// The host with this key.
///
/// # Errors
/// Those of the database.
pub async fn by_key(tx: &mut Tx, key: i64) -> Result<Option<Host>> {
    tx.optional(format!("{HOST} WHERE key = ?"), binds![key]).await?.as_ref().map(host).transpose()
}

/// The hosts with these keys, by key.
///
/// # Errors
/// Those of the database.
pub async fn by_keys(tx: &mut Tx, keys: &[i64]) -> Result<HashMap<i64, Host>> {
    let keys = keys.iter().copied().map(Bind::from).collect();
    let rows = tx.all_in(&format!("{HOST} WHERE key"), vec![], keys).await?;
    rows.iter().map(|row| host(row).map(|host| (host.key, host))).collect()
}

/// The hosts of a project that name this machine id, oldest first: more than one are clones.
///
/// # Errors
/// Those of the database.
pub async fn by_machine_id(tx: &mut Tx, project: i64, machine_id: &str) -> Result<Vec<Host>> {
    let sql = format!("{HOST} WHERE project = ? AND machine_id = ? ORDER BY key");
    tx.all(sql, binds![project, machine_id]).await?.iter().map(host).collect()
}

/// Stores what the host says of itself.
///
/// # Errors
/// Those of the database.
pub async fn update_profile(tx: &mut Tx, key: i64, profile: &HostProfile) -> Result<()> {
    let mut values = profile_binds(profile);
    values.push(key.into());
    let columns: Vec<String> =
        PROFILE_COLUMNS.split(", ").map(|column| format!("{column} = ?")).collect();
    let sql = format!("UPDATE hosts SET {} WHERE key = ?", columns.join(", "));
    tx.execute(sql, values).await.map(drop)
}

/// Stores what the owner says of it.
///
/// # Errors
/// Those of the database.
pub async fn update_owner(tx: &mut Tx, key: i64, owner: &Ownership) -> Result<()> {
    tx.execute(
        "UPDATE hosts SET department = ?, importance = ?, location = ?, host_group = ?, \
         enterprise_project_id = ?, container_node = ?, tags = ? WHERE key = ?",
        binds![
            &owner.department,
            &owner.importance,
            &owner.location,
            &owner.group,
            &owner.enterprise_project_id,
            owner.container_node,
            tag_lines(&owner.tags),
            key
        ],
    )
    .await
    .map(drop)
}

/// Makes an agent speak for the host, or nobody.
///
/// # Errors
/// Those of the database.
pub async fn set_agent(tx: &mut Tx, key: i64, agent: Option<&AgentId>) -> Result<()> {
    let agent = agent.map(AgentId::as_str);
    tx.execute("UPDATE hosts SET agent_id = ? WHERE key = ?", binds![agent, key]).await.map(drop)
}

/// Notes that the agents of these hosts were heard of: keys with the agents' versions.
///
/// # Errors
/// Those of the database.
pub async fn seen(tx: &mut Tx, hosts: &[(i64, &str)], at: Micros) -> Result<()> {
    let values = hosts.iter().flat_map(|(key, version)| binds![*key, at, *version]).collect();
    let head = "UPDATE hosts SET last_seen = v.column2, agent_version = v.column3 FROM";
    tx.all_from(head, 3, values, "WHERE hosts.key = v.column1").await.map(drop)
}

/// The hosts of a project by name.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    project: i64,
    filter: &Filter,
    paging: Paging,
) -> Result<Page<Host>> {
    let (condition, mut values) = filter.sql(tx, project);
    let total = tx
        .one(format!("SELECT count(*) FROM hosts WHERE {condition}"), values.clone())
        .await?
        .only()?;
    values.extend(binds![paging.limit, paging.offset]);
    let sql = format!("{HOST} WHERE {condition} ORDER BY name, key LIMIT ? OFFSET ?");
    let rows = tx.all(sql, values).await?.iter().map(host).collect::<Result<_>>()?;
    Ok(Page { total, rows })
}

/// How many hosts of a project match.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx, project: i64, filter: &Filter) -> Result<i64> {
    let (condition, values) = filter.sql(tx, project);
    tx.one(format!("SELECT count(*) FROM hosts WHERE {condition}"), values).await?.only()
}
