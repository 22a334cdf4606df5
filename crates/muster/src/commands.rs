//! The subcommands that ask a running server, and those that ask nobody: `scan`, `db`, `take_apart`.

pub(crate) mod admin;
pub(crate) mod artifacts;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod cert;
pub(crate) mod containers;
pub(crate) mod db;
pub(crate) mod export;
pub(crate) mod hosts;
pub(crate) mod images;
pub(crate) mod install;
pub(crate) mod key;
pub(crate) mod scan;
pub(crate) mod take_apart;
pub(crate) mod vault;
pub(crate) mod vulnerabilities;

use crate::messages::{Lang, Message, say};
use crate::output::{Output, complain};
use serde_json::Value;
use std::sync::mpsc::channel;
use std::time::Duration;

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

/// Waits, where something is asked for again and again.
pub(crate) fn pause(time: Duration) {
    // Nobody sends: a wait that needs no sleep.
    let (_keep, clock) = channel::<()>();
    let _ = clock.recv_timeout(time);
}

/// An array of an answer.
pub(crate) fn rows(answer: &Value, name: &str) -> Vec<Value> {
    answer.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
}

/// A text of an answer.
pub(crate) fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer.get(name).and_then(Value::as_str).unwrap_or_default()
}
