//! `muster take-apart`, which only the server calls: the artifact is standard input.

use clap::Args;
use std::path::PathBuf;

/// What to do where the process cannot be locked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Isolation {
    /// Refuse.
    Required,
    /// Go on, and say what is missing.
    Preferred,
}

#[derive(Args)]
pub(crate) struct TakeApartArgs {
    /// What to do where the process cannot be locked in.
    #[arg(long)]
    pub(crate) isolation: Isolation,
    /// Seconds until the analysis ends with what it has.
    #[arg(long)]
    pub(crate) timeout_secs: u64,
    /// MiB of memory.
    #[arg(long)]
    pub(crate) memory_mb: u64,
    /// Threads.
    #[arg(long)]
    pub(crate) threads: usize,
    /// The server's index of classes.
    #[arg(long)]
    pub(crate) index: Option<PathBuf>,
    /// The artifact's name.
    #[arg(long)]
    pub(crate) name: String,
}
