//! What people decided about vulnerabilities: VEX documents (OpenVEX, CycloneDX, CSAF 2) and ignore files.
//!
//! A statement closes a vulnerability of a component only where it names that component, and where it names a product
//! around it, only if that product is what was scanned. What closed nothing is reported: it is either done with or wrong.

mod apply;
mod csaf;
mod cyclonedx;
mod ignore;
mod openvex;

use muster_model::{Error, Purl, Result};
use serde_json::Value;

pub use apply::{Product, apply};
pub use ignore::rules;

/// Most statements of one document.
const MAX_STATEMENTS: usize = 100_000;

/// Where a vulnerability of a component stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A rule of the ignore file.
    Ignored,
    /// The component has it, the product is not affected.
    NotAffected,
    /// It is repaired here although the version does not say so.
    Fixed,
    /// The product is affected.
    Affected,
    /// Somebody looks at it.
    UnderInvestigation,
}

impl Standing {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::NotAffected => "not_affected",
            Self::Fixed => "fixed",
            Self::Affected => "affected",
            Self::UnderInvestigation => "under_investigation",
        }
    }

    /// Whether nothing is left to be done.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Ignored | Self::NotAffected | Self::Fixed)
    }
}

/// A decision, as it stands on a vulnerability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Where it stands.
    pub standing: Standing,
    /// The reason as the standard's word, `vulnerable_code_not_present`; may be empty.
    pub justification: String,
    /// The reason in words; may be empty.
    pub text: String,
    /// The file it stands in.
    pub source: String,
}

/// A decision, as a document states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Any number of the vulnerability.
    pub ids: Vec<String>,
    /// What it holds for; a rule without a target holds for every component.
    pub targets: Vec<Target>,
    /// What it says.
    pub judgement: Judgement,
    /// Where in the document, for people.
    pub place: String,
    /// The rule has ended on that day, `2026-12-31`.
    pub until: Option<String>,
}

/// One component a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The component; without version any version of it.
    pub component: Name,
    /// The product around it.
    pub product: Option<Name>,
}

/// What a document calls something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A package URL.
    Purl(Purl),
    /// Anything else.
    Text(String),
}

impl Name {
    fn of(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Text(text.to_owned()), Self::Purl)
    }
}

/// Reads a document, whichever of the three it is. `file` is its name in reports.
///
/// # Errors
/// `Invalid`, naming the file, where it is none of them.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<Statement>> {
    let wrong = |why: &str| Error::invalid("--vex", format!("{file}: {why}"));
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document: Value = serde_json::from_slice(bytes)
        .map_err(|error| wrong(&format!("is no JSON (line {})", error.line())))?;
    let context = document.get("@context").and_then(Value::as_str).unwrap_or_default();
    let mut statements = if context.contains("openvex") {
        openvex::read(file, &document)
    } else if document.get("bomFormat").and_then(Value::as_str) == Some("CycloneDX") {
        cyclonedx::read(file, &document)
    } else if document.pointer("/document/csaf_version").is_some() {
        csaf::read(file, &document)
    } else {
        return Err(wrong("is no VEX document (OpenVEX, CycloneDX or CSAF 2 as JSON)"));
    };
    if statements.len() > MAX_STATEMENTS {
        return Err(wrong(&format!("has more than {MAX_STATEMENTS} statements")));
    }
    statements.retain(|statement| !statement.ids.is_empty());
    Ok(statements)
}

/// A text of an object; empty where it is none.
fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The elements of an array; none where it is none.
fn list<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    object.get(name).and_then(Value::as_array).into_iter().flatten()
}
