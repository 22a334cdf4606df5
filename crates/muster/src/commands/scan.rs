//! `muster scan`: what is inside an artifact, and what is known against it. Runs alone, without server and without
//! network.

mod explain;
mod matching;

use crate::cli::scan::{ProfileName, ScanArgs};
use crate::exit;
use crate::output::{complain, progress};
use matching::Matcher;
use muster_advisory::Place;
use muster_model::{Clock, Error, ErrorKind, Micros, Result, SystemClock};
use muster_sca::classes;
use muster_sca::diff::{Diff, diff};
use muster_sca::output::form::Form;
use muster_sca::output::{self, Document};
use muster_sca::profile::{self, Profile};
use muster_sca::{Budget, ClassIndex, Input, Limits, Options, Report};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Components named of a missing field.
const GAPS: usize = 5;

pub(crate) fn run(args: &ScanArgs, data_dir: &Path) -> Result<ExitCode> {
    let created = match args.timestamp {
        Some(seconds) => Micros::from_secs(seconds),
        None => SystemClock.now(),
    };
    let matcher = Matcher::open(args, data_dir, created)?;
    let index = classes::open(&Place::of(data_dir).classes())?;
    if let Some([old, new]) = args.diff.as_deref() {
        let index = &index;
        let (old, new) = (report(args, &matcher, index, old)?, report(args, &matcher, index, new)?);
        let found = diff(&old.0, &new.0);
        let name = format!("{} to {}", old.1, new.1);
        written(args, |out| write_diff(args, &found, &document(&name, created), out))?;
        let worst = found.new.iter().map(|one| one.vulnerability.finding.grade).min();
        return Ok(code(args, &new.0, worst));
    }
    let path = args.path.as_deref().unwrap_or(Path::new("."));
    let (report, name) = report(args, &matcher, &index, path)?;
    written(args, |out| write(args, &matcher, &report, &document(&name, created), out))?;
    let worst = report.known.as_ref().and_then(|known| known.open().into_keys().next());
    let lacks = lacks(args, &report);
    let code = code(args, &report, worst);
    Ok(if lacks && code == ExitCode::SUCCESS { exit::LACKING.into() } else { code })
}

/// Lists what the report lacks by the rule that was asked for.
fn lacks(args: &ScanArgs, report: &Report) -> bool {
    let Some(name) = args.profile else { return false };
    let profile = match name {
        ProfileName::Bsi => Profile::Bsi,
        ProfileName::Ntia => Profile::Ntia,
        ProfileName::Cra => Profile::Cra,
    };
    let gaps = profile::check(report, profile);
    let of = profile.name();
    if gaps.is_empty() {
        complain(&format!("{of}: nothing is missing"));
    }
    for gap in &gaps {
        let shown: Vec<&str> = gap.missing.iter().take(GAPS).map(String::as_str).collect();
        let more = gap.missing.len().saturating_sub(GAPS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let (field, missing, all) = (gap.field, gap.missing.len(), gap.of);
        complain(&format!(
            "{of}: {field}: missing in {missing} of {all}: {}{more}",
            shown.join(", ")
        ));
    }
    !gaps.is_empty()
}

const fn document(name: &str, created: Micros) -> Document<'_> {
    Document { name, tool_version: env!("CARGO_PKG_VERSION"), created }
}

/// Scans and compares; the report with its name.
fn report(
    args: &ScanArgs,
    matcher: &Matcher,
    index: &Option<ClassIndex>,
    path: &Path,
) -> Result<(Report, String)> {
    if path != Path::new("-")
        && let Err(error) = std::fs::metadata(path)
    {
        let path = path.display();
        return Err(match error.kind() {
            io::ErrorKind::NotFound => {
                Error::new(ErrorKind::NotFound, format!("{path}: not there"))
            }
            _ => Error::invalid("path", format!("{path}: {error}")),
        });
    }
    let mut report = scan(args, index, path);
    report.creator.clone_from(&args.creator);
    let name = args.name.clone().unwrap_or_else(|| product(path));
    matcher.compare(&mut report, &name)?;
    if let Some(ended) = &report.ended {
        complain(&format!("{name} ended early ({}): {}", ended.code, ended.message));
    }
    Ok((report, name))
}

