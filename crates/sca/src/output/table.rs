//! A table for people, and what they have to know about the scan itself.

use crate::report::Report;
use std::io::{self, Write};

/// Widest column, in characters; the other forms have everything.
const WIDEST: usize = 60;
/// Troubles shown; the other forms have all.
const TROUBLES: usize = 20;

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rows =
        vec![["TYPE", "NAME", "VERSION", "SCOPE", "KNOWN AS", "WHERE"].map(str::to_owned)];
    for one in &report.components {
        let name = match one.purl.namespace() {
            "" => one.purl.name().to_owned(),
            group if one.purl.kind() == "maven" => format!("{group}:{}", one.purl.name()),
            group => format!("{group}/{}", one.purl.name()),
        };
        let first = one.places.first().map_or("", |place| place.path.as_str());
        let place = match one.places.len() {
            0 | 1 => first.to_owned(),
            more => format!("{first} (+{})", more - 1),
        };
        let scope = match (one.relation.name(), one.scope.name()) {
            ("", scope) => scope.to_owned(),
            (relation, "") => relation.to_owned(),
            (relation, scope) => format!("{relation}, {scope}"),
        };
        let kind = one.purl.kind().to_owned();
        let version = one.purl.version().to_owned();
        rows.push(
            [kind, name, version, scope, one.kind().name().to_owned(), place]
                .map(|cell| shown(&cell)),
        );
    }
    let width = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..6).map(|at| width(at).unwrap_or(0)).collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    if !report.troubles.is_empty() {
        writeln!(out, "\nNot read, or not fully:")?;
        for trouble in report.troubles.iter().take(TROUBLES) {
            let (code, path) = (&trouble.code, shown(&trouble.subject));
            writeln!(out, "  {code}  {path}: {}", shown(&trouble.message))?;
        }
        if report.troubles.len() > TROUBLES {
            writeln!(out, "  and {} more (--format json)", report.troubles.len() - TROUBLES)?;
        }
    }
    for (reason, count) in &report.left_out {
        writeln!(out, "\nLeft out: {count} named by a {reason} (--fixtures shows them)")?;
    }
    if let Some(ended) = &report.ended {
        writeln!(out, "\nENDED EARLY ({}): {}; the result is partial", ended.code, ended.message)?;
    }
    Ok(())
}

/// Cut from the front, where paths say least, and without control characters: what archives hold must not
/// steer a terminal.
fn shown(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    let length = text.chars().count();
    if length <= WIDEST {
        return text;
    }
    format!("…{}", text.chars().skip(length - WIDEST + 1).collect::<String>())
}
