//! `muster containers`

use super::asking::Asking;
use clap::{Args, Subcommand};

#[derive(Args)]
pub(crate) struct ContainersArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: Option<ContainersCommand>,
}

#[derive(Subcommand)]
pub(crate) enum ContainersCommand {
    /// List the containers that run: all of them, or those that all that is given fits.
    List(ListArgs),
    /// List the security events of protected hosts, the latest first: signs of ways out of containers, and programs that
    /// an image's containers did not run before.
    Events(EventsArgs),
    /// Say that events were handled, or that they are open again.
    Handle {
        /// Ids of events, 1 to 200.
        #[arg(required = true, value_name = "EVENT")]
        ids: Vec<String>,
        /// They are open again.
        #[arg(long)]
        again: bool,
        /// What was done, at most 256 characters.
        #[arg(long, default_value = "")]
        remark: String,
    },
    /// Protect hosts: their containers are watched for signs of ways out, and for programs unknown to their images.
    ///
    /// What runs now is taken for good: an image's programs are learned for `guard.learn_hours`, 24. Nothing is
    /// blocked by that alone.
    Protect {
        /// Ids of hosts, 1 to 200.
        #[arg(required = true, value_name = "HOST")]
        hosts: Vec<String>,
        /// Protect them no longer.
        #[arg(long)]
        off: bool,
    },
    /// List the files and folders that containers on protected hosts are not to change, add some, or take one away.
    ///
    /// A change in a container's own layer is a security event; what is mounted into it is not looked at.
    Files {
        /// Paths to add.
        #[arg(value_name = "PATH")]
        paths: Vec<String>,
        /// Take this one away.
        #[arg(long, value_name = "PATH", conflicts_with = "paths")]
        remove: Option<String>,
    },
    /// List the Kubernetes clusters that hosts are nodes of.
    Clusters,
    /// List the images whose programs are learned, or the programs of one.
    Programs {
        /// The image's id, as the list of images shows it.
        #[arg(value_name = "IMAGE")]
        image: Option<String>,
    },
    /// Let the containers of an image run a program from now on.
    Allow {
        /// The image's id.
        #[arg(value_name = "IMAGE")]
        image: String,
        /// Where the program lies in the containers.
        #[arg(value_name = "PATH")]
        path: String,
    },
    /// Keep the containers of an image from running anything but its programs, once they are learned.
    ///
    /// Only on protected hosts whose agent is configured with `allow.block = true`. What runs already goes on. Programs that a
    /// known interpreter reads, a shell's scripts, are not told apart.
    Block {
        /// The image's id.
        #[arg(value_name = "IMAGE")]
        image: String,
        /// What was learned until now is all: do not wait until the image has been learned for `guard.learn_hours`.
        #[arg(long)]
        now: bool,
        /// Let them run anything again.
        #[arg(long, conflicts_with = "now")]
        off: bool,
    },
    /// Forget the programs of an image: they are learned anew, from what runs next.
    Relearn {
        /// The image's id.
        #[arg(value_name = "IMAGE")]
        image: String,
    },
}

#[derive(Args, Default)]
pub(crate) struct ListArgs {
    /// Part of the name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Part of the image's name.
    #[arg(long)]
    pub(crate) image: Option<String>,
    /// Part of the name of the pod.
    #[arg(long)]
    pub(crate) pod: Option<String>,
}

#[derive(Args, Default)]
pub(crate) struct EventsArgs {
    /// Part of the container's name.
    #[arg(long)]
    pub(crate) container: Option<String>,
    /// Id of the host.
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// How bad.
    #[arg(long, value_parser = ["Low", "Medium", "High", "Critical"])]
    pub(crate) severity: Option<String>,
    /// Also those that were handled.
    #[arg(long)]
    pub(crate) all: bool,
}
