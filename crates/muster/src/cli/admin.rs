//! `muster admin`

use super::asking::Asking;
use clap::{Args, Subcommand};
use muster_model::Role;
use std::path::PathBuf;

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
        /// For the host with this id and no other; an agent that speaks for it is replaced.
        #[arg(long, value_name = "ID")]
        host: Option<String>,
    },
    /// List enrolment tokens, used or not.
    EnrolTokens,
    /// Users.
    Users {
        #[command(subcommand)]
        command: UsersCommand,
    },
    /// Groups of users: rights are given to groups.
    Groups {
        #[command(subcommand)]
        command: GroupsCommand,
    },
    /// Policies: built-in and own ones, who has them where, what they would decide.
    Policies {
        #[command(subcommand)]
        command: PoliciesCommand,
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
        /// admin, reader, or none for the rights of its groups alone.
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
        /// admin, reader, or none for the rights of its groups alone.
        #[arg(long, value_parser = role)]
        role: Option<Role>,
        /// Whether the user may log in.
        #[arg(long)]
        enabled: Option<bool>,
    },
}

#[derive(Subcommand)]
pub(crate) enum GroupsCommand {
    /// List groups.
    List,
    /// Add a group.
    Add {
        /// Its name.
        name: String,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Remove a group; its members lose the rights it gave.
    Delete {
        /// The group's id.
        id: String,
    },
    /// List the users in a group.
    Members {
        /// The group's id.
        id: String,
    },
    /// Put a user into a group.
    Join {
        /// The group's id.
        id: String,
        /// The user's id.
        user: String,
    },
    /// Take a user out of a group.
    Leave {
        /// The group's id.
        id: String,
        /// The user's id.
        user: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum PoliciesCommand {
    /// List policies, built-in ones first.
    List,
    /// Print the document of a policy.
    Show {
        /// The policy's id.
        id: String,
    },
    /// Add a policy from a file with its document (JSON).
    Add {
        /// Its name.
        name: String,
        /// The file.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// What it is for.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Replace the document of a policy. It is in force at once.
    Set {
        /// The policy's id.
        id: String,
        /// The file.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Remove a policy that no group has any more.
    Delete {
        /// The policy's id.
        id: String,
    },
    /// Give a policy to a group.
    Give(AssignmentArgs),
    /// Take a policy from a group.
    Take(AssignmentArgs),
    /// List which group has which policy where.
    Assignments,
    /// Say what would be decided, and by which statement of which policy.
    Simulate(SimulateArgs),
}

/// Which policy, whose, and where. Without a place: in the account and in all of its projects.
#[derive(Args)]
pub(crate) struct AssignmentArgs {
    /// The policy's id.
    pub(crate) policy: String,
    /// The group's id.
    #[arg(long)]
    pub(crate) group: String,
    /// Only in this project.
    #[arg(long, value_name = "ID")]
    pub(crate) project: Option<String>,
    /// Only for what belongs to this enterprise project.
    #[arg(long, value_name = "ID", conflicts_with = "project")]
    pub(crate) enterprise_project: Option<String>,
}

#[derive(Args)]
pub(crate) struct SimulateArgs {
    /// The action, as in scm:cert:export.
    pub(crate) action: String,
    /// Whose rights, by the user's id [default: one's own].
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// Ask this document instead of a user's policies.
    #[arg(long, value_name = "FILE", conflicts_with = "user")]
    pub(crate) policy_file: Option<PathBuf>,
    /// In this project [default: in the account].
    #[arg(long, value_name = "ID")]
    pub(crate) project: Option<String>,
    /// On this thing, by the end of its resource name [default: on all].
    #[arg(long)]
    pub(crate) resource: Option<String>,
    /// The thing's enterprise project.
    #[arg(long, value_name = "ID")]
    pub(crate) enterprise_project: Option<String>,
    /// A condition key and its value, as in g:SourceIp=10.0.0.1; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) with: Vec<String>,
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
    Role::from_name(text).ok_or_else(|| "admin, reader or none".to_owned())
}
