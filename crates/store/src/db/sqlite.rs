//! SQLite: one writer, several readers, write-ahead log.

use super::backend::{Backend, Dialect, Running};
use super::bind::{self, Bind};
use super::error::failed;
use super::row::Row;
use futures_util::future::BoxFuture;
use muster_model::{Error, ErrorKind, Result};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Transaction};
use std::borrow::Cow;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages in the write-ahead log before a commit folds them into the file: 64 MB. Measured: new hosts cost
/// half as much as with the default of 1000, because neighbouring inserts share pages.
const AUTOCHECKPOINT: &str = "16000";

pub(super) struct Sqlite {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Sqlite {
    pub(super) async fn open(path: &Path, readers: u32) -> Result<Self> {
        // Nobody else's to read, wherever it lies; SQLite gives the files beside it the same mode. What hinders this hinders
        // SQLite, too, which says so.
        let _ = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is on the disk before it is acknowledged, power loss included.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(20))
            .statement_cache_capacity(256)
            // Finds a text in another faster than SQLite's own functions do: see `Tx::contains_folded`.
            .with_regexp()
            .pragma("wal_autocheckpoint", AUTOCHECKPOINT)
            .pragma("journal_size_limit", "67108864")
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory")
            // A damaged or hostile file must not run code hidden in its schema.
            .pragma("trusted_schema", "off");
        let pool = PoolOptions::new().acquire_timeout(Duration::from_secs(30));
        let cannot = |error: sqlx::Error| {
            Error::new(ErrorKind::Unavailable, format!("cannot open database {}", path.display()))
                .with_source(error)
        };
        let writer =
            pool.clone().max_connections(1).connect_with(options.clone()).await.map_err(cannot)?;
        let readers = pool
            .max_connections(readers.max(1))
            // There are several of them: what one does not keep, the system does.
            .connect_with(options.pragma("query_only", "on").pragma("cache_size", "-16384"))
            .await
            .map_err(cannot)?;
        Ok(Self { path: path.to_owned(), writer, readers })
    }

    /// Copies the database to `<file>.backup-<version>`: whole, whatever is in the log.
    async fn back_up(&self, version: i64) -> Result<PathBuf> {
        let name = |suffix: &str| {
            let mut name = self.path.as_os_str().to_owned();
            name.push(format!(".backup-{version}{suffix}"));
            PathBuf::from(name)
        };
        let (backup, partial) = (name(""), name(".partial"));
        let cannot = |error| {
            Error::new(
                ErrorKind::Unavailable,
                format!("cannot write the backup {}", backup.display()),
            )
            .with_source(error)
        };
        match tokio::fs::remove_file(&partial).await {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot(error)),
        }
        self.copy_to(&partial).await?;
        tokio::fs::rename(&partial, &backup).await.map_err(cannot)?;
        Ok(backup)
    }
}

impl Backend for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn read(&self) -> BoxFuture<'_, Result<Box<dyn Running>>> {
        Box::pin(async move {
            let tx = self.readers.begin().await.map_err(failed)?;
            Ok(Box::new(tx) as Box<dyn Running>)
        })
    }

    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Running>>> {
        Box::pin(async move {
            let tx = self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            Ok(Box::new(tx) as Box<dyn Running>)
        })
    }

    /// Others go on reading and writing.
    fn copy_to<'a>(&'a self, target: &'a Path) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let target = target.to_string_lossy().replace('\'', "''");
            let copied = sqlx::raw_sql(AssertSqlSafe(format!("VACUUM INTO '{target}'")));
            copied.execute(&self.writer).await.map(drop).map_err(failed)
        })
    }

    fn backup(&self, version: i64) -> BoxFuture<'_, Result<Option<PathBuf>>> {
        Box::pin(async move { self.back_up(version).await.map(Some) })
    }

    /// Nothing: its migrations have it all.
    fn improve(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn checkpoint(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let fold = sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)");
            fold.execute(&self.writer).await.map(drop).map_err(failed)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.readers.close().await;
            // The last connection folds the log into the file and removes it.
            self.writer.close().await;
        })
    }
}

/// Statements keep their `?`: numbered placeholders cost time that grows with the square of their number.
impl Running for Transaction<'static, sqlx::Sqlite> {
    fn execute(&mut self, sql: Cow<'static, str>, binds: Vec<Bind>) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            let arguments = bind::sqlite(binds).map_err(Error::internal)?;
            let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
            Ok(query.execute(&mut **self).await.map_err(failed)?.rows_affected())
        })
    }

    fn all(&mut self, sql: Cow<'static, str>, binds: Vec<Bind>) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(async move {
            let arguments = bind::sqlite(binds).map_err(Error::internal)?;
            let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
            let rows = query.fetch_all(&mut **self).await.map_err(failed)?;
            Ok(rows.into_iter().map(Row::Sqlite).collect())
        })
    }

    fn optional(
        &mut self,
        sql: Cow<'static, str>,
        binds: Vec<Bind>,
    ) -> BoxFuture<'_, Result<Option<Row>>> {
        Box::pin(async move {
            let arguments = bind::sqlite(binds).map_err(Error::internal)?;
            let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
            Ok(query.fetch_optional(&mut **self).await.map_err(failed)?.map(Row::Sqlite))
        })
    }

    fn script(&mut self, sql: String) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let script = sqlx::raw_sql(AssertSqlSafe(sql));
            script.execute(&mut **self).await.map(drop).map_err(failed)
        })
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        Box::pin(async move { Transaction::commit(*self).await.map_err(failed) })
    }
}
