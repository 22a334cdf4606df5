//! Policies an account wrote, and which group or agency has which policy where.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Micros, Result};

/// A policy of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPolicy {
    /// Key inside the store.
    pub key: i64,
    /// Its id.
    pub id: String,
    /// Its account.
    pub domain: i64,
    /// Its name, unique in the account.
    pub name: String,
    /// Where it may be given: `AX` in the account, `XA` in projects, `AA` in both.
    pub kind: String,
    /// For people.
    pub description: String,
    /// The document as it was handed in.
    pub document: String,
    /// When it was made.
    pub created_at: Micros,
    /// When it was last changed.
    pub updated_at: Micros,
}

const POLICY: &str = "SELECT key, id, domain, name, kind, description, document, created_at, updated_at \
                      FROM policies";

fn policy(row: &Row) -> Result<StoredPolicy> {
    let mut cells = row.cells();
    Ok(StoredPolicy {
        key: cells.take()?,
        id: cells.take()?,
        domain: cells.take()?,
        name: cells.take()?,
        kind: cells.take()?,
        description: cells.take()?,
        document: cells.take()?,
        created_at: cells.take()?,
        updated_at: cells.take()?,
    })
}

/// Adds a policy; its key is not looked at.
///
/// # Errors
/// `Conflict` when the id is taken, or the name in this account.
pub async fn create(tx: &mut Tx, new: &StoredPolicy) -> Result<()> {
    tx.execute(
        "INSERT INTO policies (id, domain, name, kind, description, document, created_at, updated_at) \
         VALUES (?,?,?,?,?,?,?,?)",
        binds![
            &new.id,
            new.domain,
            &new.name,
            &new.kind,
            &new.description,
            &new.document,
            new.created_at,
            new.updated_at
        ],
    )
    .await
    .map(drop)
}

/// Every policy of the installation by name.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredPolicy>> {
    tx.all(format!("{POLICY} ORDER BY name, key"), vec![]).await?.iter().map(policy).collect()
}

/// The policy with this id.
///
/// # Errors
/// Those of the database.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<StoredPolicy>> {
    let row = tx.optional(format!("{POLICY} WHERE id = ?"), binds![id]).await?;
    row.as_ref().map(policy).transpose()
}

/// Stores everything but id, account and the moment it was made.
///
/// # Errors
/// `NotFound`; `Conflict` when the name is taken.
pub async fn update(tx: &mut Tx, it: &StoredPolicy) -> Result<()> {
    let touched = tx
        .execute(
            "UPDATE policies SET name = ?, kind = ?, description = ?, document = ?, updated_at = ? \
             WHERE key = ?",
            binds![&it.name, &it.kind, &it.description, &it.document, it.updated_at, it.key],
        )
        .await?;
    if touched == 0 { Err(Error::not_found("the policy")) } else { Ok(()) }
}

/// Removes a policy. Its assignments must be gone before.
///
/// # Errors
/// `NotFound`; `Conflict` when a group or an agency still has it.
pub async fn delete(tx: &mut Tx, it: &StoredPolicy) -> Result<()> {
    let sql = "SELECT (SELECT count(*) FROM assignments WHERE policy = ?) \
               + (SELECT count(*) FROM agency_assignments WHERE policy = ?)";
    let held: i64 = tx.one(sql, binds![&it.id, &it.id]).await?.only()?;
    if held > 0 {
        let message = format!("{} is still given to groups or agencies: {held} times", it.name);
        return Err(Error::conflict(message));
    }
    let touched = tx.execute("DELETE FROM policies WHERE key = ?", binds![it.key]).await?;
    if touched == 0 { Err(Error::not_found("the policy")) } else { Ok(()) }
}

/// Where a policy holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// What belongs to the account itself and to no project.
    Domain,
    /// One project, by its id.
    Project(String),
    /// Every project of the account.
    Projects,
    /// What belongs to an enterprise project, by its id.
    EnterpriseProject(String),
}

impl Reach {
    fn columns(&self) -> (&'static str, &str) {
        match self {
            Self::Domain => ("domain", ""),
            Self::Project(id) => ("project", id),
            Self::Projects => ("projects", ""),
            Self::EnterpriseProject(id) => ("enterprise_project", id),
        }
    }

    fn from_columns(reach: &str, place: String) -> Result<Self> {
        match reach {
            "domain" => Ok(Self::Domain),
            "project" => Ok(Self::Project(place)),
            "projects" => Ok(Self::Projects),
            "enterprise_project" => Ok(Self::EnterpriseProject(place)),
            _ => Err(Error::internal("an assignment of unknown reach")),
        }
    }
}

/// Who has a policy, by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A group.
    Group(i64),
    /// An agency.
    Agency(i64),
}

impl Holder {
    const fn columns(self) -> (&'static str, i64) {
        match self {
            Self::Group(key) => ("assignments", key),
            Self::Agency(key) => ("agency_assignments", key),
        }
    }
}

/// That somebody has a policy somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Who.
    pub holder: Holder,
    /// Id of the policy, built-in or not.
    pub policy: String,
    /// Where.
    pub reach: Reach,
}

/// Every assignment of the installation.
///
/// # Errors
/// Those of the database.
pub async fn assignments(tx: &mut Tx) -> Result<Vec<Assignment>> {
    let mut found = Vec::new();
    for holder in [Holder::Group, Holder::Agency] {
        let table = holder(0).columns().0;
        let sql = format!(
            "SELECT holder, policy, reach, place FROM {table} ORDER BY holder, policy, reach, place"
        );
        for row in tx.all(sql, vec![]).await? {
            let mut cells = row.cells();
            let (key, policy) = (cells.take()?, cells.take()?);
            let (reach, place): (String, String) = (cells.take()?, cells.take()?);
            let reach = Reach::from_columns(&reach, place)?;
            found.push(Assignment { holder: holder(key), policy, reach });
        }
    }
    Ok(found)
}

/// Gives a policy to a holder; one it has already stays.
///
/// # Errors
/// Those of the database.
pub async fn assign(tx: &mut Tx, it: &Assignment, now: Micros) -> Result<()> {
    let (reach, place) = it.reach.columns();
    let (table, key) = it.holder.columns();
    let sql = format!(
        "INSERT INTO {table} (holder, policy, reach, place, created_at) VALUES (?,?,?,?,?) \
         ON CONFLICT DO NOTHING"
    );
    tx.execute(sql, binds![key, &it.policy, reach, place, now]).await.map(drop)
}

/// Takes a policy from a holder; false if it did not have it there.
///
/// # Errors
/// Those of the database.
pub async fn withdraw(tx: &mut Tx, it: &Assignment) -> Result<bool> {
    let (reach, place) = it.reach.columns();
    let (table, key) = it.holder.columns();
    let sql =
        format!("DELETE FROM {table} WHERE holder = ? AND policy = ? AND reach = ? AND place = ?");
    Ok(tx.execute(sql, binds![key, &it.policy, reach, place]).await? > 0)
}
