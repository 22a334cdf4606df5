//! `muster agent install`

use super::asking::Asking;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    /// Account and host: root@web-1, or an account that sudo asks no password of.
    #[arg(value_name = "ACCOUNT@HOST")]
    pub(crate) destination: String,
    /// Port of the host's SSH server.
    #[arg(long, default_value_t = 22)]
    pub(crate) port: u16,
    /// File with the private key to log in with [default: those of ssh, and its agent's].
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
    /// File with the host's key, as ssh keeps it [default: the keys an agent reported, else one's own known hosts].
    #[arg(long, value_name = "FILE")]
    pub(crate) known_hosts: Option<PathBuf>,
    /// The id of the host in the roll; an agent that speaks for it is replaced [default: the host of this name
    /// that has no agent, or a new one].
    #[arg(long, value_name = "ID")]
    pub(crate) host: Option<String>,
    /// The host's name in the roll [default: HOST].
    #[arg(long, conflicts_with = "host")]
    pub(crate) name: Option<String>,
    /// Where the agent reaches the server [default: the server's own endpoint].
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Folder on the host for everything of the agent [default: /opt/muster-agent].
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<String>,
    /// Install for the account alone, without root: the agent then sees only what the account may see, and
    /// is not started by the system [its folder by default: .muster-agent in the account's home].
    #[arg(long)]
    pub(crate) unprivileged: bool,
    /// Another build of muster to install [default: this program].
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,
    /// The OpenSSH client.
    #[arg(long, value_name = "FILE", default_value = "/usr/bin/ssh")]
    pub(crate) ssh: PathBuf,
}
