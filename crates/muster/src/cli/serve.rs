//! `muster up`, `server` and `worker`: the flags of whatever listens.

use crate::config::Config;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// They go over the configuration file and the environment.
#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8317].
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Certificate chain (PEM). An address other than loopback needs one.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Make a CA and a certificate; clients trust DIR/tls/ca.pem.
    #[arg(long, conflicts_with = "tls_cert")]
    tls_generate: bool,
    /// Where clients reach this server, if not at the address it listens on.
    #[arg(long, value_name = "URL")]
    public_endpoint: Option<String>,
    /// File with the root key, which only its owner may read [default of up: root.key in the data folder].
    #[arg(long, value_name = "FILE")]
    root_key_file: Option<PathBuf>,
    /// The database [default: SQLite in the data folder]. May hold a password: prefer the configuration.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Name of the region and of the first project.
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// Do not sweep this host.
    #[arg(long)]
    no_local_agent: bool,
    /// Leave background jobs to others (`muster worker`).
    #[arg(long)]
    no_worker: bool,
}

impl ServeArgs {
    /// Puts the flags over the configuration.
    pub(crate) fn apply(&self, config: &mut Config) {
        if let Some(listen) = self.listen {
            config.server.listen = listen;
        }
        if self.tls_cert.is_some() {
            config.tls.cert_file.clone_from(&self.tls_cert);
            config.tls.key_file.clone_from(&self.tls_key);
        }
        config.tls.generate |= self.tls_generate;
        if self.public_endpoint.is_some() {
            config.server.endpoint.clone_from(&self.public_endpoint);
        }
        if self.database_url.is_some() {
            config.database.url.clone_from(&self.database_url);
        }
        if self.root_key_file.is_some() {
            config.server.root_key_file.clone_from(&self.root_key_file);
        }
        if let Some(region) = &self.region {
            config.server.region.clone_from(region);
        }
        config.server.local_agent &= !self.no_local_agent;
        config.server.worker &= !self.no_worker;
    }
}
