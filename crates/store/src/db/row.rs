//! Values on their way out of an answer, read in the order of the statement's columns.

use super::error;
use muster_model::{Error, Micros, Result};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

/// One row of an answer.
pub(crate) enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// A reader that starts at the first column.
    pub(crate) const fn cells(&self) -> Cells<'_> {
        Cells { row: self, at: 0 }
    }

    /// The value of a row with one column.
    pub(crate) fn only<T: Cell>(&self) -> Result<T> {
        self.cells().take()
    }
}

/// Reads a row from left to right.
pub(crate) struct Cells<'r> {
    row: &'r Row,
    at: usize,
}

impl Cells<'_> {
    /// The next column.
    pub(crate) fn take<T: Cell>(&mut self) -> Result<T> {
        let at = self.at;
        self.at += 1;
        T::read(self.row, at)
    }
}

/// What a column can be read as.
pub(crate) trait Cell: Sized {
    /// The value in column `at`.
    fn read(row: &Row, at: usize) -> Result<Self>;
}

macro_rules! direct {
    ($($ty:ty),*) => { $(
        impl Cell for $ty {
            fn read(row: &Row, at: usize) -> Result<Self> {
                match row {
                    // SQLite's values have types, its columns do not: there is nothing to check against.
                    Row::Sqlite(row) => row.try_get_unchecked(at),
                    Row::Postgres(row) => row.try_get(at),
                }
                .map_err(error::failed)
            }
        }
    )* };
}
direct!(i64, Option<i64>, String, Option<String>, Vec<u8>, Option<Vec<u8>>);

impl Cell for bool {
    fn read(row: &Row, at: usize) -> Result<Self> {
        Ok(i64::read(row, at)? != 0)
    }
}
impl Cell for Micros {
    fn read(row: &Row, at: usize) -> Result<Self> {
        i64::read(row, at).map(Self)
    }
}
impl Cell for Option<Micros> {
    fn read(row: &Row, at: usize) -> Result<Self> {
        Ok(Option::<i64>::read(row, at)?.map(Micros))
    }
}
impl Cell for u32 {
    fn read(row: &Row, at: usize) -> Result<Self> {
        Self::try_from(i64::read(row, at)?).map_err(Error::internal)
    }
}
impl Cell for Option<u32> {
    fn read(row: &Row, at: usize) -> Result<Self> {
        Option::<i64>::read(row, at)?.map(u32::try_from).transpose().map_err(Error::internal)
    }
}
impl Cell for u8 {
    fn read(row: &Row, at: usize) -> Result<Self> {
        Self::try_from(i64::read(row, at)?).map_err(Error::internal)
    }
}
impl<const N: usize> Cell for [u8; N] {
    fn read(row: &Row, at: usize) -> Result<Self> {
        let bytes = Vec::<u8>::read(row, at)?;
        bytes.try_into().map_err(|_| Error::internal("a stored hash has the wrong length"))
    }
}
