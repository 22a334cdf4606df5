//! `muster agent`

use super::install::InstallArgs;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(crate) enum AgentCommand {
    /// Put an agent on another host over SSH, let it join, and start it.
    ///
    /// Copies this program, lets it join by a token for that host alone, and starts it as a service where systemd
    /// runs; elsewhere it prints the command that starts it. Nothing on the host changes before the new agent has joined.
    /// While it goes on the host is listed as installing, afterwards as online, or as install_failed with the
    /// reason in `muster hosts show`.
    Install(Box<InstallArgs>),
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
