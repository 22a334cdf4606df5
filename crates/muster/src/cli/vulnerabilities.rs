//! `muster vulnerabilities`

use super::asking::Asking;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Args)]
pub(crate) struct VulnerabilitiesArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: VulnerabilitiesCommand,
}

#[derive(Subcommand)]
pub(crate) enum VulnerabilitiesCommand {
    /// List them, the worst first, with the software that has them.
    List(WantedArgs),
    /// Show one: every piece of software on every host that has it, and the version that repairs it.
    ///
    /// With --host follow it there: which processes run or have loaded that software, on which ports they
    /// listen, which sites and certificates are behind these, and who may log in.
    Show {
        /// Its number, such as CVE-2021-44228.
        id: String,
        /// Id of a host.
        #[arg(long, value_name = "ID")]
        host: Option<String>,
    },
    /// Say with what the fleet's software was compared and when, and how much of it could not be.
    Status,
    /// List what became of known vulnerabilities when other knowledge was taken in: known to be exploited now, a version
    /// repairs it, another grade, withdrawn, or new to software that was there before.
    Changes(ChangesArgs),
    /// List the software that could not be compared.
    Unchecked {
        /// Only for this reason (no_source: no advisories for it in the knowledge base; no_purl: nothing told what it is).
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        page: PageArgs,
    },
}

/// What became of a vulnerability.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "lowercase")]
pub(crate) enum Event {
    Found,
    Withdrawn,
    Exploited,
    Fix,
    Grade,
}

/// Where the software is.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "lowercase")]
pub(crate) enum Area {
    Hosts,
    Images,
    Artifacts,
}

#[derive(Args)]
pub(crate) struct ChangesArgs {
    /// Only those after this cursor, the one the last answer ended with.
    #[arg(long, value_name = "CURSOR", default_value_t = 0)]
    pub(crate) since: i64,
    /// Only such.
    #[arg(long)]
    pub(crate) event: Option<Event>,
    /// Only of software on hosts, in images on their disks, or in artifacts.
    #[arg(long)]
    pub(crate) area: Option<Area>,
    /// Only of the vulnerability with this number.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) id: Option<String>,
    /// Rows at most, 1 to 1000.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: u32,
}

/// A grade.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "lowercase")]
pub(crate) enum Grade {
    Critical,
    High,
    Medium,
    Low,
    Unknown,
}

/// What a vulnerability is in.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Class {
    System,
    WebCms,
    Application,
}

#[derive(Args)]
pub(crate) struct WantedArgs {
    /// Only of this grade.
    #[arg(long)]
    pub(crate) grade: Option<Grade>,
    /// Only in packages of the system, web applications, or other applications.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) class: Option<Class>,
    /// Only those with this in their number.
    #[arg(long, value_name = "PART")]
    pub(crate) name: Option<String>,
    /// Only of the host with this id.
    #[arg(long, value_name = "ID")]
    pub(crate) host: Option<String>,
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

#[derive(Args)]
pub(crate) struct PageArgs {
    /// Rows at most, 1 to 1000.
    #[arg(long, default_value_t = 100)]
    pub(crate) limit: u32,
    /// Rows left out at the beginning.
    #[arg(long, default_value_t = 0)]
    pub(crate) offset: u32,
}
