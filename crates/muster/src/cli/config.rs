//! `muster config`

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the configuration in force, file, environment and defaults together, as TOML.
    Print,
    /// Check the configuration and say what is wrong.
    Check,
}
