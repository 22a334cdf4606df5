//! PostgreSQL, and what speaks its wire.

use super::backend::{Backend, Dialect, Running};
use super::bind::{self, Bind};
use super::error::failed;
use super::row::Row;
use futures_util::future::BoxFuture;
use muster_model::{Error, ErrorKind, Result};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{AssertSqlSafe, Transaction};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(super) struct Postgres {
    pool: PgPool,
}

impl Postgres {
    pub(super) async fn open(url: &str, connections: u32) -> Result<Self> {
        let options: PgConnectOptions = url
            .parse::<PgConnectOptions>()
            .map_err(|error| {
                Error::invalid("database.url", "is not a PostgreSQL address").with_source(error)
            })?
            .application_name("muster")
            .statement_cache_capacity(256);
        let pool = PoolOptions::new()
            .max_connections(connections.max(1))
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options)
            .await
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "cannot reach the PostgreSQL database")
                    .with_source(error)
            })?;
        Ok(Self { pool })
    }
}

impl Backend for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn read(&self) -> BoxFuture<'_, Result<Box<dyn Running>>> {
        Box::pin(async move {
            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
            let tx = self.pool.begin_with(begin).await.map_err(failed)?;
            Ok(Box::new(tx) as Box<dyn Running>)
        })
    }

    fn begin(&self) -> BoxFuture<'_, Result<Box<dyn Running>>> {
        Box::pin(async move {
            let begin = "BEGIN ISOLATION LEVEL SERIALIZABLE";
            let tx = self.pool.begin_with(begin).await.map_err(failed)?;
            Ok(Box::new(tx) as Box<dyn Running>)
        })
    }

    fn copy_to<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            Err(Error::new(
                ErrorKind::Unsupported,
                "a PostgreSQL is backed up by its own tools (pg_dump --format=custom): secrets in it are sealed under the \
                 root key; keep the audit and tls folders of every server beside the dump",
            ))
        })
    }

    /// None: whoever runs it backs it up.
    fn backup(&self, _: i64) -> BoxFuture<'_, Result<Option<PathBuf>>> {
        Box::pin(async { Ok(None) })
    }

    /// An index of trigrams for what [`super::Tx::contains_folded`] asks, where the extension is there and may be taken.
    fn improve(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let there = "SELECT to_regclass('certificates_trigrams') IS NOT NULL";
            if sqlx::query_scalar(there).fetch_one(&self.pool).await.map_err(failed)? {
                return Ok(());
            }
            let script = "CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX IF NOT EXISTS certificates_trigrams \
                          ON certificates USING gin (searched gin_trgm_ops)";
            sqlx::raw_sql(script).execute(&self.pool).await.map(drop).map_err(failed)
        })
    }

    /// Nothing to do: it does so itself.
    fn checkpoint(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.pool.close())
    }
}

impl Running for Transaction<'static, sqlx::Postgres> {
    fn execute(&mut self, sql: Cow<'static, str>, binds: Vec<Bind>) -> BoxFuture<'_, Result<u64>> {
        Box::pin(async move {
            let arguments = bind::postgres(binds).map_err(Error::internal)?;
            let query = sqlx::query_with(AssertSqlSafe(bind::numbered(&sql)), arguments);
            Ok(query.execute(&mut **self).await.map_err(failed)?.rows_affected())
        })
    }

    fn all(&mut self, sql: Cow<'static, str>, binds: Vec<Bind>) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(async move {
            let arguments = bind::postgres(binds).map_err(Error::internal)?;
            let query = sqlx::query_with(AssertSqlSafe(bind::numbered(&sql)), arguments);
            let rows = query.fetch_all(&mut **self).await.map_err(failed)?;
            Ok(rows.into_iter().map(Row::Postgres).collect())
        })
    }

    fn optional(
        &mut self,
        sql: Cow<'static, str>,
        binds: Vec<Bind>,
    ) -> BoxFuture<'_, Result<Option<Row>>> {
        Box::pin(async move {
            let arguments = bind::postgres(binds).map_err(Error::internal)?;
            let query = sqlx::query_with(AssertSqlSafe(bind::numbered(&sql)), arguments);
            Ok(query.fetch_optional(&mut **self).await.map_err(failed)?.map(Row::Postgres))
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
