//! PostgreSQL, and what speaks its wire.

use super::error::failed;
use muster_model::{Error, ErrorKind, Result};
use sqlx::Transaction;
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPool};
use std::time::Duration;

#[derive(Clone)]
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

    pub(super) async fn read(&self) -> Result<Transaction<'static, sqlx::Postgres>> {
        self.pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
            .map_err(failed)
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'static, sqlx::Postgres>> {
        self.pool.begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE").await.map_err(failed)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}
