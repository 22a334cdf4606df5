//! The forms of a report: one file each. All are written in the order of the report, so that the same input and
//! the same [`Document`] give the same bytes.

pub mod csv;
pub mod cyclonedx;
pub mod diff;
pub mod dsdx;
pub mod form;
pub mod html;
pub mod json;
pub mod openvex;
pub mod sarif;
pub mod spdx;
pub mod spdx3;
pub mod table;
pub mod verdicts;
mod xml;

use crate::known::Verdict;
use crate::report::{Component, Report};
use muster_model::Micros;
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What stands on the report's first page.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// Name of what was scanned.
    pub name: &'a str,
    /// Version of Muster.
    pub tool_version: &'a str,
    /// When the report was made.
    pub created: Micros,
}

/// A short text that is the same for the same content, for ids within a document.
fn digest(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The id of a component within a document: its package URL, where it is identified.
fn reference(component: &Component) -> String {
    component.purl.to_string()
}

/// The group as people know it: Maven's group, npm's scope, nothing where the namespace only says which
/// distribution it is.
fn group(component: &Component) -> &str {
    component.purl.namespace()
}

/// What is known against the component at this place, once somebody asked.
fn verdict(report: &Report, at: usize) -> Option<&Verdict> {
    report.known.as_ref().and_then(|known| known.components.get(at))
}

/// Components with what is known against them.
fn judged(report: &Report) -> impl Iterator<Item = (&Component, &Verdict)> {
    let known = report.known.iter().flat_map(|known| &known.components);
    report.components.iter().zip(known)
}

/// Without control characters: what archives hold must not steer a terminal.
pub fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// An object of the members that have something to say.
fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let said = members.into_iter().filter(|(_, value)| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
        _ => true,
    });
    Value::Object(said.map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A moment as RFC 3339 in UTC, to the second: SPDX takes no fractions.
fn rfc3339(moment: Micros) -> String {
    Micros::from_secs(moment.0.div_euclid(1_000_000)).iso().replace(".000000Z", "Z")
}
