//! `muster take-apart`: locks itself in, then takes the artifact on standard input apart and writes what it found to
//! standard output. Lines on standard error that begin with `progress ` are percentages, others are for people.

use crate::cli::take_apart::{Isolation, TakeApartArgs};
use muster_model::{Error, Result};
use muster_sandbox::{Share, enter};
use muster_service::sca::scan::{Blob, Bounds, ClassIndex, open_index, scan};
use muster_service::sca::{NOT_APART, PROGRESS};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::process::{ExitCode, abort};

/// Processor time beyond the limit in which the engine has to end by itself, seconds.
const GRACE_SECS: u64 = 30;

pub(crate) fn run(args: &TakeApartArgs) -> Result<ExitCode> {
    let file = io::stdin().as_fd().try_clone_to_owned().map_err(Error::internal)?;
    // Before the walls are up: what is mapped stays, and nothing has been read of it yet.
    let artifact = Blob::map(&File::from(file)).map_err(Error::internal)?;
    // The server has opened the same file a moment ago, and has said what is wrong with it if anything is.
    let index = args.index.as_deref().and_then(|file| open_index(file).ok().flatten());
    let share = Share {
        memory: args.memory_mb << 20,
        mapped: artifact.size() + index.as_ref().map_or(0, ClassIndex::bytes),
        cpu_secs: args.timeout_secs.saturating_mul(args.threads as u64).saturating_add(GRACE_SECS),
    };
    let missing = enter(share);
    for wall in &missing {
        say(&wall.to_string());
    }
    if !missing.is_empty() && args.isolation == Isolation::Required {
        return Ok(ExitCode::from(NOT_APART));
    }
    let bounds = Bounds {
        timeout_secs: args.timeout_secs,
        memory_mb: args.memory_mb,
        threads: args.threads,
    };
    let progress = |percent| say(&format!("{PROGRESS}{percent}"));
    scan(&artifact, &args.name, bounds, index, &progress, &mut io::stdout().lock())?;
    Ok(ExitCode::SUCCESS)
}

/// A line for the server. When it is gone nobody waits for the result.
fn say(line: &str) {
    if writeln!(io::stderr(), "{line}").is_err() {
        abort();
    }
}
