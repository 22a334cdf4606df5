//! The command line. Its help is meant to teach.
//!
//! A subcommand has its flags in `cli/<name>.rs` and what it does in `commands/<name>.rs`.

pub(crate) mod admin;
pub(crate) mod agent;
pub(crate) mod artifacts;
pub(crate) mod asking;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod cert;
pub(crate) mod config;
pub(crate) mod containers;
pub(crate) mod db;
pub(crate) mod export;
pub(crate) mod hosts;
pub(crate) mod images;
pub(crate) mod init;
pub(crate) mod install;
pub(crate) mod key;
pub(crate) mod scan;
pub(crate) mod serve;
pub(crate) mod take_apart;
pub(crate) mod vault;
pub(crate) mod vulnerabilities;

use crate::config::{DATA_DIR, LogFormat};
use crate::messages::Lang;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
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
    Up(serve::ServeArgs),
    /// Start a server for more than this machine: its root key lies outside the data folder, it writes no
    /// credentials, and no agent sweeps this host.
    ///
    /// An empty database gets its first account from `muster init`.
    Server(serve::ServeArgs),
    /// Prepare an empty database for `muster server`: its schema, its first account, the credentials.
    ///
    /// Once for an installation, on any machine that reaches the database. Makes an account with a user, a
    /// project and an access key, and the root key if its file is not there yet. Every server and worker on
    /// this database needs the same root key: copy it by a way you trust, and keep a copy apart from the backups.
    Init(init::InitArgs),
    /// Run background jobs only, for servers that share a PostgreSQL.
    Worker(serve::ServeArgs),
    /// Be the agent of this host, as `muster-agent` is.
    Agent {
        #[command(subcommand)]
        command: agent::AgentCommand,
    },
    /// List hosts, enter one by hand, say who answers for it.
    Hosts(hosts::HostsArgs),
    /// The containers that run on the hosts, and what looks like a way out of them.
    Containers(containers::ContainersArgs),
    /// The container images that lie on the hosts' disks, whether or not anything runs of them.
    Images(images::ImagesArgs),
    /// Count and list what is on the hosts, as it is, as it was, and what changed.
    ///
    /// Without KIND the totals. KIND is one of users, auto_launch, database, jar_package, port, process,
    /// web_cms, web_framework, web_service, web_site, app, kernel_module.
    Assets(assets::AssetsArgs),
    /// Vulnerabilities of the fleet's software: which there are, where, and what they lead to.
    ///
    /// Needs a knowledge base in the server's data folder (`muster db update`); new software and new knowledge are
    /// compared within seconds. What could not be compared is listed, too: finding nothing there means nothing.
    Vulnerabilities(vulnerabilities::VulnerabilitiesArgs),
    /// Export one kind into a file (a ZIP that holds the sheet).
    Export(export::ExportArgs),
    /// Say what is inside an artifact: open-source components, where they are, how that is known, and what is known
    /// against them.
    ///
    /// Looks into every archive in every archive by content, not by name, and reads lock files, manifests,
    /// records of installed packages and programs. Compares with the knowledge base of the data folder (`muster db
    /// update` makes one); every report says by ecosystem what was checked, by which source, of which age, and what
    /// was not. Needs no server and no network, writes nothing to disk.
    /// The report goes to standard output, everything else to standard error. A scan that a limit ended
    /// reports what it has and exits with 11.
    Scan(scan::ScanArgs),
    /// The knowledge base `scan` and the server match with: bring it up to date, look at it, carry it elsewhere.
    Db(db::DbArgs),
    /// What the server starts for each artifact, to have it apart from itself.
    #[command(hide = true)]
    TakeApart(take_apart::TakeApartArgs),
    /// Artifacts that are taken apart on the server: hand them in, list and compare them, get their bills of materials,
    /// hold them against policies, and ask where a component is.
    Artifacts(artifacts::ArtifactsArgs),
    /// Import, list, issue, export certificates; open digital envelopes.
    Cert(cert::CertArgs),
    /// Key pairs: make, import, export, bind to hosts; which accounts they open, and which keys nobody manages.
    Key(key::KeyArgs),
    /// Users, access keys, enrolment tokens, the audit log.
    Admin(admin::AdminArgs),
    /// The keys that seal secrets: look at them, rotate them, follow a new root key.
    Vault(vault::VaultArgs),
    /// Write everything a server keeps into one sealed file, also while it runs.
    ///
    /// Holds the database as it is at this moment, the audit trail, exported files, the TLS folder and the
    /// configuration; neither the root key nor credentials. The file is read back before it gets its name. For servers on
    /// PostgreSQL use the database's own tools.
    Backup(backup::BackupArgs),
    /// Bring a backup back into an empty data folder.
    ///
    /// Every file is compared with what was backed up before any takes its place, the database is looked through, and
    /// the root key is tried on it.
    Restore(backup::RestoreArgs),
    /// Verify audit trails offline; search and export what was recorded.
    Audit(audit::AuditArgs),
    /// Show or check the configuration.
    Config {
        #[command(subcommand)]
        command: config::ConfigCommand,
    },
    /// Print the completions for a shell, to be sourced by it.
    Completions { shell: Shell },
    /// Print the version.
    Version,
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
