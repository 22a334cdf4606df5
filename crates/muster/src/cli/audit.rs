//! `muster audit`

use super::asking::Asking;
use clap::{Args, Subcommand, ValueEnum};
use muster_model::{Clock, Micros, SystemClock};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Check audit trails without asking any server: every hash, every file, every check point.
    ///
    /// Says which record is the first that does not hold, and exits with 13. What the chain alone cannot tell, a cut-off
    /// end or a trail written anew, is told by check points: those beside the trail, and better those you keep
    /// elsewhere (--checkpoints) with a key you know (--key).
    Verify(VerifyArgs),
    /// Print a signed check point of the server's trail: where its chain stands now. Keep it elsewhere.
    ///
    /// For example daily: muster audit checkpoint >> /mnt/elsewhere/muster.checkpoints
    Checkpoint,
    /// Look for records, newest first: who did what to what, when, and was it allowed.
    Search(SearchArgs),
    /// Write all records a search would find into a file, newest first.
    Export(ExportArgs),
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Folder with trails; may be given several times, for one that was moved away in part [default: audit in the
    /// data folder].
    #[arg(long = "dir", value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,
    /// File with check points that were kept elsewhere; may be given several times.
    #[arg(long = "checkpoints", value_name = "FILE")]
    pub(crate) checkpoints: Vec<PathBuf>,
    /// Public key, 64 hexadecimal digits, that must have signed every check point; may be given several times.
    /// Without it the key of the check points is shown, not compared.
    #[arg(long = "key", value_name = "HEX")]
    pub(crate) keys: Vec<String>,
    /// Earlier files were moved away: a trail may begin later than at its first record.
    #[arg(long)]
    pub(crate) moved: bool,
}

/// Which records. A text that ends in * stands for all that begin so.
#[derive(Args)]
pub(crate) struct Which {
    /// By this user: name or id.
    #[arg(long, value_name = "WHO")]
    pub(crate) user: Option<String>,
    /// This action, as in scm:cert:export or scm:*.
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// Done to this, as in certificate/scs1554192131150 or certificate/*.
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// With this outcome: denied is what was not allowed.
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Option<Outcome>,
    /// In this request.
    #[arg(long, value_name = "ID")]
    pub(crate) request: Option<String>,
    /// Not before: 2026-01-31T12:00:00Z, or so long ago as 30d, 12h, 15m.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Option<Micros>,
    /// Before that time, in the same forms.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) until: Option<Micros>,
    /// Read the trails in this folder instead of asking a server. They hold what hands out secrets.
    #[arg(long, value_name = "DIR")]
    pub(crate) trail: Option<PathBuf>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Outcome {
    /// Done.
    Success,
    /// Not allowed.
    Denied,
    /// Tried and failed.
    Failure,
    /// About to be done.
    Intent,
}

#[derive(Args)]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Records at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The form of the file.
    #[arg(long, default_value = "jsonl")]
    pub(crate) format: Format,
    /// The file, for its owner alone; it must not exist yet. - writes to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values with a header line (RFC 4180).
    Csv,
}

/// A moment, or one so long ago.
fn moment(text: &str) -> Result<Micros, String> {
    let units = [('d', 86_400), ('h', 3_600), ('m', 60)];
    let ago = units.into_iter().find_map(|(unit, secs)| {
        let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
        (0..=1_000_000).contains(&number).then(|| SystemClock.now().plus_secs(-number * secs))
    });
    let whole = format!("{text}T00:00:00Z");
    ago.or_else(|| Micros::from_iso(text)).or_else(|| Micros::from_iso(&whole)).ok_or_else(|| {
        "must be a time as 2026-01-31T12:00:00Z or 2026-01-31, or so long ago as 30d, 12h, 15m"
            .to_owned()
    })
}
