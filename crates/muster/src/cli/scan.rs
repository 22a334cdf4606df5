//! `muster scan`

use clap::Args;
use std::path::PathBuf;

/// The form of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ScanFormat {
    /// Aligned columns for people.
    #[default]
    Table,
    /// Everything there is to know.
    Json,
    /// CycloneDX 1.6, JSON.
    Cyclonedx,
    /// SPDX 2.3, JSON.
    Spdx,
    /// One line a component (RFC 4180).
    Csv,
}

#[derive(Args)]
pub(crate) struct ScanArgs {
    /// A folder, an archive, any other file, or - for standard input.
    pub(crate) path: PathBuf,
    /// The form of the report.
    #[arg(long, value_name = "FORM", default_value = "table")]
    pub(crate) format: ScanFormat,
    /// Write the report into this file instead of to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Show only what proves this component: where it was found, by which extractor, why, how sure.
    #[arg(long, value_name = "PURL")]
    pub(crate) explain: Option<String>,
    /// The name of the product in the report [default: the path's last part].
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The moment the report states as its making, so that two reports can be equal byte for byte:
    /// seconds since 1970 [default: SOURCE_DATE_EPOCH, else now].
    #[arg(long, value_name = "SECONDS", env = "SOURCE_DATE_EPOCH")]
    pub(crate) timestamp: Option<i64>,
    /// Also look into files whose name says that they are text, pictures or class files.
    #[arg(long)]
    pub(crate) thorough: bool,
    /// Also report what vendored lock files, test fixtures and examples name.
    #[arg(long)]
    pub(crate) fixtures: bool,
    /// Threads that scan [default: as many as there are processors].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Archives within archives that are followed.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) max_depth: u32,
    /// MiB of unpacked members held in memory at one time.
    #[arg(long, value_name = "MIB", default_value_t = 1_024)]
    pub(crate) max_memory: u64,
    /// GiB unpacked altogether.
    #[arg(long, value_name = "GIB", default_value_t = 256)]
    pub(crate) max_total: u64,
    /// Seconds until the scan ends with what it has.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    pub(crate) max_time: u64,
    /// No progress on standard error, even on a terminal.
    #[arg(long)]
    pub(crate) quiet: bool,
}
