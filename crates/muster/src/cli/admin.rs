//! `muster admin`

use super::asking::Asking;
use clap::{Args, Subcommand};
use muster_model::Role;

#[derive(Args)]
pub(crate) struct AdminArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: AdminCommand,
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

fn role(text: &str) -> Result<Role, String> {
    Role::from_name(text).ok_or_else(|| "admin or reader".to_owned())
}
