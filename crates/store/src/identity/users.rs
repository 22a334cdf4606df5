//! Users of an account.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::id::UserId;
use muster_model::{Error, Micros, Result, Role};
use std::fmt;

/// A user. Its `Debug` form shows no hash.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// Key inside the store.
    pub key: i64,
    /// Its id.
    pub id: UserId,
    /// Its account.
    pub domain: i64,
    /// Its name, unique in the account.
    pub name: String,
    /// For people.
    pub description: String,
    /// Argon2id in its text form; empty when the user has no password.
    pub password_hash: String,
    /// What it may do.
    pub role: Role,
    /// A disabled user is not let in.
    pub enabled: bool,
    /// Grows whenever password or rights change: what was issued before is void.
    pub version: i64,
    /// When it was made.
    pub created_at: Micros,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

const USER: &str = "SELECT key, id, domain, name, description, password_hash, role, enabled, version, \
                    created_at FROM users";

fn user(row: &Row) -> Result<User> {
    let mut cells = row.cells();
    Ok(User {
        key: cells.take()?,
        id: UserId::parse(&cells.take::<String>()?)?,
        domain: cells.take()?,
        name: cells.take()?,
        description: cells.take()?,
        password_hash: cells.take()?,
        role: Role::from_name(&cells.take::<String>()?)
            .ok_or_else(|| Error::internal("a user has an unknown role"))?,
        enabled: cells.take()?,
        version: cells.take()?,
        created_at: cells.take()?,
    })
}

/// What a new user starts with.
pub struct NewUser<'a> {
    /// Its account.
    pub domain: i64,
    /// Its id.
    pub id: &'a UserId,
    /// Its name.
    pub name: &'a str,
    /// For people.
    pub description: &'a str,
    /// Argon2id in its text form.
    pub password_hash: &'a str,
    /// What it may do.
    pub role: Role,
}

/// Adds an enabled user and answers its key. Its version starts at this moment: the key may be that of a user who was
/// removed, whose tokens must stay void.
///
/// # Errors
/// `Conflict` when the id is taken, or the name in this account.
pub async fn create(tx: &mut Tx, new: &NewUser<'_>, now: Micros) -> Result<i64> {
    tx.one(
        "INSERT INTO users (id, domain, name, description, password_hash, role, enabled, version, created_at) \
         VALUES (?,?,?,?,?,?,1,?,?) RETURNING key",
        binds![
            new.id.as_str(),
            new.domain,
            new.name,
            new.description,
            new.password_hash,
            new.role.name(),
            now,
            now
        ],
    )
    .await?
    .only()
}

/// The users of an account by name.
///
/// # Errors
/// Those of the database.
pub async fn list(tx: &mut Tx, domain: i64) -> Result<Vec<User>> {
    let rows = tx.all(format!("{USER} WHERE domain = ? ORDER BY name"), binds![domain]).await?;
    rows.iter().map(user).collect()
}

/// The user with this key.
///
/// # Errors
/// Those of the database.
pub async fn by_key(tx: &mut Tx, key: i64) -> Result<Option<User>> {
    let row = tx.optional(format!("{USER} WHERE key = ?"), binds![key]).await?;
    row.as_ref().map(user).transpose()
}

/// The user with this id.
///
/// # Errors
/// Those of the database.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<User>> {
    let row = tx.optional(format!("{USER} WHERE id = ?"), binds![id]).await?;
    row.as_ref().map(user).transpose()
}

/// The user of an account with this name.
///
/// # Errors
/// Those of the database.
pub async fn by_name(tx: &mut Tx, domain: i64, name: &str) -> Result<Option<User>> {
    let row =
        tx.optional(format!("{USER} WHERE domain = ? AND name = ?"), binds![domain, name]).await?;
    row.as_ref().map(user).transpose()
}

/// Stores name, description, password hash, role and whether it is enabled. When one of the last three
/// differs from what is stored, the version grows.
///
/// # Errors
/// `NotFound`; `Conflict` when the name is taken in its account.
pub async fn update(tx: &mut Tx, user: &User) -> Result<()> {
    let touched = tx
        .execute(
            "UPDATE users SET version = version + CASE WHEN password_hash = ? AND role = ? AND enabled = ? \
             THEN 0 ELSE 1 END, name = ?, description = ?, password_hash = ?, role = ?, enabled = ? \
             WHERE key = ?",
            binds![
                &user.password_hash,
                user.role.name(),
                user.enabled,
                &user.name,
                &user.description,
                &user.password_hash,
                user.role.name(),
                user.enabled,
                user.key
            ],
        )
        .await?;
    if touched == 0 { Err(Error::not_found("the user")) } else { Ok(()) }
}

/// Removes a user and its access keys.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, key: i64) -> Result<()> {
    let touched = tx.execute("DELETE FROM users WHERE key = ?", binds![key]).await?;
    if touched == 0 { Err(Error::not_found("the user")) } else { Ok(()) }
}
