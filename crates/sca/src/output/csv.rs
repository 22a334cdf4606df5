//! Comma-separated values (RFC 4180), one line a component.

use crate::report::Report;
use std::io::{self, Write};

/// Writes the report.
///
/// # Errors
/// What writing gives.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "type,group,name,version,purl,known as,confidence,scope,relation,licences,places\r"
    )?;
    for one in &report.components {
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
        let line: Vec<String> = cells.iter().map(|cell| quote(cell)).collect();
        writeln!(out, "{}\r", line.join(","))?;
    }
    Ok(())
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
