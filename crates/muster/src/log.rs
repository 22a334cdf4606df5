//! The log: structured, to standard error, without secrets.

use crate::config::{LogConfig, LogFormat};
use muster_model::{Error, Result};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts the log of a server.
pub(crate) fn start(config: &LogConfig) -> Result<()> {
    let filter =
        EnvFilter::try_new(&config.filter).map_err(|error| Error::invalid("log.filter", error))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    started.map_err(Error::internal)
}
