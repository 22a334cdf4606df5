//! The flags of `muster vault`.

use super::asking::Asking;
use clap::{Args, Subcommand};

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
    /// First put the new key as a line in front of the old one into the root key file of every server, and start
    /// them again; then run this; then take the old line away.
    Rewrap,
}
