//! `muster backup` and `muster restore`

use crate::config::Config;
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct BackupArgs {
    /// The file to write. It must not exist yet.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
}

#[derive(Args)]
pub(crate) struct RestoreArgs {
    /// A file that `muster backup` wrote.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Open it by the identity of a recovery recipient (a file as age-keygen writes it) instead of the root key.
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: Option<PathBuf>,
}

/// Where the root key is, if the configuration does not say it.
#[derive(Args)]
pub(crate) struct KeyArgs {
    /// File with the root key [default: as the configuration says, else root.key in the data folder].
    #[arg(long, value_name = "FILE")]
    root_key_file: Option<PathBuf>,
}

impl KeyArgs {
    /// Puts the flags over the configuration.
    pub(crate) fn apply(&self, config: &mut Config) {
        if self.root_key_file.is_some() {
            config.server.root_key_file.clone_from(&self.root_key_file);
            config.server.root_passphrase_file = None;
        }
    }
}
