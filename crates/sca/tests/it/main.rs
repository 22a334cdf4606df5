//! The engine on real archives: packed by other people's code where there is any, by hand where it must lie.
#![expect(clippy::unwrap_used, reason = "a test that fails may say so at once")]

mod bombs;
mod classes;
mod images;
mod java;
#[cfg(test)]
mod known;
mod licences;
mod locks;
mod matrix;
mod merge;
mod output;
mod pack;
mod systems;

use muster_sca::{Budget, Input, Limits, Options, Report, scan};
use std::time::Instant;

fn scan_within(name: &str, bytes: &[u8], limits: Limits) -> Report {
    let budget = Budget::new(limits, Instant::now());
    scan(Input::Bytes(name, bytes), &Options::default(), &budget)
}

fn scan_bytes(name: &str, bytes: &[u8]) -> Report {
    scan_within(name, bytes, Limits::default())
}

/// The package URLs of a report in the order of their text.
fn purls(report: &Report) -> Vec<String> {
    let mut purls: Vec<String> = report.components.iter().map(|one| one.purl.to_string()).collect();
    purls.sort_unstable();
    purls
}

/// Codes and paths of what could not be read.
fn troubles(report: &Report) -> Vec<(&str, &str)> {
    report.troubles.iter().map(|one| (one.code.as_str(), one.subject.as_str())).collect()
}
