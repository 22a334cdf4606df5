//! `muster artifacts`

use super::asking::Asking;
use super::scan::form;
use clap::{Args, Subcommand};
use muster_sca::output::form::Form;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct ArtifactsArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: ArtifactsCommand,
}

#[derive(Subcommand)]
pub(crate) enum ArtifactsCommand {
    /// Hand an artifact in, to be taken apart on the server, and print the id of its task.
    Submit {
        /// The file.
        file: PathBuf,
        /// What people call it [default: the file's name].
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The task's id: letters, digits, '.', '_' and '-' [default: the server makes one].
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        /// Wait for the end, with progress on a terminal.
        #[arg(long)]
        wait: bool,
        /// No progress on standard error, even on a terminal.
        #[arg(long)]
        quiet: bool,
    },
    /// List tasks, newest first, with their place in the queue, when they are likely to end, when they are forgotten.
    List {
        /// Most rows.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: u32,
        /// Rows to skip.
        #[arg(long, value_name = "N", default_value_t = 0)]
        offset: u32,
    },
    /// Show a task: how far it is, what was checked against what, what the policies say of it.
    Show {
        /// Id of the task.
        task: String,
    },
    /// Write a task's bill of materials or report, with what is known against it now.
    Sbom {
        /// Id of the task.
        task: String,
        /// The form.
        #[arg(long, value_name = "FORM", default_value = "cyclonedx", value_parser = form())]
        format: Form,
        /// Say nothing of vulnerabilities.
        #[arg(long)]
        no_vulnerabilities: bool,
        /// Write into this file instead of to standard output.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// What came, went and moved from one task to another; which vulnerabilities are new and gone.
    ///
    /// Both are judged by the same knowledge. --output json gives what `muster scan --diff --format json` does.
    Compare {
        /// Id of the task before.
        old: String,
        /// Id of the task after.
        new: String,
    },
    /// Where a component is: in which artifacts, who pulls it in there, on which hosts.
    ///
    /// muster artifacts where pkg:maven/org.apache.logging.log4j/log4j-core
    // `--version` is the component's here.
    #[command(disable_version_flag = true)]
    Where {
        /// A package URL, of one version or of any, or a name.
        component: String,
        /// One version, where a name is given.
        #[arg(long, value_name = "VERSION")]
        version: Option<String>,
    },
    /// Say what the policies say of a task; exit with 15 if one fails, with 12 if one cannot be decided.
    Check {
        /// Id of the task.
        task: String,
        /// One policy instead of all.
        #[arg(long, value_name = "NAME")]
        policy: Option<String>,
    },
    /// List policies.
    Policies,
    /// Write a policy from a JSON file, in the place of the one of this name.
    ///
    /// Rules, all optional: grade (critical, high, medium, low, any), exploited, grace_days, licences (SPDX ids, * at
    /// the end), licence_risk (high, medium, unknown), end_of_life, unchecked, complete, knowledge_days.
    /// {"grade": "high", "grace_days": 30, "exploited": true, "licences": ["AGPL-*"]}
    Policy {
        /// Its name.
        name: String,
        /// The file with its rules.
        #[arg(long, value_name = "FILE", required_unless_present = "delete")]
        rules: Option<PathBuf>,
        /// Forget it.
        #[arg(long, conflicts_with = "rules")]
        delete: bool,
    },
    /// Keep a task and its results for so many days from now, instead of as long as the server keeps them.
    Keep {
        /// Id of the task.
        task: String,
        /// Days; without it as long as the server keeps them.
        #[arg(long, value_name = "N")]
        days: Option<u16>,
    },
    /// End a task that waits or runs.
    Cancel {
        /// Id of the task.
        task: String,
    },
    /// Forget a task that has ended, and what it found.
    Delete {
        /// Id of the task.
        task: String,
    },
}