/// What the shell is told: the worst of what is asked for first.
fn code(args: &ScanArgs, report: &Report, worst: Option<muster_advisory::Grade>) -> ExitCode {
    let unchecked = report.known.as_ref().map_or(0, |known| known.not_checked());
    if args.fail_on.is_some_and(|bar| worst.is_some_and(|worst| bar.bar().is_reached(worst))) {
        return exit::VULNERABLE.into();
    }
    if report.ended.is_some() {
        return exit::PARTIAL.into();
    }
    if args.fail_on.is_some() && unchecked > 0 {
        complain(&format!("{unchecked} components could not be compared: see the report"));
    }
    if args.fail_on_unchecked && unchecked > 0 {
        return exit::UNCHECKED.into();
    }
    ExitCode::SUCCESS
}

fn scan(args: &ScanArgs, index: &Option<ClassIndex>, path: &Path) -> Report {
    let limits = Limits {
        depth: args.max_depth,
        memory: args.max_memory.saturating_mul(1 << 20),
        total: args.max_total.saturating_mul(1 << 30),
        time: Duration::from_secs(args.max_time),
        ..Limits::default()
    };
    let budget = Budget::new(limits, Instant::now());
    let threads = args
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from))
        .clamp(1, 64);
    let options = Options {
        threads,
        thorough: args.thorough,
        licences: args.licences,
        fixtures: args.fixtures,
        files: args.profile.is_some(),
        index: index.clone(),
        ..Options::default()
    };
    progress::beside(
        args.quiet,
        |elapsed| going_on(&budget, elapsed),
        || {
            if path == Path::new("-") {
                muster_sca::scan(Input::Stream("stdin", &mut io::stdin().lock()), &options, &budget)
            } else {
                muster_sca::scan(Input::Path(path), &options, &budget)
            }
        },
    )
}

/// How far a scan is: what it has read, how fast, how long it may still take.
fn going_on(budget: &Budget, elapsed: Duration) -> String {
    let (files, archives, percent) = (budget.members(), budget.archives(), budget.percent());
    let megabytes = budget.bytes() >> 20;
    let rate = megabytes * 1_000 / u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let left = match u64::from(percent) {
        0 | 100.. => String::new(),
        percent => format!(", about {} s left", elapsed.as_secs() * (100 - percent) / percent),
    };
    format!("{files} files, {archives} archives, {megabytes} MiB, {rate} MiB/s{left}")
}

/// The last part of the path, also of `.` and `..`.
fn product(path: &Path) -> String {
    if path == Path::new("-") {
        return "stdin".to_owned();
    }
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Writes to where the report goes. A closed pipe is no failure.
fn written(
    args: &ScanArgs,
    write: impl FnOnce(&mut dyn Write) -> Result<io::Result<()>>,
) -> Result<()> {
    let done = match &args.file {
        Some(path) => {
            let file = File::create(path).map_err(|error| {
                Error::invalid("--file", format!("{}: {error}", path.display()))
            })?;
            let mut out = BufWriter::new(file);
            write(&mut out)?.and_then(|()| out.flush())
        }
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            write(&mut out)?.and_then(|()| out.flush())
        }
    };
    match done {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::internal(error)),
        _ => Ok(()),
    }
}

fn write(
    args: &ScanArgs,
    matcher: &Matcher,
    report: &Report,
    document: &Document<'_>,
    out: &mut dyn Write,
) -> Result<io::Result<()>> {
    if let Some(purl) = &args.explain {
        return explain::write(report, purl, out);
    }
    Ok(args.format.write(report, document, matcher.product(), out))
}

fn write_diff(
    args: &ScanArgs,
    found: &Diff<'_>,
    document: &Document<'_>,
    out: &mut dyn Write,
) -> Result<io::Result<()>> {
    match args.format {
        Form::Table => Ok(output::diff::write_text(found, out)),
        Form::Json => Ok(output::diff::write_json(found, document, out)),
        _ => Err(Error::invalid("--format", "a difference is written as table or json")),
    }
}
