//! Tables for people, and what they have to know about the scan itself.

use super::{clean, judged, rfc3339};
use crate::known::{Known, Vulnerability};
use crate::report::{Component, LicenceText, Report};
use std::collections::BTreeMap;
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
    let components = report.components.iter().map(|one| {
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
        [kind, one.name(), version, scope, one.kind().name().to_owned(), place]
    });
    table(["TYPE", "NAME", "VERSION", "SCOPE", "KNOWN AS", "WHERE"], components, out)?;
    licences(report, out)?;
    if let Some(known) = &report.known {
        vulnerabilities(report, known, out)?;
        coverage(known, out)?;
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

/// What files name beside what the components state: by licence, the most frequent first.
fn licences(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut files: BTreeMap<&str, Vec<&LicenceText>> = BTreeMap::new();
    for text in report.loose_texts() {
        files.entry(&text.id).or_default().push(text);
    }
    if files.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<_> = files.into_iter().collect();
    rows.sort_by_key(|(_, files)| std::cmp::Reverse(files.len()));
    writeln!(out)?;
    let rows = rows.into_iter().map(|(id, files)| {
        let first = files.first().map_or("", |text| text.path.as_str());
        let place = match files.len() {
            1 => first.to_owned(),
            more => format!("{first} (+{})", more - 1),
        };
        let least = files.iter().map(|text| text.percent).min().unwrap_or(100);
        [id.to_owned(), files.len().to_string(), format!("{least} %"), place]
    });
    table(["LICENCE", "FILES", "LEAST OF ITS TEXT", "WHERE"], rows, out)
}

/// The worst first; what somebody closed is only counted.
fn vulnerabilities(report: &Report, known: &Known, out: &mut dyn Write) -> io::Result<()> {
    let is_closed = |one: &Vulnerability| {
        one.judgement.as_ref().is_some_and(|judgement| judgement.standing.is_closed())
    };
    let mut rows: Vec<(&Component, &Vulnerability, &str)> = judged(report)
        .flat_map(|(component, verdict)| {
            let to = verdict.advice.as_ref().map_or("", |advice| advice.version.as_str());
            verdict.vulnerabilities.iter().map(move |one| (component, one, to))
        })
        .filter(|(_, one, _)| !is_closed(one))
        .collect();
    rows.sort_by(|(left, a, _), (right, b, _)| {
        (a.finding.grade, !a.finding.exploited, &left.purl, &a.finding.id).cmp(&(
            b.finding.grade,
            !b.finding.exploited,
            &right.purl,
            &b.finding.id,
        ))
    });
    writeln!(out)?;
    let cells = rows.iter().map(|(component, one, to)| {
        let finding = &one.finding;
        let mut why = finding.reason.clone();
        if let Some(notice) = &finding.informational {
            why = format!("a notice: {notice}");
        } else if !one.is_open() {
            why.push_str(", unsure: the source does not say where it ends");
        }
        let fixed = if finding.fixed.is_empty() {
            "none known".to_owned()
        } else {
            finding.fixed.join(", ")
        };
        [
            finding.grade.word().to_owned(),
            finding.id.clone(),
            component.name(),
            component.purl.version().to_owned(),
            fixed,
            if finding.malicious { "remove it".to_owned() } else { (*to).to_owned() },
            why,
        ]
    });
    if !rows.is_empty() {
        table(
            ["GRADE", "NUMBER", "COMPONENT", "VERSION", "FIXED IN", "MOVE TO", "WHY"],
            cells,
            out,
        )?;
    }
    let counts: Vec<String> =
        known.open().iter().map(|(grade, count)| format!("{count} {}", grade.word())).collect();
    let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    writeln!(out, "Open vulnerabilities: {counts}")?;
    let closed = known.vulnerabilities().filter(|one| is_closed(one)).count();
    if closed > 0 {
        writeln!(out, "Closed by statements and rules: {closed} (--format json shows them)")?;
    }
    for (component, verdict) in judged(report) {
        if let Some(ended) = &verdict.ended {
            writeln!(out, "End of life: {}: {}", component.purl, shown(ended))?;
        }
    }
    if !known.unused.is_empty() {
        writeln!(out, "\nStatements and rules that closed nothing:")?;
        for one in &known.unused {
            let (place, about, reason) = (shown(&one.place), shown(&one.about), &one.reason);
            writeln!(out, "  {place}: {about}: {reason}")?;
        }
    }
    Ok(())
}

/// Never a silent zero: by ecosystem what was compared with what, and what was not and why.
fn coverage(known: &Known, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    let rows = known.coverage.iter().map(|row| {
        let reasons: Vec<String> =
            row.not_checked.iter().map(|(why, count)| format!("{why} {count}")).collect();
        let sources: Vec<&str> = row.sources.iter().map(String::as_str).collect();
        [
            row.ecosystem.clone(),
            row.checked.to_string(),
            if reasons.is_empty() { "0".to_owned() } else { reasons.join(", ") },
            row.newest.get(..10).unwrap_or(&row.newest).to_owned(),
            sources.join(", "),
        ]
    });
    table(["ECOSYSTEM", "CHECKED", "NOT CHECKED", "NEWEST ADVISORY", "SOURCES"], rows, out)?;
    match &known.state {
        Some(state) => {
            writeln!(out, "Knowledge of {} from {}", rfc3339(state.built), shown(&state.origin))
        }
        None => {
            writeln!(out, "NOT CHECKED: there is no knowledge base (muster db update makes one)")
        }
    }
}

fn table<const N: usize>(
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.map(|mut row| {
        // What is last may be as long as it is.
        let last = row.last().map(|cell| clean(cell));
        row = row.map(|cell| shown(&cell));
        if let (Some(cell), Some(text)) = (row.last_mut(), last) {
            *cell = text;
        }
        row
    }));
    let width = |at: usize| {
        lines.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..N).map(|at| width(at).unwrap_or(0)).collect();
    for row in &lines {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:width$}  "));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Cut from the front, where paths say least.
fn shown(text: &str) -> String {
    let text = clean(text);
    let length = text.chars().count();
    if length <= WIDEST {
        return text;
    }
    format!("…{}", text.chars().skip(length - WIDEST + 1).collect::<String>())
}
