//! The exit codes. They are stable: scripts may rely on them.

use muster_model::ErrorKind;
use std::process::ExitCode;

/// Shown by `muster --help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  failed for a reason of Muster's own (see the log)
  2  wrong usage of the command line
  3  wrong configuration or parameter
  4  the server or the database cannot be reached
  5  not authenticated, or not allowed
  6  not found
  7  conflict: already there, in use, or of a newer version
  8  limit exceeded: too large or too many requests
  9  not supported
 10  scan: a vulnerability of the grade of --fail-on or worse is open
 11  scan: a limit ended it, the report is partial
 12  scan: a component could not be compared (--fail-on-unchecked)
 13  audit verify: a trail does not hold
 14  scan: the report lacks what --profile demands
 15  artifacts check: a policy fails (12: one cannot be decided)";

/// A scan that found what --fail-on names.
pub(crate) const VULNERABLE: u8 = 10;

/// A scan that a limit ended.
pub(crate) const PARTIAL: u8 = 11;

/// A scan whose report lacks what a rule demands.
pub(crate) const LACKING: u8 = 14;

/// A scan with components that were not compared.
pub(crate) const UNCHECKED: u8 = 12;

/// An artifact that a policy refuses.
pub(crate) const REFUSED: u8 = 15;

/// An audit trail that does not hold.
pub(crate) const BROKEN: u8 = 13;

/// The exit code for a kind of failure.
pub(crate) fn code(kind: ErrorKind) -> ExitCode {
    ExitCode::from(match kind {
        ErrorKind::Internal => 1,
        ErrorKind::Invalid => 3,
        ErrorKind::Unavailable => 4,
        ErrorKind::Unauthenticated | ErrorKind::Forbidden => 5,
        ErrorKind::NotFound => 6,
        ErrorKind::Conflict => 7,
        ErrorKind::TooLarge | ErrorKind::RateLimited => 8,
        ErrorKind::Unsupported => 9,
    })
}
