//! Every value sealed under an owner's key, whatever table it lies in: for wrapping all of them anew.
//!
//! A table with such a column has a row in [`PLACES`]; what is not named here would not survive a rotation.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::{Error, Owner, Result};

/// A column with sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    table: &'static str,
    column: &'static str,
    /// `domains` or `projects`, and the table's column that points there.
    owner: (&'static str, &'static str),
    /// The text in front of a record's name, and the column with the rest.
    record: (&'static str, &'static str),
    /// The field it is sealed as.
    pub field: &'static str,
}

/// All of them.
pub const PLACES: &[Place] = &[
    Place {
        table: "certificates",
        column: "sealed_key",
        owner: ("domains", "domain"),
        record: ("certificate/", "id"),
        field: "private_key",
    },
    Place {
        table: "certificates",
        column: "sealed_enc_key",
        owner: ("domains", "domain"),
        record: ("certificate/", "id"),
        field: "enc_private_key",
    },
    Place {
        table: "certificate_requests",
        column: "sealed_key",
        owner: ("domains", "domain"),
        record: ("certificate_request/", "id"),
        field: "private_key",
    },
    Place {
        table: "authorities",
        column: "sealed_key",
        owner: ("domains", "domain"),
        record: ("authority/", "algorithm"),
        field: "private_key",
    },
    Place {
        table: "keypairs",
        column: "sealed_private_key",
        owner: ("projects", "project"),
        record: ("keypair/", "id"),
        field: "private_key",
    },
    Place {
        table: "sca_keys",
        column: "sealed_secret",
        owner: ("projects", "project"),
        record: ("sca_key/", "access"),
        field: "secret",
    },
    Place {
        table: "keypair_tasks",
        column: "sealed_credential",
        owner: ("projects", "project"),
        record: ("keypair_task/", "id"),
        field: "credential",
    },
];

/// A sealed value and where it belongs.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Key of its row.
    pub key: i64,
    /// Whose it is.
    pub owner: Owner,
    /// The record it is sealed for.
    pub record: String,
    /// The value.
    pub sealed: Vec<u8>,
}

/// The values of a place from the row after `after` on, by key.
///
/// # Errors
/// Those of the database.
pub async fn page(tx: &mut Tx, place: Place, after: i64, limit: u32) -> Result<Vec<Sealed>> {
    let Place { table, column, owner: (owners, points), record: (front, rest), .. } = place;
    let sql = format!(
        "SELECT t.key, o.id, t.{rest}, t.{column} FROM {table} t JOIN {owners} o ON o.key = t.{points} \
         WHERE t.key > ? AND t.{column} IS NOT NULL ORDER BY t.key LIMIT ?"
    );
    let kind = owners.trim_end_matches('s');
    let read = |row: &Row| {
        let mut cells = row.cells();
        let (key, owner, rest): (i64, String, String) =
            (cells.take()?, cells.take()?, cells.take()?);
        Ok(Sealed {
            key,
            owner: Owner::parse(&format!("{kind}/{owner}"))
                .ok_or_else(|| Error::internal("an owner's id"))?,
            record: format!("{front}{rest}"),
            sealed: cells.take()?,
        })
    };
    tx.all(sql, binds![after, limit]).await?.iter().map(read).collect()
}

/// Replaces a value by another if it is still the one that was read.
///
/// # Errors
/// Those of the database.
pub async fn replace(tx: &mut Tx, place: Place, old: &Sealed, new: &[u8]) -> Result<()> {
    let Place { table, column, .. } = place;
    let sql = format!("UPDATE {table} SET {column} = ? WHERE key = ? AND {column} = ?");
    tx.execute(sql, binds![new, old.key, old.sealed.as_slice()]).await.map(drop)
}
