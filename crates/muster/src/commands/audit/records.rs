//! Records of the log a server keeps, or of trails in a folder.

use super::super::{Context, rows};
use crate::cli::audit::{Outcome, Which};
use crate::output::list::Column;
use muster_model::{Error, ErrorKind, Result};
use muster_service::audit_log;
use muster_store::audit::Filter;
use muster_store::trail::Line;
use muster_store::trail::read::{Lines, Next, segments};
use serde_json::Value;
use std::path::Path;

/// Records of one question to a server.
const PAGE: usize = 1000;

/// Everything a record has. The first [`SHOWN`] are for people.
pub(super) const COLUMNS: &[Column] = &[
    ("seq", "/seq"),
    ("at", "/at"),
    ("who", "/user_name"),
    ("from", "/address"),
    ("credential", "/credential"),
    ("action", "/action"),
    ("target", "/target"),
    ("outcome", "/outcome"),
    ("request", "/request_id"),
    ("user id", "/user_id"),
    ("project", "/project_id"),
    ("detail", "/detail"),
    ("node", "/node"),
    ("hash", "/hash"),
];
/// Columns of a search.
pub(super) const SHOWN: usize = 9;

/// Where records come from.
pub(super) enum Records<'a> {
    Server(Box<Context>, &'a Which),
    Trail(&'a Path, Box<Filter>),
}

impl<'a> Records<'a> {
    /// As the flags say.
    pub(super) fn of(which: &'a Which, ask: impl Fn() -> Result<Context>) -> Result<Self> {
        match &which.trail {
            Some(folder) => Ok(Self::Trail(folder, Box::new(filter(which)))),
            None => Ok(Self::Server(Box::new(ask()?), which)),
        }
    }

    /// Gives every record to `take`, newest first, until it answers no.
    pub(super) fn each(&self, take: &mut dyn FnMut(Value) -> Result<bool>) -> Result<()> {
        match self {
            Self::Server(context, which) => asked(context, which, take),
            Self::Trail(folder, filter) => read(folder, filter, take),
        }
    }
}

fn outcome(which: &Which) -> Option<String> {
    let name = match which.outcome? {
        Outcome::Success => "success",
        Outcome::Denied => "denied",
        Outcome::Failure => "failure",
        Outcome::Intent => "intent",
    };
    Some(name.to_owned())
}

fn filter(which: &Which) -> Filter {
    Filter {
        user: which.user.clone(),
        action: which.action.clone(),
        target: which.target.clone(),
        outcome: outcome(which),
        request_id: which.request.clone(),
        from: which.from,
        until: which.until,
        ..Filter::default()
    }
}

fn asked(
    context: &Context,
    which: &Which,
    take: &mut dyn FnMut(Value) -> Result<bool>,
) -> Result<()> {
    let texts = [
        ("user", which.user.clone()),
        ("action", which.action.clone()),
        ("target", which.target.clone()),
        ("outcome", outcome(which)),
        ("request_id", which.request.clone()),
        ("from", which.from.map(|at| at.iso())),
        ("until", which.until.map(|at| at.iso())),
    ];
    let mut before = i64::MAX;
    loop {
        let mut query = vec![("before", before.to_string()), ("limit", PAGE.to_string())];
        query.extend(texts.iter().filter_map(|(name, value)| Some((*name, value.clone()?))));
        let page = rows(&context.client.get("/muster/v1/audit", &query)?, "entries");
        let full = page.len() == PAGE;
        for row in page {
            let seq = row.get("seq").and_then(Value::as_i64);
            before = seq.ok_or_else(|| Error::internal("the server's answer has no seq"))?;
            if !take(row)? {
                return Ok(());
            }
        }
        if !full {
            return Ok(());
        }
    }
}

/// Newest first, file by file: one is 32 MiB at most. Lines that do not hold are the business of `verify`.
fn read(folder: &Path, filter: &Filter, take: &mut dyn FnMut(Value) -> Result<bool>) -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::new(ErrorKind::Unavailable, format!("{}: {error}", folder.display()))
    };
    for segment in segments(folder).map_err(failed)?.iter().rev() {
        let mut lines = Lines::open(&segment.path, None).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(next) = lines.next().map_err(failed)? {
            let (Next::Line(line) | Next::Damaged(_, Some(line))) = next else { continue };
            if filter.fits(&line.record) {
                found.push(view(&line));
            }
        }
        for row in found.into_iter().rev() {
            if !take(row)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn view(line: &Line) -> Value {
    let mut view = audit_log::view(line.seq, &line.record, &line.hash);
    if let Some(fields) = view.as_object_mut() {
        fields.insert("node".to_owned(), line.node.clone().into());
    }
    view
}
