//! What a failed statement means to a caller.

use muster_model::{Error, ErrorKind};
use std::error::Error as _;

/// Turns a failure of the database into the product's error: a broken unique rule is a conflict, an
/// unreachable database is unavailable, anything else is our fault.
pub(crate) fn failed(error: sqlx::Error) -> Error {
    let kind = match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => ErrorKind::Conflict,
        sqlx::Error::RowNotFound => ErrorKind::NotFound,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed => ErrorKind::Unavailable,
        _ if passing(&error) => ErrorKind::Unavailable,
        _ => return Error::internal(error),
    };
    let message = match kind {
        ErrorKind::Conflict => "it exists already",
        ErrorKind::NotFound => "it does not exist",
        _ => "the database is not available",
    };
    Error::new(kind, message).with_source(error)
}

/// Whether the same transaction, run again, may well succeed.
pub(crate) fn is_passing(error: &Error) -> bool {
    error.source().and_then(|source| source.downcast_ref::<sqlx::Error>()).is_some_and(passing)
}

/// SQLite: busy or locked (primary codes 5 and 6, extended ones in the higher bits). PostgreSQL: 40001
/// serialization failure, 40P01 deadlock.
fn passing(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(database) = error else { return false };
    let Some(code) = database.code() else { return false };
    match code.as_ref() {
        "40001" | "40P01" => true,
        other => other.parse::<i64>().is_ok_and(|code| matches!(code & 0xff, 5 | 6) && code < 3000),
    }
}
