//! `muster agent`

use clap::Subcommand;
use std::path::PathBuf;

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
