//! What every subcommand takes that asks a running server.

use crate::output::Output;
use clap::Args;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Whom to ask and how to answer.
#[derive(Args)]
pub(crate) struct Asking {
    #[command(flatten)]
    pub(crate) connection: Connection,
    /// The form of lists.
    #[arg(long, global = true, default_value = "table")]
    pub(crate) output: Output,
}

/// A server other than the one that runs on the data folder.
#[derive(Args)]
pub(crate) struct Connection {
    /// File with endpoint, project and access key, as `up` and `init` write it [default: credentials.json in
    /// the data folder].
    #[arg(long, global = true, value_name = "FILE", env = "MUSTER_CREDENTIALS")]
    pub(crate) credentials: Option<PathBuf>,
    /// The server's address.
    #[arg(long, global = true, value_name = "URL", env = "MUSTER_ENDPOINT")]
    pub(crate) endpoint: Option<String>,
    /// Access key.
    #[arg(long, global = true, value_name = "AK", env = "MUSTER_ACCESS_KEY")]
    pub(crate) access_key: Option<String>,
    /// Its secret; other users can see arguments, so prefer the variable.
    #[arg(
        long,
        global = true,
        value_name = "SK",
        env = "MUSTER_SECRET_KEY",
        hide_env_values = true
    )]
    pub(crate) secret_key: Option<Zeroizing<String>>,
    /// Project.
    #[arg(long, global = true, value_name = "ID", env = "MUSTER_PROJECT_ID")]
    pub(crate) project_id: Option<String>,
    /// The CA certificate to trust (PEM).
    #[arg(long, global = true, value_name = "FILE", env = "MUSTER_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}
