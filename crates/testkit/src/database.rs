//! A fresh database for one test, on SQLite and on PostgreSQL.

use crate::postgres;
use muster_model::Micros;
use muster_store::{Config, Db};

/// The moment test databases are made at: 2026-01-01T00:00:00Z.
pub const START: Micros = Micros::from_secs(1_767_225_600);

/// An empty database with the current schema, gone when dropped.
pub struct TestDb {
    /// The open database.
    pub db: Db,
    /// Its address, for opening it again.
    pub url: String,
    /// Where blobs and files of this test may lie.
    pub dir: tempfile::TempDir,
}

impl TestDb {
    /// A SQLite file of its own.
    pub async fn sqlite() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", dir.path().join("muster.db").display());
        Self::open(url, dir).await
    }

    /// A database of its own on a PostgreSQL that this test process started.
    ///
    /// None, with a word on standard error, where no PostgreSQL is installed; with `CI` set in the
    /// environment that is a failure.
    pub async fn postgres() -> Option<Self> {
        let url = postgres::database()?;
        Some(Self::open(url, tempfile::tempdir().expect("a temporary folder")).await)
    }

    async fn open(url: String, dir: tempfile::TempDir) -> Self {
        let config = Config { url: url.clone(), connections: 4 };
        let db = Db::open(&config, START).await.expect("a database that opens");
        Self { db, url, dir }
    }

    /// Opens the same database a second time, as another process would.
    pub async fn again(&self) -> Db {
        Db::open(&Config::new(self.url.clone()), START).await.expect("a database that opens twice")
    }
}

/// Makes two tests of each function, `name::sqlite` and `name::postgres`. Each gets a [`TestDb`] of its own:
///
/// ```ignore
/// muster_testkit::on_both_databases! {
///     async fn a_host_is_found_by_its_id(test: TestDb) { ... test.db.begin().await ... }
/// }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($(async fn $name:ident($test:ident: TestDb) $body:block)*) => { $(
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every test needs all")]
            use super::*;

            async fn run($test: $crate::TestDb) $body

            #[tokio::test]
            async fn sqlite() {
                Box::pin(run($crate::TestDb::sqlite().await)).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(test) = $crate::TestDb::postgres().await {
                    Box::pin(run(test)).await;
                }
            }
        }
    )* };
}
