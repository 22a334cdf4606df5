//! What went wrong in a partial result.

use serde::{Deserialize, Serialize};

/// A trouble that cost some rows but not the sweep. The code is stable and documented in
/// `docs/ADDING-A-COLLECTOR.md`; the message is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable code, `file.too_large`.
    pub code: String,
    /// The file or process concerned.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What happened, for people. Never holds file content.
    pub message: String,
}

impl Diagnostic {
    /// A trouble with `subject`.
    pub fn new(code: &str, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), subject: subject.into(), message: message.into() }
    }
}
