//! What the command line says: texts, and lists as table, JSON or CSV.

pub(crate) mod list;
pub(crate) mod progress;

pub(crate) use list::print_list;

use muster_model::{Error, Result};
use muster_sca::output::clean;
use std::io::Write;

/// The form of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// Aligned columns for people.
    #[default]
    Table,
    /// An array of objects with every field.
    Json,
    /// Comma-separated values with a header line (RFC 4180).
    Csv,
}

/// Lines without control characters: what archives, hosts and publishers say must not steer a terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

/// Writes to standard output. A closed pipe is no failure.
pub(crate) fn print(text: &str) -> Result<()> {
    write(std::io::stdout().lock(), text)
}

/// Writes a line to standard error.
pub(crate) fn complain(text: &str) {
    let _ = write(std::io::stderr().lock(), &format!("{text}\n"));
}

fn write(mut to: impl Write, text: &str) -> Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::internal(error)),
        _ => Ok(()),
    }
}
