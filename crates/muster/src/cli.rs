//! The command line. Its help is meant to teach.

use crate::config::{Config, DATA_DIR, LogFormat};
use crate::messages::Lang;
use crate::output::Output;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use muster_model::{Kind, Role};
use std::net::SocketAddr;
use std::path::PathBuf;
use zeroize::Zeroizing;

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
    /// Start a server for more than this machine: its root key lies outside the data folder, it writes no
    /// credentials, and no agent sweeps this host.
    ///
    /// An empty database gets its first account from `muster up` or from a restored backup.
    Server(ServeArgs),
    /// Run background jobs only, for servers that share a PostgreSQL.
    Worker(ServeArgs),
    /// Be the agent of this host, as `muster-agent` is.
    Agent {
        #[command(subcommand)]
        command: AgentCommand,
    },
    /// List hosts, enter one by hand, say who answers for it.
    Hosts {
        #[command(flatten)]
        asking: Asking,
        #[command(subcommand)]
        command: Option<HostsCommand>,
    },
    /// Count and list what is on the hosts, as it is, as it was, and what changed.
    ///
    /// Without KIND the totals. KIND is one of users, auto_launch, database, jar_package, port, process,
    /// web_cms, web_framework, web_service, web_site, app, kernel_module.
    Assets(AssetsArgs),
    /// Export one kind into a file (a ZIP that holds the sheet).
    Export(ExportArgs),
    /// Users, access keys, enrolment tokens, the audit log.
    Admin {
        #[command(flatten)]
        asking: Asking,
        #[command(subcommand)]
        command: AdminCommand,
    },
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

#[derive(Subcommand)]
pub(crate) enum AgentCommand {
    /// Sweep this host and report to the server, until killed.
    Run {
        /// Folder with the agent's key and memory [default: /var/lib/muster-agent].
        #[arg(long)]
        state_dir: Option<PathBuf>,
    },
    /// Join a server with a one-time token.
    Enrol {
        /// The server, https://host:port (http only on this machine).
        #[arg(long)]
        server: String,
        /// The token.
        #[arg(long, env = "MUSTER_ENROL_TOKEN", hide_env_values = true)]
        token: String,
        /// Folder with the agent's key and memory [default: /var/lib/muster-agent].
        #[arg(long)]
        state_dir: Option<PathBuf>,
        /// Forget an earlier enrolment, with its key.
        #[arg(long)]
        force: bool,
    },
}

/// Whom to ask and how to answer.
#[derive(Args)]
pub(crate) struct Asking {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// The form of lists.
    #[arg(long, global = true, default_value = "table")]
    pub(crate) output: Output,
}

/// A server other than the one that runs on the data folder.
#[derive(Args)]
pub(crate) struct Connection {
    /// The server's address.
    #[arg(long, global = true, value_name = "URL", env = "MUSTER_ENDPOINT")]
    pub(crate) endpoint: Option<String>,
    /// Access key.
    #[arg(long, global = true, value_name = "AK", env = "MUSTER_ACCESS_KEY")]
    pub(crate) access_key: Option<String>,
    /// Its secret; other users can see arguments, so prefer the variable.
    #[arg(
        long,
        global = true,
        value_name = "SK",
        env = "MUSTER_SECRET_KEY",
        hide_env_values = true
    )]
    pub(crate) secret_key: Option<Zeroizing<String>>,
    /// Project.
    #[arg(long, global = true, value_name = "ID", env = "MUSTER_PROJECT_ID")]
    pub(crate) project_id: Option<String>,
    /// The CA certificate to trust (PEM).
    #[arg(long, global = true, value_name = "FILE", env = "MUSTER_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Subcommand)]
pub(crate) enum HostsCommand {
    /// List all hosts.
    List,
    /// Enter a host that has no agent yet.
    Add {
        /// Its name; an agent that enrols under it takes the host over.
        name: String,
        #[command(flatten)]
        owner: OwnerArgs,
    },
    /// Say who answers for a host.
    Set {
        /// The host's id.
        id: String,
        #[command(flatten)]
        owner: OwnerArgs,
    },
    /// Shut a host's agent out for good.
    Revoke {
        /// The host's id.
        id: String,
    },
}

