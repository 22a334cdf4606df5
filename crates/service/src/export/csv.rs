//! CSV for spreadsheets: UTF-8 with a byte order mark, CRLF, and nothing that a spreadsheet would run.

use super::cell::{Cell, Language, Zone};
use super::sheet::Sheet;
use muster_model::{Error, Result};
use std::io::Write;

/// Bytes collected before they are handed on.
const BUFFER: usize = 1 << 16;

/// Writes a CSV file row by row (RFC 4180). A million rows are ten million fields: nothing is allocated for one.
pub(super) struct CsvSheet<W: Write> {
    out: W,
    buffer: Vec<u8>,
    zone: Zone,
    language: Language,
}

impl<W: Write> CsvSheet<W> {
    /// Writes the byte order mark and the titles.
    pub(super) fn new(out: W, titles: &[String], zone: Zone, language: Language) -> Result<Self> {
        let buffer = "\u{feff}".as_bytes().to_vec();
        let mut sheet = Self { out, buffer, zone, language };
        sheet.row(&mut titles.iter().map(|title| Cell::Text(title)))?;
        Ok(sheet)
    }

    /// Writes what is still buffered.
    pub(super) fn finish(mut self) -> Result<()> {
        self.hand_on()
    }

    fn hand_on(&mut self) -> Result<()> {
        self.out.write_all(&self.buffer).map_err(Error::internal)?;
        self.buffer.clear();
        Ok(())
    }
}

impl<W: Write> Sheet for CsvSheet<W> {
    fn row<'a>(&mut self, cells: &mut dyn Iterator<Item = Cell<'a>>) -> Result<()> {
        let to = &mut self.buffer;
        let begin = to.len();
        for (n, cell) in cells.enumerate() {
            if n > 0 {
                to.push(b',');
            }
            match cell {
                Cell::Empty => {}
                Cell::Text(text) => field(to, text),
                Cell::Int(int) => write!(to, "{int}").map_err(Error::internal)?,
                Cell::Flag(yes) => field(to, self.language.flag(yes)),
                Cell::Time(at) => self.zone.push_iso(at, to),
            }
        }
        if to.len() == begin {
            // A line with nothing on it is no row.
            to.extend_from_slice(b"\"\"");
        }
        to.extend_from_slice(b"\r\n");
        if to.len() >= BUFFER { self.hand_on() } else { Ok(()) }
    }
}

/// Appends a text. Spreadsheets take a field that begins with one of these characters for a formula; an
/// apostrophe in front makes it text again (OWASP, "CSV Injection").
fn field(to: &mut Vec<u8>, text: &str) {
    let dangerous =
        text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    // Every byte is looked at, whatever was found before: the compiler makes wide instructions of that.
    let special = |byte: u8| matches!(byte, b'"' | b',' | b'\r' | b'\n');
    let quoted = text.bytes().fold(false, |found, byte| found | special(byte));
    if quoted {
        to.push(b'"');
    }
    if dangerous {
        to.push(b'\'');
    }
    if quoted {
        for part in text.split_inclusive('"') {
            to.extend_from_slice(part.as_bytes());
            if part.ends_with('"') {
                to.push(b'"');
            }
        }
        to.push(b'"');
    } else {
        to.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Micros;

    fn written(rows: &[Vec<Cell<'_>>]) -> String {
        let mut out = Vec::new();
        let titles = ["=cmd".to_owned(), "端口".to_owned()];
        let mut sheet = CsvSheet::new(&mut out, &titles, Zone::utc(), Language::Zh).unwrap();
        for row in rows {
            sheet.row(&mut row.iter().copied()).unwrap();
        }
        sheet.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn begins_with_the_mark_and_ends_its_lines_with_crlf() {
        let text = written(&[vec![Cell::Text("a,\"b\""), Cell::Int(-5)]]);
        assert_eq!(text, "\u{feff}'=cmd,端口\r\n\"a,\"\"b\"\"\",-5\r\n");
    }

    #[test]
    fn formulas_become_text_and_numbers_stay_numbers() {
        for (hostile, safe) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("-bash", "'-bash"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+1", "'+1"),
            ("\tx", "'\tx"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
        ] {
            let text = written(&[vec![Cell::Text(hostile), Cell::Int(-1)]]);
            assert_eq!(text.lines().nth(1).unwrap(), format!("{safe},-1"));
        }
    }

    #[test]
    fn flags_times_and_nothing() {
        let text = written(&[
            vec![Cell::Flag(true), Cell::Time(Micros::from_secs(0))],
            vec![Cell::Empty, Cell::Empty],
            vec![Cell::Empty],
        ]);
        assert!(text.ends_with("是,1970-01-01T00:00:00+00:00\r\n,\r\n\"\"\r\n"), "{text}");
    }

    #[test]
    fn what_has_a_meaning_in_the_format_is_quoted() {
        for (text, field) in [
            ("a\r\nb", "\"a\r\nb\""),
            ("\"", "\"\"\"\""),
            ("\"\"x", "\"\"\"\"\"x\""),
            ("=a,b", "\"'=a,b\""),
            ("a b'c", "a b'c"),
            ("é,端", "\"é,端\""),
        ] {
            let written = written(&[vec![Cell::Int(1), Cell::Text(text)]]);
            assert!(written.ends_with(&format!("\r\n1,{field}\r\n")), "{written}");
        }
    }

    #[test]
    fn nothing_is_lost_between_buffers() {
        let rows: Vec<_> =
            (0..9_000).map(|n| vec![Cell::Int(n), Cell::Text("0123456789")]).collect();
        let text = written(&rows);
        assert!(text.len() > 2 * BUFFER);
        let lines = text.split_terminator("\r\n").skip(1);
        assert!(lines.enumerate().all(|(n, line)| line == format!("{n},0123456789")));
        assert_eq!(text.matches("\r\n").count(), 9_001);
    }
}
