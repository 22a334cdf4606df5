//! The one narrow place that knows which database is underneath.
//!
//! One SQL text with `?` placeholders runs on SQLite and on PostgreSQL; whatever differs between them is
//! decided here and in `tx` and nowhere else. Numbers, times (microseconds) and yes/no are `BIGINT`, text
//! is compared byte by byte, JSON is text.

mod backend;
pub(crate) mod bind;
pub(crate) mod error;
mod gathered;
mod migrate;
mod postgres;
pub(crate) mod row;
mod sqlite;
mod tx;

pub(crate) use bind::{Bind, binds};
pub(crate) use gathered::{gathered, unhex};
pub(crate) use row::{Cells, Row};
pub use tx::Tx;
pub(crate) use tx::{folded, unpatterned};

use backend::{Backend, Dialect, Running};
use futures_util::future::BoxFuture;
use muster_model::{Error, Micros, Result};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often [`crate::transact!`] runs a transaction that others keep getting in the way of.
const ATTEMPTS: u32 = 12;

/// Where the data lies.
#[derive(Clone)]
pub struct Config {
    /// `sqlite:/folder/muster.db` or `postgres://user:password@host:port/name`. May hold a password: never
    /// logged.
    pub url: String,
    /// Connections for reading (SQLite) or in all (PostgreSQL), at least 1.
    pub connections: u32,
}

impl Config {
    /// The given address with the default number of connections.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), connections: 8 }
    }
}

/// The database. Cheap to clone: clones share the connections.
#[derive(Clone)]
pub struct Db {
    backend: Arc<dyn Backend>,
    statements: Arc<AtomicU64>,
}

impl Db {
    /// Opens the database, creates it where there is none (SQLite) and brings its schema up to date. An
    /// existing SQLite file is first copied to `<file>.backup-<version>`.
    ///
    /// # Errors
    /// `Invalid` for an address of another kind, `Conflict` for a schema that is newer than this program or
    /// was changed by hand, `Unavailable` when the database cannot be reached.
    pub async fn open(config: &Config, now: Micros) -> Result<Self> {
        let db = Self::connect(config).await?;
        migrate::run(&db, migrate::ALL, now).await?;
        if let Err(error) = db.backend.improve().await {
            tracing::info!(%error, "texts in lists of certificates are searched without pg_trgm");
        }
        Ok(db)
    }

    /// Boxed here, so that no other crate compiles the drivers' ways of connecting again.
    fn connect(config: &Config) -> BoxFuture<'_, Result<Self>> {
        Box::pin(async move {
            let backend: Arc<dyn Backend> = if let Some(path) = config.url.strip_prefix("sqlite:") {
                Arc::new(sqlite::Sqlite::open(path.as_ref(), config.connections).await?)
            } else if config.url.starts_with("postgres:") || config.url.starts_with("postgresql:") {
                Arc::new(postgres::Postgres::open(&config.url, config.connections).await?)
            } else {
                let message = "must start with sqlite:, postgres: or postgresql:";
                return Err(Error::invalid("database.url", message));
            };
            Ok(Self { backend, statements: Arc::default() })
        })
    }

    /// Opens a database that is there already and of exactly this program's version: for tools beside a running server.
    /// Changes nothing in it.
    ///
    /// # Errors
    /// `NotFound` where there is none, `Conflict` for another version, and those of [`Db::open`].
    pub async fn attach(config: &Config) -> Result<Self> {
        if let Some(path) = config.url.strip_prefix("sqlite:")
            && !std::path::Path::new(path).is_file()
        {
            return Err(Error::not_found(format!("the database {path}")));
        }
        let db = Self::connect(config).await?;
        let version = migrate::version(&db).await?;
        if version != migrate::ALL.len() {
            return Err(Error::conflict(format!(
                "the database has schema version {version}, this program needs {}: use the program that serves it",
                migrate::ALL.len()
            )));
        }
        Ok(db)
    }

    /// Copies the database as it is at this moment to a new file, while others work on it (SQLite).
    ///
    /// # Errors
    /// `Unsupported` on PostgreSQL, whose own tools do that; `Unavailable` if the file cannot be written.
    pub async fn snapshot(&self, target: &std::path::Path) -> Result<()> {
        self.backend.copy_to(target).await
    }

    /// Looks through the whole file for damage (SQLite). Nothing to do on PostgreSQL, which checks its pages itself.
    ///
    /// # Errors
    /// `Internal` saying what is damaged.
    pub async fn check(&self) -> Result<()> {
        if self.is_shared() {
            return Ok(());
        }
        let found: String =
            self.read().await?.one("PRAGMA integrity_check(1)", vec![]).await?.only()?;
        if found == "ok" {
            return Ok(());
        }
        Err(Error::internal(format!("the database is damaged: {found}")))
    }

    /// A transaction that reads one unchanging state.
    ///
    /// # Errors
    /// `Unavailable` when no connection can be had.
    pub async fn read(&self) -> Result<Tx> {
        Ok(self.tx(self.backend.read().await?))
    }

    /// A transaction that may write. On SQLite it holds the only writer from now on; on PostgreSQL it is
    /// serializable and may fail at any statement: prefer [`crate::transact!`].
    ///
    /// # Errors
    /// `Unavailable` when no connection can be had.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(self.tx(self.backend.begin().await?))
    }

    fn tx(&self, inner: Box<dyn Running>) -> Tx {
        Tx { inner, dialect: self.backend.dialect(), statements: self.statements.clone() }
    }

    /// The attempts of one transaction: what [`crate::transact!`] is made of.
    pub fn attempts(&self) -> Attempts<'_> {
        Attempts { db: self, made: 0 }
    }

    /// Folds the write-ahead log into the database file (SQLite), so that it does not grow for ever under
    /// readers that never rest. Nothing to do on PostgreSQL.
    ///
    /// # Errors
    /// `Unavailable` when no connection can be had.
    pub async fn checkpoint(&self) -> Result<()> {
        self.backend.checkpoint().await
    }

    /// How many bytes the database takes on disk, the write-ahead log not counted.
    ///
    /// # Errors
    /// `Unavailable` when no connection can be had.
    pub async fn size(&self) -> Result<i64> {
        let sql = match self.backend.dialect() {
            Dialect::Sqlite => {
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            }
            Dialect::Postgres => "SELECT pg_database_size(current_database())",
        };
        self.read().await?.one(sql, vec![]).await?.only()
    }

    /// How many statements were run since it was opened, beginnings and ends of transactions not counted. Each is a way
    /// to another thread or machine and back: what small work costs is above all their number.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Whether other machines may work on this database, so that nothing of it may lie in one's own folder.
    pub fn is_shared(&self) -> bool {
        self.backend.dialect() == Dialect::Postgres
    }

    /// Waits for running transactions and closes all connections.
    pub async fn close(&self) {
        self.backend.close().await;
    }
}

