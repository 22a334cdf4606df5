//! `muster images`

use super::asking::Asking;
use clap::{Args, Subcommand};

#[derive(Args)]
pub(crate) struct ImagesArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: Option<ImagesCommand>,
}

#[derive(Subcommand)]
pub(crate) enum ImagesCommand {
    /// List images, a row for every name: all of them, or those that all that is given fits.
    List(ListArgs),
    /// Show one image: its layers and what made each, the stores it lies in, the containers of it that run.
    ///
    /// As a table all three, one after the other; as CSV where it lies.
    Show {
        /// The image's id, with or without `sha256:`.
        id: String,
    },
}

#[derive(Args, Default)]
pub(crate) struct ListArgs {
    /// Part of the name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Exactly this tag; needs --name.
    #[arg(long, requires = "name")]
    pub(crate) tag: Option<String>,
    /// Id of the host it lies on.
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// Part of the name of a container of it that runs.
    #[arg(long)]
    pub(crate) container: Option<String>,
    /// Only those a container of which runs; with `--used=false` only the others.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) used: Option<bool>,
}
