//! Lists as table, JSON or CSV.

use super::{Output, print};
use muster_model::{Error, Result};
use muster_sca::output::clean;
use serde_json::Value;

/// Widest column of a table, in characters; JSON and CSV have everything.
const WIDEST: usize = 60;

/// A column: its title and where it lies in a row, as a JSON pointer.
pub(crate) type Column = (&'static str, &'static str);

/// Prints rows in the chosen form.
pub(crate) fn print_list(output: Output, columns: &[Column], rows: &[Value]) -> Result<()> {
    match output {
        Output::Json => {
            print(&(serde_json::to_string_pretty(rows).map_err(Error::internal)? + "\n"))
        }
        Output::Csv => print(&csv(columns, rows)?),
        Output::Table => print(&table(columns, rows)),
    }
}

/// A cell's text.
fn cell(row: &Value, pointer: &str) -> String {
    match row.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let texts =
                items.iter().map(|item| item.as_str().map_or(item.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join(" ")
        }
        Some(other) => other.to_string(),
    }
}

/// One row as a line of an export.
pub(crate) fn csv_row(columns: &[Column], row: &Value) -> Result<String> {
    let text = csv(columns, std::slice::from_ref(row))?;
    // The titles take the first line: none of them holds a line feed.
    Ok(text.split_once('\n').map(|(_, line)| line.to_owned()).unwrap_or_default())
}

fn csv(columns: &[Column], rows: &[Value]) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Error::internal(error);
    writer.write_record(columns.iter().map(|(title, _)| *title)).map_err(failed)?;
    for row in rows {
        let cells = columns.iter().map(|(_, pointer)| harmless(cell(row, pointer)));
        writer.write_record(cells).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::internal(error.to_string()))?;
    String::from_utf8(bytes).map_err(Error::internal)
}

/// What a spreadsheet would take for a formula is quoted for it.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        return format!("'{text}");
    }
    text
}

fn table(columns: &[Column], rows: &[Value]) -> String {
    let mut lines: Vec<Vec<String>> =
        vec![columns.iter().map(|(title, _)| title.to_uppercase()).collect()];
    for row in rows {
        lines.push(columns.iter().map(|(_, pointer)| shown(&cell(row, pointer))).collect());
    }
    let width = |at: usize| {
        lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns.len()).map(|at| width(at).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in &lines {
        let mut shown = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            shown.push_str(&format!("{cell:width$}  "));
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

/// Cut, and without control characters.
fn shown(text: &str) -> String {
    let mut shown: String = clean(text).chars().take(WIDEST + 1).collect();
    if shown.chars().count() > WIDEST {
        shown.pop();
        shown.pop();
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COLUMNS: &[Column] = &[("name", "/asset/name"), ("port", "/asset/port")];

    #[test]
    fn a_table_aligns_and_disarms() {
        let rows = [
            json!({"asset": {"name": "a\u{1b}[31m", "port": 80}}),
            json!({"asset": {"name": "x".repeat(100)}}),
        ];
        let text = table(COLUMNS, &rows);
        assert!(text.starts_with("NAME  ") && !text.contains('\u{1b}') && text.contains('…'));
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn csv_quotes_and_guards_formulas() {
        let rows = [json!({"asset": {"name": "=1+1,\"x\"", "port": -5}})];
        assert_eq!(csv(COLUMNS, &rows).unwrap(), "name,port\n\"'=1+1,\"\"x\"\"\",-5\n");
    }
}