/// Repeats a transaction for as long as others keep getting in the way. Use [`crate::transact!`].
pub struct Attempts<'db> {
    db: &'db Db,
    made: u32,
}

impl Attempts<'_> {
    /// Begins the next attempt.
    ///
    /// # Errors
    /// `Unavailable` when no connection can be had.
    pub async fn begin(&mut self) -> Result<Tx> {
        self.made += 1;
        self.db.begin().await
    }

    /// Ends an attempt: commits what succeeded. None means: again.
    pub async fn end<T>(&mut self, tx: Tx, done: Result<T>) -> Option<Result<T>> {
        let done = match done {
            Ok(value) => tx.commit().await.map(|()| value),
            Err(error) => {
                drop(tx);
                Err(error)
            }
        };
        match done {
            Err(error) if self.made < ATTEMPTS && error::is_passing(&error) => {
                tokio::time::sleep(pause(self.made)).await;
                None
            }
            done => Some(done),
        }
    }
}

/// Runs a block in a writing transaction and commits it if it ends in `Ok`. Where another transaction came
/// in between, the whole block is run again (twelve times at most), so it must do nothing that cannot be
/// repeated. `?` leaves the block, not the function around it.
///
/// ```ignore
/// let project = transact!(app.db, |tx| {
///     audit::append(tx, &record).await?;
///     domains::create_project(tx, domain, &id, name, "", now).await
/// })?;
/// ```
///
/// A macro and not a function, because the compiler cannot see yet that a future which borrows through an
/// async closure may move between threads.
#[macro_export]
macro_rules! transact {
    ($db:expr, |$tx:ident| $work:expr) => {{
        let mut attempts = $db.attempts();
        loop {
            let mut transaction = match attempts.begin().await {
                Ok(transaction) => transaction,
                Err(error) => break Err(error),
            };
            let done = {
                let $tx = &mut transaction;
                async { $work }.await
            };
            if let Some(done) = attempts.end(transaction, done).await {
                break done;
            }
        }
    }};
}

/// 1 to 2 ms after the first attempt, doubling up to 1 s, spread at random so that rivals part.
fn pause(attempt: u32) -> Duration {
    let ceiling = 1_000_u64 << attempt.min(10);
    let random = RandomState::new().hash_one(attempt);
    Duration::from_micros(ceiling / 2 + random % (ceiling / 2))
}
