//! The command line. Its help is meant to teach.

use crate::config::{Config, DATA_DIR, LogFormat};
use crate::messages::Lang;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Muster calls the roll: what every host runs, listens on, has installed and lets log in.
///
/// `muster up` starts everything on this machine and tells what to try. Everything else on this page asks a
/// running server: by default the one whose data folder is given (`--data-dir`), or any other by
/// `--endpoint` with credentials.
#[derive(Parser)]
#[command(version, propagate_version = true, after_help = crate::exit::HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Language of messages [default: from the locale].
    #[arg(long, global = true, value_name = "LANG")]
    pub(crate) lang: Option<Lang>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Common {
    /// Folder with everything a server keeps [default: muster-data].
    #[arg(long, global = true, value_name = "DIR", env = "MUSTER_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Configuration file [default: muster.toml in the data folder].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How the log is written [default: text].
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
}

impl Common {
    /// The data folder.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(|| DATA_DIR.into())
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start everything on this machine: server, worker and the agent of this host.
    ///
    /// The first start makes an account with a user, a project and an access key and writes them to
    /// DIR/credentials.json. A later start finds everything again.
    Up(ServeArgs),
    /// Show or check the configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print the completions for a shell, to be sourced by it.
    Completions { shell: Shell },
    /// Print the version.
    Version,
}

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the configuration in force, file, environment and defaults together, as TOML.
    Print,
    /// Check the configuration and say what is wrong.
    Check,
}

/// Flags of whatever listens. They go over the configuration file and the environment.
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
        if let Some(region) = &self.region {
            config.server.region.clone_from(region);
        }
        config.server.local_agent &= !self.no_local_agent;
        config.server.worker &= !self.no_worker;
    }
}

/// The completions for a shell.
pub(crate) fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "muster", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
        assert!(completions(Shell::Bash).contains("--data-dir"));
    }
}
