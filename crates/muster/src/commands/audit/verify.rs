//! `muster audit verify`: needs no server and no key.

use crate::cli::audit::VerifyArgs;
use crate::exit::BROKEN;
use crate::messages::{Lang, Message, say};
use crate::output::{complain, print};
use muster_model::{Error, ErrorKind, Result};
use muster_store::trail::points;
use muster_store::trail::verify::{Point, Report, verify as walk};
use muster_vault::checkpoint::{self, CheckPoint};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

/// Checks the trails and says what does not hold.
///
/// # Errors
/// `Unavailable` for folders and files that cannot be read, `NotFound` for folders without a trail.
pub(crate) fn verify(args: &VerifyArgs, data_dir: &Path, lang: Lang) -> Result<ExitCode> {
    let dirs = match args.dirs.as_slice() {
        [] => vec![data_dir.join("audit")],
        given => given.to_vec(),
    };
    let failed = |path: &Path, error: std::io::Error| {
        Error::new(ErrorKind::Unavailable, format!("{}: {error}", path.display()))
    };
    let mut files = args.checkpoints.clone();
    for dir in &dirs {
        files.extend(points::files(dir).map_err(|error| failed(dir, error))?);
    }
    let mut signed = Signed::default();
    for file in &files {
        let lines = points::lines(file).map_err(|error| failed(file, error))?;
        signed.read(file, &lines, &args.keys);
    }
    let shown = dirs.first().map_or(data_dir, |dir| dir.as_path());
    let reports = walk(&dirs, &signed.points, args.moved).map_err(|error| failed(shown, error))?;
    if reports.is_empty() {
        let message = format!("{}: there is no audit trail", shown.display());
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    let mut faults = signed.faults.len();
    for fault in &signed.faults {
        complain(fault);
    }
    for report in &reports {
        faults += report.faults.len() + report.more;
        tell(report, lang)?;
    }
    if args.keys.is_empty() {
        for key in &signed.keys {
            complain(&say(lang, Message::AuditKey, &[key]));
        }
    }
    Ok(if faults == 0 { ExitCode::SUCCESS } else { ExitCode::from(BROKEN) })
}

fn tell(report: &Report, lang: Lang) -> Result<()> {
    for fault in &report.faults {
        complain(&fault.to_string());
    }
    if report.more > 0 {
        complain(&say(lang, Message::AuditMore, &[&report.more.to_string()]));
    }
    if report.unfinished > 0 {
        complain(&say(lang, Message::AuditUnfinished, &[&report.unfinished.to_string()]));
    }
    let sound = report.faults.is_empty();
    let message = if sound { Message::AuditHolds } else { Message::AuditBroken };
    let until = report.until.map(|at| at.iso()).unwrap_or_default();
    let blanks = [
        report.node.as_str(),
        &report.records.to_string(),
        &report.first.to_string(),
        &report.last.to_string(),
        &until,
        &report.segments.to_string(),
        &report.points.to_string(),
    ];
    print(&(say(lang, message, &blanks) + "\n"))
}

/// Check points that were read.
#[derive(Default)]
struct Signed {
    points: Vec<Point>,
    keys: BTreeSet<String>,
    faults: Vec<String>,
}

impl Signed {
    fn read(&mut self, file: &Path, lines: &[String], trusted: &[String]) {
        for (number, line) in (1..).zip(lines) {
            let place = format!("{}, line {number}", file.display());
            match checkpoint::read(line) {
                None => self.faults.push(format!("{place}: is no check point, or was edited")),
                Some((_, key)) if !trusted.is_empty() && !trusted.contains(&key) => {
                    self.faults.push(format!("{place}: is signed by another key, {key}"));
                }
                Some((CheckPoint { node, seq, hash, at }, key)) => {
                    self.keys.insert(key);
                    self.points.push(Point { node, seq, hash, at });
                }
            }
        }
    }
}
