//! SQLite: one writer, several readers, write-ahead log.

use super::error::failed;
use muster_model::{Error, ErrorKind, Result};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Transaction};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages in the write-ahead log before a commit folds them into the file: 64 MB. Measured: new hosts cost
/// half as much as with the default of 1000, because neighbouring inserts share pages.
const AUTOCHECKPOINT: &str = "16000";

#[derive(Clone)]
pub(super) struct Sqlite {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Sqlite {
    pub(super) async fn open(path: &Path, readers: u32) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is on the disk before it is acknowledged, power loss included.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(20))
            .statement_cache_capacity(256)
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

    pub(super) async fn read(&self) -> Result<Transaction<'static, sqlx::Sqlite>> {
        self.readers.begin().await.map_err(failed)
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'static, sqlx::Sqlite>> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)
    }

    /// Copies the database to `<file>.backup-<version>`: whole, whatever is in the log.
    pub(super) async fn backup(&self, version: i64) -> Result<PathBuf> {
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

    /// Copies what is committed now to a file that is not there yet. Others go on reading and writing.
    pub(super) async fn copy_to(&self, target: &Path) -> Result<()> {
        let target = target.to_string_lossy().replace('\'', "''");
        let copied = sqlx::raw_sql(AssertSqlSafe(format!("VACUUM INTO '{target}'")));
        copied.execute(&self.writer).await.map(drop).map_err(failed)
    }

    pub(super) async fn checkpoint(&self) -> Result<()> {
        sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)")
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(failed)
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        // The last connection folds the log into the file and removes it.
        self.writer.close().await;
    }
}
