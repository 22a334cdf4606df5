//! `muster hosts`

use super::asking::Asking;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct HostsArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: Option<HostsCommand>,
}

#[derive(Subcommand)]
pub(crate) enum HostsCommand {
    /// List hosts: all of them, or those that all that is given fits.
    List(ListArgs),
    /// Show a host: when each kind was last swept, what its agent costs, what troubles the sweeps.
    Show {
        /// The host's id.
        id: String,
    },
    /// Enter a host that has no agent yet.
    ///
    /// It is listed as not_installed until an agent becomes it: with a token made for it (`muster admin enrol-token
    /// --host ID`), with the machine id given here, or by its name from the address given here.
    Add {
        /// Its name, of 1 to 255 characters, that no other host has.
        name: String,
        /// Its IPv4 or IPv6 address.
        #[arg(long)]
        address: Option<String>,
        /// Its machine id, as in /etc/machine-id: 32 hexadecimal digits.
        #[arg(long)]
        machine_id: Option<String>,
        #[command(flatten)]
        owner: OwnerArgs,
    },
    /// Enter a list of hosts, all of them or, where there is a mistake, none.
    ///
    /// A host that is there by its name is changed; what a line says nothing of stays, so the same list again changes
    /// nothing. A list has at most 5,000 hosts and 8 MiB.
    ///
    /// CSV: the first line names the columns, of name, address, machine_id, container_node (true or false), tags
    /// (key=value;key=value), department, importance, location, group. JSON: an array of objects with these
    /// names, tags being an object.
    Import {
        /// The file, or - for standard input.
        file: PathBuf,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
    },
    /// Forget a host that never had an agent.
    Remove {
        /// The host's id.
        id: String,
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

#[derive(Args, Default)]
pub(crate) struct ListArgs {
    /// Part of the name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// State of the agent: online, offline, not_installed, installing or install_failed.
    #[arg(long, value_name = "STATUS")]
    pub(crate) agent: Option<String>,
    /// Whether it is a container node.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "YES")]
    pub(crate) container_node: Option<bool>,
    /// A tag.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) tag: Option<String>,
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
    /// Whether it is a container node, whatever an agent sees there.
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "YES")]
    pub(crate) container_node: Option<bool>,
    /// A tag, which may be given again; they replace those that are there.
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    pub(crate) tags: Vec<String>,
}
