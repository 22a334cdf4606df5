//! `muster scan`: what is inside an artifact. Runs alone, without server and without network.

mod progress;

use crate::cli::scan::{ScanArgs, ScanFormat};
use crate::exit;
use crate::output::complain;
use muster_model::{Clock, Error, ErrorKind, Micros, Result, SystemClock};
use muster_sca::output::{self, Document};
use muster_sca::{Budget, Component, Input, Limits, Options, Report};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub(crate) fn run(args: &ScanArgs) -> Result<ExitCode> {
    let from_stdin = args.path == Path::new("-");
    if !from_stdin && let Err(error) = std::fs::metadata(&args.path) {
        let path = args.path.display();
        return Err(match error.kind() {
            io::ErrorKind::NotFound => {
                Error::new(ErrorKind::NotFound, format!("{path}: not there"))
            }
            _ => Error::invalid("path", format!("{path}: {error}")),
        });
    }
    let report = scan(args, from_stdin);
    let name = args.name.clone().unwrap_or_else(|| product(&args.path));
    let created = match args.timestamp {
        Some(seconds) => Micros::from_secs(seconds),
        None => SystemClock.now(),
    };
    let document = Document { name: &name, tool_version: env!("CARGO_PKG_VERSION"), created };
    match &args.file {
        Some(path) => {
            let file = File::create(path).map_err(|error| {
                Error::invalid("--file", format!("{}: {error}", path.display()))
            })?;
            write(args, &report, &document, file)?;
        }
        None => write(args, &report, &document, io::stdout().lock())?,
    }
    if let Some(ended) = &report.ended {
        complain(&format!("ended early ({}): {}", ended.code, ended.message));
        return Ok(exit::PARTIAL.into());
    }
    Ok(ExitCode::SUCCESS)
}

fn scan(args: &ScanArgs, from_stdin: bool) -> Report {
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
    let options = Options { threads, thorough: args.thorough, fixtures: args.fixtures };
    progress::show(&budget, args.quiet, || {
        if from_stdin {
            muster_sca::scan(Input::Stream("stdin", &mut io::stdin().lock()), &options, &budget)
        } else {
            muster_sca::scan(Input::Path(&args.path), &options, &budget)
        }
    })
}

/// The last part of the path, also of `.` and `..`.
fn product(path: &Path) -> String {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    whole.file_name().map_or_else(|| "root".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn write(args: &ScanArgs, report: &Report, document: &Document<'_>, to: impl Write) -> Result<()> {
    let mut out = BufWriter::new(to);
    let written = match (&args.explain, args.format) {
        (Some(purl), _) => {
            let Some(component) = find(report, purl) else {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!("{purl}: not in what was scanned"),
                ));
            };
            explain(component, &mut out)
        }
        (None, ScanFormat::Table) => output::table::write(report, &mut out),
        (None, ScanFormat::Json) => output::json::write(report, document, &mut out),
        (None, ScanFormat::Cyclonedx) => output::cyclonedx::write(report, document, &mut out),
        (None, ScanFormat::Spdx) => output::spdx::write(report, document, &mut out),
        (None, ScanFormat::Csv) => output::csv::write(report, &mut out),
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::internal(error)),
        _ => Ok(()),
    }
}

/// The component with this package URL, or the only one of this name.
fn find<'a>(report: &'a Report, wanted: &str) -> Option<&'a Component> {
    let of = |matches: &dyn Fn(&Component) -> bool| {
        report.components.iter().find(|component| matches(component))
    };
    of(&|component| component.purl.to_string() == wanted)
        .or_else(|| of(&|component| component.purl.without_qualifiers().to_string() == wanted))
        .or_else(|| of(&|component| component.purl.package().to_string() == wanted))
        .or_else(|| of(&|component| component.purl.name() == wanted))
}

fn explain(component: &Component, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", component.purl)?;
    writeln!(out, "  confidence: {} %", component.confidence)?;
    for (title, text) in [
        ("scope", component.scope.name()),
        ("relation", component.relation.name()),
        ("licences", &component.licences.join("; ")),
    ] {
        if !text.is_empty() {
            writeln!(out, "  {title}: {text}")?;
        }
    }
    for place in &component.places {
        let (kind, by, sure) = (place.kind.name(), place.extractor, place.confidence);
        writeln!(out, "  {}\n    {kind}, by {by}, {sure} %", place.path)?;
        if !place.reason.is_empty() {
            writeln!(out, "    {}", place.reason)?;
        }
    }
    for on in &component.depends {
        writeln!(out, "  needs {on}")?;
    }
    Ok(())
}
