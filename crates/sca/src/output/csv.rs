//! Comma-separated values (RFC 4180), one line a component.

use super::verdict;
use crate::known::Verdict;
use crate::report::Report;
use std::io::{self, Write};

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "type,group,name,version,purl,known as,confidence,scope,relation,licences,places,checked,grade,vulnerabilities,move to\r"
    )?;
    for (at, one) in report.components.iter().enumerate() {
        let purl = if one.is_identified() { one.purl.to_string() } else { String::new() };
        let places: Vec<&str> = one.places.iter().map(|place| place.path.as_str()).collect();
        let cells = [
            one.purl.kind().to_owned(),
            one.purl.namespace().to_owned(),
            one.purl.name().to_owned(),
            one.purl.version().to_owned(),
            purl,
            one.kind().name().to_owned(),
            one.confidence.to_string(),
            one.scope.name().to_owned(),
            one.relation.name().to_owned(),
            one.licences.join("; "),
            places.join("; "),
        ];
        let known = verdict(report, at).map(known).unwrap_or_default();
        let line: Vec<String> = cells.iter().chain(&known).map(|cell| quote(cell)).collect();
        writeln!(out, "{}\r", line.join(","))?;
    }
    Ok(())
}

/// Whether it was compared, the worst grade that is open, all that is open, the version to move to.
fn known(verdict: &Verdict) -> [String; 4] {
    let open = verdict.vulnerabilities.iter().filter(|one| one.is_open());
    let ids: Vec<&str> = open.map(|one| one.finding.id.as_str()).collect();
    [
        verdict.not_checked.unwrap_or("yes").to_owned(),
        verdict.worst().map(|grade| grade.word().to_owned()).unwrap_or_default(),
        ids.join("; "),
        verdict.advice.as_ref().map(|advice| advice.version.clone()).unwrap_or_default(),
    ]
}

/// Quoted where it must be; what a spreadsheet would take for a formula is quoted for it.
fn quote(text: &str) -> String {
    let text = match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text.to_owned(),
    };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_can_hold_anything() {
        assert_eq!(quote("a"), "a");
        assert_eq!(quote("@scope"), "'@scope");
        assert_eq!(quote("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
