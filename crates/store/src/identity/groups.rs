//! Groups of users: rights are given to groups.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Micros, Result};

/// A group of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Key inside the store.
    pub key: i64,
    /// Its id.
    pub id: String,
    /// Its account.
    pub domain: i64,
    /// Its name, unique in the account.
    pub name: String,
    /// For people.
    pub description: String,
    /// When it was made.
    pub created_at: Micros,
}

const GROUP: &str = "SELECT key, id, domain, name, description, created_at FROM user_groups";

fn group(row: &Row) -> Result<Group> {
    let mut cells = row.cells();
    Ok(Group {
        key: cells.take()?,
        id: cells.take()?,
        domain: cells.take()?,
        name: cells.take()?,
        description: cells.take()?,
        created_at: cells.take()?,
    })
}

/// Adds a group and answers its key.
///
/// # Errors
/// `Conflict` when the id is taken, or the name in this account.
pub async fn create(
    tx: &mut Tx,
    domain: i64,
    id: &str,
    name: &str,
    description: &str,
    now: Micros,
) -> Result<i64> {
    tx.one(
        "INSERT INTO user_groups (id, domain, name, description, created_at) VALUES (?,?,?,?,?) \
         RETURNING key",
        binds![id, domain, name, description, now],
    )
    .await?
    .only()
}

/// Every group of the installation by name.
///
/// # Errors
/// Those of the database.
pub async fn all(tx: &mut Tx) -> Result<Vec<Group>> {
    tx.all(format!("{GROUP} ORDER BY name, key"), vec![]).await?.iter().map(group).collect()
}

/// The group with this id.
///
/// # Errors
/// Those of the database.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Group>> {
    tx.optional(format!("{GROUP} WHERE id = ?"), binds![id]).await?.as_ref().map(group).transpose()
}

/// Stores name and description.
///
/// # Errors
/// `NotFound`; `Conflict` when the name is taken.
pub async fn update(tx: &mut Tx, group: &Group) -> Result<()> {
    let touched = tx
        .execute(
            "UPDATE user_groups SET name = ?, description = ? WHERE key = ?",
            binds![&group.name, &group.description, group.key],
        )
        .await?;
    if touched == 0 { Err(Error::not_found("the group")) } else { Ok(()) }
}

/// Removes a group with its memberships and rights.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, key: i64) -> Result<()> {
    let touched = tx.execute("DELETE FROM user_groups WHERE key = ?", binds![key]).await?;
    if touched == 0 { Err(Error::not_found("the group")) } else { Ok(()) }
}

/// Every membership of the installation, as (group, user).
///
/// # Errors
/// Those of the database.
pub async fn members(tx: &mut Tx) -> Result<Vec<(i64, i64)>> {
    let sql = "SELECT member_of, member FROM group_members ORDER BY member_of, member";
    let pair = |row: &Row| {
        let mut cells = row.cells();
        Ok((cells.take()?, cells.take()?))
    };
    tx.all(sql, vec![]).await?.iter().map(pair).collect()
}

/// Makes a user a member; one that is already stays one.
///
/// # Errors
/// Those of the database.
pub async fn add_member(tx: &mut Tx, group: i64, user: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO group_members (member_of, member) VALUES (?,?) ON CONFLICT DO NOTHING",
        binds![group, user],
    )
    .await
    .map(drop)
}

/// Ends a membership; false if there was none.
///
/// # Errors
/// Those of the database.
pub async fn remove_member(tx: &mut Tx, group: i64, user: i64) -> Result<bool> {
    let sql = "DELETE FROM group_members WHERE member_of = ? AND member = ?";
    Ok(tx.execute(sql, binds![group, user]).await? > 0)
}
