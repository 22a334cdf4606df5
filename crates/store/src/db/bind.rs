//! Values on their way into a statement.

use muster_model::Micros;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, error::BoxDynError};

/// One bound value. Nulls carry their type, because PostgreSQL wants to know it.
#[derive(Clone, Debug)]
pub(crate) enum Bind {
    /// `BIGINT`: numbers, keys, times, yes (1) and no (0).
    Int(Option<i64>),
    /// `TEXT`.
    Text(Option<String>),
    /// `BLOB` or `BYTEA`.
    Bytes(Option<Vec<u8>>),
}

/// A list of [`Bind`]s from anything that can be bound.
macro_rules! binds {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Bind::from($value)),*] };
}
pub(crate) use binds;

macro_rules! from {
    ($($ty:ty => |$value:ident| $bind:expr;)*) => { $(
        impl From<$ty> for Bind {
            fn from($value: $ty) -> Self { $bind }
        }
    )* };
}
from! {
    i64 => |value| Self::Int(Some(value));
    u32 => |value| Self::Int(Some(i64::from(value)));
    u8 => |value| Self::Int(Some(i64::from(value)));
    bool => |value| Self::Int(Some(i64::from(value)));
    Micros => |value| Self::Int(Some(value.0));
    Option<i64> => |value| Self::Int(value);
    Option<u32> => |value| Self::Int(value.map(i64::from));
    Option<Micros> => |value| Self::Int(value.map(|at| at.0));
    &str => |value| Self::Text(Some(value.to_owned()));
    &String => |value| Self::Text(Some(value.clone()));
    String => |value| Self::Text(Some(value));
    Option<String> => |value| Self::Text(value);
    Option<&str> => |value| Self::Text(value.map(str::to_owned));
    &[u8] => |value| Self::Bytes(Some(value.to_vec()));
    Vec<u8> => |value| Self::Bytes(Some(value));
    Option<Vec<u8>> => |value| Self::Bytes(value);
    [u8; 16] => |value| Self::Bytes(Some(value.to_vec()));
    [u8; 32] => |value| Self::Bytes(Some(value.to_vec()));
}

pub(super) fn sqlite(binds: Vec<Bind>) -> Result<SqliteArguments, BoxDynError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(binds.len(), 0);
    for bind in binds {
        match bind {
            Bind::Int(value) => Arguments::add(&mut arguments, value)?,
            Bind::Text(value) => Arguments::add(&mut arguments, value)?,
            Bind::Bytes(value) => Arguments::add(&mut arguments, value)?,
        }
    }
    Ok(arguments)
}

pub(super) fn postgres(binds: Vec<Bind>) -> Result<PgArguments, BoxDynError> {
    let mut arguments = PgArguments::default();
    for bind in binds {
        match bind {
            Bind::Int(value) => Arguments::add(&mut arguments, value)?,
            Bind::Text(value) => Arguments::add(&mut arguments, value)?,
            Bind::Bytes(value) => Arguments::add(&mut arguments, value)?,
        }
    }
    Ok(arguments)
}

/// Rewrites `?` into PostgreSQL's `$1`, `$2` ... Quoted text is left alone.
pub(super) fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 32);
    let (mut quoted, mut n) = (false, 0_u32);
    for c in sql.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                out.push(c);
            }
            '?' if !quoted => {
                n += 1;
                out.push('$');
                out.push_str(&n.to_string());
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn placeholders_are_numbered_outside_of_quotes_only() {
        assert_eq!(
            numbered("SELECT '?' FROM t WHERE a = ? AND b IN (?,?)"),
            "SELECT '?' FROM t WHERE a = $1 AND b IN ($2,$3)"
        );
    }
}
