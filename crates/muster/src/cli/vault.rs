//! The flags of `muster vault`.

use super::asking::Asking;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct VaultArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: VaultCommand,
}

#[derive(Subcommand)]
pub(crate) enum VaultCommand {
    /// Show which keys seal how much.
    Status,
    /// Give every account and project a new key, wrap everything by it, forget the older ones.
    ///
    /// Goes on while the server serves. If it is interrupted, run `muster vault rewrap`.
    Rotate,
    /// Wrap everything by the newest root key.
    ///
    /// First put the new key as a line in front of the old one into the root key file of every server
    /// (`muster vault new-root-key`), and start them again; then run this; then take the old line away.
    Rewrap,
    /// Put a new root key as a line in front of the present one, into the file or, wrapped by the token, into that of
    /// `server.pkcs11`. Needs no server.
    ///
    /// Servers seal by it from their next start on and still open what the older one sealed: run `muster vault rewrap`
    /// then, and take the older line away after it.
    NewRootKey,
    /// Make an identity and print its recipient, to be named in `server.recovery`.
    ///
    /// The identity opens backups and recovers the root key: keep its file off every server, in a safe. The keys are those
    /// of age (age-encryption.org), so age-keygen makes them as well.
    Keygen {
        /// The file to write the identity to, readable by its owner alone. It must not exist yet.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Get a lost root key back by the identity of a recovery recipient. Needs no server.
    ///
    /// The database has to be there, restored by `muster restore --identity` if need be.
    Recover {
        /// The identity of a recipient that `server.recovery` named.
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
        /// The file to write the root key to. It must not exist yet.
        #[arg(long, value_name = "FILE")]
        root_key_file: PathBuf,
    },
}
