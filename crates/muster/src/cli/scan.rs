//! `muster scan`

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use muster_sca::output::form::Form;
use muster_service::sca::policies::Bar;
use std::path::PathBuf;

/// Reads the name of a form.
pub(crate) fn form() -> impl TypedValueParser<Value = Form> {
    let known = Form::ALL.map(|form| PossibleValue::new(form.name()).help(form.about()));
    PossibleValuesParser::new(known)
        .try_map(|name| Form::named(&name).ok_or("no form of this name"))
}

/// A rule for bills of materials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ProfileName {
    /// BSI TR-03183-2, 2.1.
    Bsi,
    /// NTIA minimum elements.
    Ntia,
    /// Cyber Resilience Act, Annex I part II (1).
    Cra,
}

/// A grade at which a scan fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FailOn {
    /// 9.0 and more, exploited from 7.0 on, malicious packages.
    Critical,
    /// 7.0 and more, and what is known to be exploited.
    High,
    /// 4.0 and more.
    Medium,
    /// Anything that is graded.
    Low,
    /// Anything, also what no source grades.
    Any,
}

impl FailOn {
    pub(crate) const fn bar(self) -> Bar {
        match self {
            Self::Critical => Bar::Critical,
            Self::High => Bar::High,
            Self::Medium => Bar::Medium,
            Self::Low => Bar::Low,
            Self::Any => Bar::Any,
        }
    }
}

#[derive(Args)]
pub(crate) struct ScanArgs {
    /// A folder, an archive, an SBOM (CycloneDX, SPDX, a report of --format json), any other file, or - for
    /// standard input.
    #[arg(required_unless_present = "diff")]
    pub(crate) path: Option<PathBuf>,
    /// The form of the report.
    #[arg(long, value_name = "FORM", default_value = "table", value_parser = form())]
    pub(crate) format: Form,
    /// Write the report into this file instead of to standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Show only what proves this component: where it was found, by which extractor, why, how sure.
    #[arg(long, value_name = "PURL")]
    pub(crate) explain: Option<String>,
    /// Exit with 10 if a vulnerability of this grade or worse is open: none of --ignore and --vex closed it, and its
    /// source is sure that the version has it. Exits with 4 where there is no knowledge base to compare with.
    #[arg(long, value_name = "GRADE")]
    pub(crate) fail_on: Option<FailOn>,
    /// Exit with 12 if a component could not be compared, beside what --fail-on says.
    #[arg(long)]
    pub(crate) fail_on_unchecked: bool,
    /// Rules that close vulnerabilities, one a line: `NUMBER [PURL] [until=2026-12-31] # why`
    #[arg(long, value_name = "FILE")]
    pub(crate) ignore: Vec<PathBuf>,
    /// Decisions that close vulnerabilities: OpenVEX, CycloneDX or CSAF 2, JSON. What closes nothing is reported.
    #[arg(long, value_name = "FILE")]
    pub(crate) vex: Vec<PathBuf>,
    /// What is scanned, as statements of --vex may call it.
    #[arg(long, value_name = "PURL")]
    pub(crate) product: Option<String>,
    /// Compare two artifacts or reports: components that came, went and moved, vulnerabilities that are new and
    /// gone. --fail-on looks at the new ones only.
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with_all = ["path", "explain"])]
    pub(crate) diff: Option<Vec<PathBuf>>,
    /// Check the report against a rule for bills of materials and list on standard error what it lacks; exit with 14
    /// if it lacks anything. Takes size and SHA-512 of the archives that are components.
    #[arg(long, value_name = "RULE")]
    pub(crate) profile: Option<ProfileName>,
    /// Who makes the report: a mail address or a URL.
    #[arg(long, value_name = "CONTACT")]
    pub(crate) creator: Option<String>,
    /// Do not compare with known vulnerabilities.
    #[arg(long, conflicts_with_all = ["fail_on", "fail_on_unchecked", "ignore", "vex"])]
    pub(crate) no_vulnerabilities: bool,
    /// Nothing: a scan never uses the network. For scripts written for scanners that do.
    #[arg(long)]
    pub(crate) offline: bool,
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
    /// Also say which licences the tops of source files and other texts name, file by file.
    #[arg(long, alias = "licenses")]
    pub(crate) licences: bool,
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
