//! `muster init`

use crate::config::Config;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct InitArgs {
    /// The file to write the credentials to, once, readable by its owner alone. It must not exist yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) credentials: PathBuf,
    /// Adds a further account of this name, where there are some already. The server must be stopped, unless the
    /// database is PostgreSQL and the data folder another one.
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// File with the root key, outside the data folder; made with a new key if it is not there.
    #[arg(long, value_name = "FILE")]
    root_key_file: Option<PathBuf>,
    /// The database [default: SQLite in the data folder]. May hold a password: prefer the configuration.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where clients will reach the server; stands in the credentials [default: the address it listens on].
    #[arg(long, value_name = "URL")]
    public_endpoint: Option<String>,
    /// Name of the region and of the first project.
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
}

impl InitArgs {
    /// Puts the flags over the configuration.
    pub(crate) fn apply(&self, config: &mut Config) {
        if self.root_key_file.is_some() {
            config.server.root_key_file.clone_from(&self.root_key_file);
        }
        if self.database_url.is_some() {
            config.database.url.clone_from(&self.database_url);
        }
        if self.public_endpoint.is_some() {
            config.server.endpoint.clone_from(&self.public_endpoint);
        }
        if let Some(region) = &self.region {
            config.server.region.clone_from(region);
        }
    }
}
