//! Taking an artifact apart: in a process of its own, which is killed when it takes too long or too much.

use super::scan::{Blob, Bounds, ClassIndex, open_index, scan};
use super::settings::{Isolation, ScaSettings};
use crate::app::App;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use muster_advisory::Place;
use muster_model::{Error, ErrorKind, Result};
use muster_sca::Report;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// Largest report that is read, in bytes.
const MAX_REPORT: u64 = 512 << 20;
/// Largest report that is kept, deflated, in bytes.
const MAX_DOCUMENT: usize = 32 << 20;
/// What the engine's process says on its error output is kept up to this, in bytes.
const MAX_WORDS: usize = 4096;
/// How much longer than its own limit a process may take before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// The engine's exit code for "I cannot be kept apart here".
pub const NOT_APART: u8 = 77;
/// The exit code of a program that panicked.
const PANICKED: u8 = 101;
/// What a line of progress on its error output begins with.
pub const PROGRESS: &str = "progress ";

/// What came out of an artifact.
pub(super) struct Taken {
    pub(super) report: Report,
    /// The report as it was written, deflated. None where it is too large to be kept.
    pub(super) packed: Option<Vec<u8>>,
}

/// Takes the artifact at `path` apart. `progress` is told the percentage.
///
/// # Errors
/// `Unsupported` where the engine cannot be kept apart as the operator wants it, `Invalid` if it gave up on the
/// artifact, `Internal` if it died.
pub(super) async fn run(
    app: &App,
    path: PathBuf,
    name: &str,
    progress: &watch::Sender<u8>,
) -> Result<Taken> {
    let settings = &app.settings.sca;
    let file = tokio::task::spawn_blocking(move || File::open(path));
    let file = file.await.map_err(Error::internal)?.map_err(Error::internal)?;
    let (index, opened) = index(app);
    let report = match (&settings.engine, settings.isolation) {
        (_, Isolation::Off) => within(settings.bounds(), file, name.to_owned(), opened).await?,
        (Some((program, arguments)), _) => {
            let index = opened.map(|_| index.as_path());
            let child = start(settings, program, arguments, file, name, index)?;
            let longest = Duration::from_secs(settings.timeout_secs) + GRACE;
            match tokio::time::timeout(longest, follow(child, progress)).await {
                Ok(report) => report?,
                Err(_) => return Err(Error::invalid("artifact", "takes too long to analyse")),
            }
        }
        (None, _) => return Err(Error::internal("no engine is set")),
    };
    tokio::task::spawn_blocking(move || taken(&report)).await.map_err(Error::internal)?
}

/// The index of classes of this server, where it lies, and it itself if there is one. A damaged one must not keep every artifact
/// from being analysed.
fn index(app: &App) -> (PathBuf, Option<ClassIndex>) {
    let file = Place::of(&app.settings.data_dir).classes();
    let index = open_index(&file).unwrap_or_else(|error| {
        tracing::warn!(?error, "artifacts are analysed without the index of classes");
        None
    });
    (file, index)
}

/// It comes from a process that had a hostile artifact in its hands: nothing in it is believed further than its types go.
fn taken(written: &[u8]) -> Result<Taken> {
    let (_, report) = Report::read(written)?;
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
    packed.write_all(written).map_err(Error::internal)?;
    let packed = packed.finish().map_err(Error::internal)?;
    Ok(Taken { report, packed: Some(packed).filter(|packed| packed.len() <= MAX_DOCUMENT) })
}

/// In this process.
async fn within(
    bounds: Bounds,
    file: File,
    name: String,
    index: Option<ClassIndex>,
) -> Result<Vec<u8>> {
    let work = move || {
        let mut report = Vec::new();
        let artifact = Blob::map(&file).map_err(Error::internal)?;
        scan(&artifact, &name, bounds, index, &|_| {}, &mut report)?;
        Ok(report)
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// The artifact is handed over open, as the process's input: it need not be able to open anything.
fn start(
    settings: &ScaSettings,
    program: &Path,
    arguments: &[String],
    file: File,
    name: &str,
    index: Option<&Path>,
) -> Result<Child> {
    let isolation = match settings.isolation {
        Isolation::Required => "required",
        Isolation::Preferred | Isolation::Off => "preferred",
    };
    let bounds = settings.bounds();
    let index = index.map(|file| [OsStr::new("--index"), file.as_os_str()]);
    Command::new(program)
        .args(arguments)
        .args(index.into_iter().flatten())
        .args(["--isolation", isolation])
        .args(["--timeout-secs", &bounds.timeout_secs.to_string()])
        .args(["--memory-mb", &bounds.memory_mb.to_string()])
        .args(["--threads", &bounds.threads.to_string()])
        .arg(format!("--name={name}"))
        .env_clear()
        // Memory counts towards the process's limit when it is used, not when the allocator sets it aside.
        .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
        .stdin(Stdio::from(file))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::internal)
}

/// Reads what the process writes until it ends. Dropped, it kills the process.
async fn follow(mut child: Child, progress: &watch::Sender<u8>) -> Result<Vec<u8>> {
    let (Some(out), Some(words)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Error::internal("a process without outputs"));
    };
    let mut report = Vec::new();
    let mut out = out.take(MAX_REPORT + 1);
    let (read, words) = tokio::join!(out.read_to_end(&mut report), listen(words, progress));
    read.map_err(Error::internal)?;
    if report.len() as u64 > MAX_REPORT {
        return Err(Error::invalid("artifact", "has more in it than a report can hold"));
    }
    let ended = child.wait().await.map_err(Error::internal)?;
    match ended.code().map(|code| u8::try_from(code).unwrap_or(u8::MAX)) {
        Some(0) => {
            if !words.is_empty() {
                tracing::warn!(words, "an analysis was not kept apart as far as it should be");
            }
            Ok(report)
        }
        Some(NOT_APART) => {
            let why = format!(
                "artifacts cannot be kept apart on this server ({}); the operator can allow it: [sca] \
                 isolation = \"preferred\"",
                words.trim()
            );
            Err(Error::new(ErrorKind::Unsupported, why))
        }
        Some(PANICKED) => {
            Err(Error::new(ErrorKind::Internal, "the analysis failed on the artifact"))
        }
        Some(_) => Err(Error::invalid("artifact", words.trim())),
        None => {
            Err(Error::new(ErrorKind::Internal, "the analysis died: the artifact takes too much"))
        }
    }
}

/// Takes the lines of progress, keeps the last of the others.
async fn listen(words: impl tokio::io::AsyncRead + Unpin, progress: &watch::Sender<u8>) -> String {
    let mut lines = BufReader::new(words.take(1 << 20)).lines();
    let mut said = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        match line.strip_prefix(PROGRESS).and_then(|percent| percent.parse().ok()) {
            Some(percent) => {
                let _ = progress.send(percent);
            }
            None if said.len() + line.len() < MAX_WORDS => {
                said.push_str(&line);
                said.push('\n');
            }
            None => {}
        }
    }
    said
}
