//! What a database underneath has to offer. The rest of the program sees its drivers through these two traits only:
//! they are large and generic, and whatever awaited or dropped them by name would be compiled with all of them again.

use super::bind::Bind;
use super::row::Row;
use futures_util::future::BoxFuture;
use muster_model::Result;
use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// Which SQL is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// A database with its connections.
pub(super) trait Backend: Send + Sync {
    /// Which SQL it speaks.
    fn dialect(&self) -> Dialect;

    /// A transaction that reads one unchanging state.
    fn read(&self) -> BoxFuture<'_, Result<Box<dyn Running>>>;

    /// A transaction that may write.
    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Running>>>;

    /// Copies what is committed now to a file that is not there yet.
    fn copy_to<'a>(&'a self, target: &'a Path) -> BoxFuture<'a, Result<()>>;

    /// Keeps a copy of a schema's `version` beside the database, where the database is a file.
    fn backup(&self, version: i64) -> BoxFuture<'_, Result<Option<PathBuf>>>;

    /// Adds to an up-to-date schema what only this database offers and everything works without.
    fn improve(&self) -> BoxFuture<'_, Result<()>>;

    /// Folds a write-ahead log into the database, where that is the program's business.
    fn checkpoint(&self) -> BoxFuture<'_, Result<()>>;

    /// Waits for running transactions and closes all connections.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// A transaction of a driver. Dropped it is rolled back.
pub(super) trait Running: Send {
    /// Runs a statement and tells how many rows it touched.
    fn execute(&mut self, sql: Cow<'static, str>, binds: Vec<Bind>) -> BoxFuture<'_, Result<u64>>;

    /// All rows of an answer.
    fn all(&mut self, sql: Cow<'static, str>, binds: Vec<Bind>) -> BoxFuture<'_, Result<Vec<Row>>>;

    /// The first row of an answer, if there is one.
    fn optional(
        &mut self,
        sql: Cow<'static, str>,
        binds: Vec<Bind>,
    ) -> BoxFuture<'_, Result<Option<Row>>>;

    /// Runs several statements without values.
    fn script(&mut self, sql: String) -> BoxFuture<'_, Result<()>>;

    /// Makes everything done so far durable.
    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>>;
}
