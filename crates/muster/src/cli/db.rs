//! The flags of `muster db`.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct DbArgs {
    #[command(subcommand)]
    pub(crate) command: DbCommand,
}

#[derive(Subcommand)]
pub(crate) enum DbCommand {
    /// Bring the knowledge base up to date, also while a server runs on this data folder.
    ///
    /// Without --source every publisher is asked at its own address (`knowledge.*` of the configuration: OSV, CISA
    /// KEV, EPSS, NVD). What was fetched is kept, so that the next update fetches what changed, and one that broke
    /// off goes on. The new state is taken into use at once and whole; whoever works with the old one finishes with it.
    Update(UpdateArgs),
    /// Show what is known: sources with their age and licence, counts by ecosystem, troubles.
    Status {
        #[arg(long, value_name = "FORM", default_value = "table")]
        output: StatusOutput,
    },
    /// Show one vulnerability, by any of its numbers: its grade, who states it, under which licence.
    Show { id: String },
    /// Keep files that have no public address (XML of CNVD or CNNVD); every update compiles them along.
    Add {
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Index the classes of the Java archives you have, so that scans name them where they were shaded and relocated.
    ///
    /// PATH is a folder of archives (a local Maven repository, a release's libraries) or one archive; archives that are
    /// surely one artifact with its version are taken. The index replaces the one before.
    Index {
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// No message on standard error.
        #[arg(long)]
        quiet: bool,
    },
    /// Write a signed bundle of the knowledge base, for machines without network.
    Bundle {
        /// The bundle.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
        /// The Ed25519 key that signs (PKCS#8, PEM); `muster db key` makes one.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Make a key that signs bundles, and print its public half for `muster db trust`.
    Key {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Take bundles signed by this key (64 hexadecimal digits, as `muster db key` printed them).
    Trust { key: String },
}

#[derive(Args)]
pub(crate) struct UpdateArgs {
    /// A folder laid out as the public OSV dump (ECOSYSTEM/all.zip) with other feeds beside it, the address of one
    /// that is served as it lies (`https://mirror.example/osv`), or a signed bundle.
    #[arg(long, value_name = "DIR|URL|FILE")]
    pub(crate) source: Option<String>,
    /// Take a bundle although it is older than what is known here.
    #[arg(long)]
    pub(crate) older: bool,
    /// No progress on standard error, even on a terminal.
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// The form of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusOutput {
    /// Aligned columns for people.
    Table,
    /// Everything there is to know.
    Json,
}
