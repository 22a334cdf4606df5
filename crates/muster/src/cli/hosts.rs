//! `muster hosts`

use super::asking::Asking;
use clap::{Args, Subcommand};

#[derive(Args)]
pub(crate) struct HostsArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: Option<HostsCommand>,
}

#[derive(Subcommand)]
pub(crate) enum HostsCommand {
    /// List all hosts.
    List,
    /// Show a host: when each kind was last swept, what its agent costs, what troubles the sweeps.
    Show {
        /// The host's id.
        id: String,
    },
    /// Enter a host that has no agent yet.
    Add {
        /// Its name, of 1 to 255 characters, that no other host has.
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
