//! Comparing a scan with what is known, and what people decided about it.

use crate::cli::scan::ScanArgs;
use muster_advisory::{Knowledge, current};
use muster_model::{Error, ErrorKind, Micros, Purl, Result};
use muster_sca::vex::{self, Product, Statement};
use muster_sca::{Known, Report};
use std::path::Path;
use std::sync::Arc;

/// Largest file of statements, bytes.
const MAX_STATEMENTS: u64 = 256 << 20;

/// What reports are compared with.
pub(super) struct Matcher {
    wanted: bool,
    knowledge: Option<Arc<Knowledge>>,
    statements: Vec<Statement>,
    product: Option<Purl>,
    today: String,
}

impl Matcher {
    /// Opens the knowledge base and reads the statements. That there is no knowledge base is an error only where
    /// somebody relies on the answer.
    pub(super) fn open(args: &ScanArgs, data_dir: &Path, now: Micros) -> Result<Self> {
        let live = current(data_dir);
        let knowledge = match live.get() {
            Ok(knowledge) => Some(knowledge),
            Err(error) if args.fail_on.is_some() || live.path().exists() => return Err(error),
            Err(_) => None,
        };
        let mut statements = Vec::new();
        for path in &args.vex {
            statements.append(&mut vex::read(&shown(path), &bytes("--vex", path)?)?);
        }
        for path in &args.ignore {
            let text = bytes("--ignore", path)?;
            statements.append(&mut vex::rules(&shown(path), &String::from_utf8_lossy(&text))?);
        }
        let product = match &args.product {
            Some(text) => Some(
                text.parse()
                    .map_err(|error: Error| Error::invalid("--product", error.message()))?,
            ),
            None => None,
        };
        let today = now.iso().get(..10).unwrap_or_default().to_owned();
        Ok(Self { wanted: !args.no_vulnerabilities, knowledge, statements, product, today })
    }

    /// Puts what is known onto a report.
    pub(super) fn compare(&self, report: &mut Report, name: &str) -> Result<()> {
        if !self.wanted {
            return Ok(());
        }
        let mut known = match &self.knowledge {
            Some(knowledge) => Known::of(&report.purls(), knowledge, &self.today)?,
            None => Known::nothing(&report.purls()),
        };
        let product = Product { name, purl: self.product.as_ref() };
        vex::apply(&self.statements, report, product, &self.today, &mut known);
        report.known = Some(known);
        Ok(())
    }

    /// What is scanned, where somebody said so.
    pub(super) const fn product(&self) -> Option<&Purl> {
        self.product.as_ref()
    }
}

fn bytes(flag: &'static str, path: &Path) -> Result<Vec<u8>> {
    let wrong = |why: String| Error::invalid(flag, format!("{}: {why}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > MAX_STATEMENTS {
        return Err(Error::new(
            ErrorKind::TooLarge,
            format!("{flag}: {} has {size} bytes, at most {MAX_STATEMENTS}", path.display()),
        ));
    }
    std::fs::read(path).map_err(|error| wrong(error.to_string()))
}

fn shown(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