#[derive(Args)]
pub(crate) struct OwnerArgs {
    /// Responsible department.
    #[arg(long)]
    pub(crate) department: Option<String>,
    /// important, general or test.
    #[arg(long)]
    pub(crate) importance: Option<String>,
    /// Where it stands.
    #[arg(long)]
    pub(crate) location: Option<String>,
    /// Group of hosts.
    #[arg(long)]
    pub(crate) group: Option<String>,
}

#[derive(Args)]
pub(crate) struct AssetsArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    /// The kind to list; none for the totals of all.
    #[arg(value_parser = kind)]
    pub(crate) kind: Option<Kind>,
    /// As of this moment: 2026-11-21T12:00:00Z, or milliseconds since 1970.
    #[arg(long, value_name = "MOMENT", requires = "kind")]
    pub(crate) at: Option<String>,
    /// What changed after this cursor; 0 for everything there is.
    #[arg(long, value_name = "CURSOR", conflicts_with_all = ["at", "where_is"])]
    pub(crate) changes_since: Option<i64>,
    /// Where something of exactly this name is, over all kinds.
    #[arg(long, value_name = "NAME", conflicts_with = "at")]
    pub(crate) where_is: Option<String>,
    /// Only names that hold this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Only of the host with this id.
    #[arg(long, value_name = "ID")]
    pub(crate) host: Option<String>,
    /// What is in containers instead of on hosts.
    #[arg(long)]
    pub(crate) containers: bool,
    /// Rows at most, 1 to 1000.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: u32,
    /// Rows to skip.
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u32,
}

impl AssetsArgs {
    /// The API's word.
    pub(crate) const fn category(&self) -> &'static str {
        if self.containers { "container" } else { "host" }
    }
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    /// The kind.
    #[arg(value_parser = kind)]
    pub(crate) kind: Kind,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What is in containers instead of on hosts.
    #[arg(long)]
    pub(crate) containers: bool,
}

#[derive(Subcommand)]
pub(crate) enum AdminCommand {
    /// Make a one-time token for a host to join with, and print the commands to run there.
    EnrolToken {
        /// Seconds it may be used, 60 to 2592000.
        #[arg(long, default_value_t = 3_600)]
        valid_secs: i64,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// List enrolment tokens, used or not.
    EnrolTokens,
    /// Read the audit log, newest first.
    Audit {
        /// Entries at most, 1 to 1000.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// Only this action, as in hss:asset:export.
        #[arg(long)]
        action: Option<String>,
    },
    /// Users.
    Users {
        #[command(subcommand)]
        command: UsersCommand,
    },
    /// Access keys.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
}

#[derive(Subcommand)]
pub(crate) enum UsersCommand {
    /// List users.
    List,
    /// Add a user with a password that is shown once.
    Add {
        /// Name to log in with.
        name: String,
        /// admin or reader.
        #[arg(long, default_value = "reader", value_parser = role)]
        role: Role,
    },
    /// Give a user a new password, shown once.
    Password {
        /// The user's id.
        id: String,
    },
    /// Change a user's role, or switch the user off.
    Set {
        /// The user's id.
        id: String,
        /// admin or reader.
        #[arg(long, value_parser = role)]
        role: Option<Role>,
        /// Whether the user may log in.
        #[arg(long)]
        enabled: Option<bool>,
    },
}

#[derive(Subcommand)]
pub(crate) enum KeysCommand {
    /// List access keys, without their secrets.
    List {
        /// Of this user [default: oneself].
        #[arg(long)]
        user: Option<String>,
    },
    /// Make an access key; its secret is shown once.
    Create {
        /// For this user's id.
        #[arg(long)]
        user: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Remove an access key.
    Delete {
        /// The access key.
        access: String,
    },
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::from_name(text).ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| "admin or reader".to_owned())
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
