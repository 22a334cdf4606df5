//! `muster export`

use super::asking::Asking;
use super::assets::kind;
use clap::Args;
use muster_model::Kind;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    /// The kind.
    #[arg(value_parser = kind)]
    pub(crate) kind: Kind,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What is in containers instead of on hosts.
    #[arg(long)]
    pub(crate) containers: bool,
}
