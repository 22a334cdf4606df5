//! The subcommands that ask a running server, and those that ask nobody: `scan`, `db`, `take_apart`.

pub(crate) mod admin;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod cert;
pub(crate) mod db;
pub(crate) mod export;
pub(crate) mod hosts;
pub(crate) mod key;
pub(crate) mod scan;
pub(crate) mod take_apart;
pub(crate) mod vault;

use crate::messages::{Lang, Message, say};
use crate::output::{Output, complain};
use serde_json::Value;

/// What every subcommand needs to answer.
pub(crate) struct Context {
    /// Whom to ask.
    pub(crate) client: crate::client::Client,
    /// How to print lists.
    pub(crate) output: Output,
    /// In which language to speak.
    pub(crate) lang: Lang,
}

impl Context {
    /// Tells a person something beside the list, on standard error.
    pub(crate) fn tell(&self, message: Message, blanks: &[&str]) {
        complain(&say(self.lang, message, blanks));
    }
}

/// An array of an answer.
pub(crate) fn rows(answer: &Value, name: &str) -> Vec<Value> {
    answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// A text of an answer.
pub(crate) fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer.get(name).and_then(Value::as_str).unwrap_or_default()
}
