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
    /// Have images looked into now, each by the agent of a host it lies on; `tasks` tells how far that is.
    ///
    /// The agent lays the image's layers over each other, read-only, and reads the lists of installed packages and what it recognises by
    /// its files. Nothing in the image is run.
    Scan {
        /// Ids of images, 1 to 200.
        #[arg(required_unless_present = "unscanned", value_name = "ID")]
        ids: Vec<String>,
        /// All that were not scanned yet, 1,000 at most.
        #[arg(long, conflicts_with = "ids")]
        unscanned: bool,
    },
    /// List scans, the newest first: how far each is, how many images went well, why the others did not.
    Tasks {
        /// Only this one, with every image that did not go well.
        id: Option<String>,
    },
    /// End a scan before its time. What was looked into stays known.
    Stop {
        /// The task's id.
        id: String,
    },
    /// List the software that was found in an image.
    Software {
        /// The image's id, with or without `sha256:`.
        id: String,
        /// Part of the software's name.
        #[arg(long)]
        name: Option<String>,
    },
    /// List what is known against the software in an image, the worst first.
    ///
    /// Needs a knowledge base in the server's data folder (`muster db update`). That nothing is listed means nothing where
    /// nothing was compared: `muster vulnerabilities status` tells.
    Vulnerabilities {
        /// The image's id, with or without `sha256:`.
        id: String,
        /// Part of the software's name.
        #[arg(long)]
        name: Option<String>,
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
