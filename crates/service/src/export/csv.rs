//! CSV for spreadsheets: UTF-8 with a byte order mark, CRLF, and nothing that a spreadsheet would run.

use super::cell::{Cell, Language, Zone};
use super::sheet::Sheet;
use csv::{Terminator, Writer, WriterBuilder};
use muster_model::{Error, Result};
use std::io::Write;

/// Writes a CSV file row by row.
pub(super) struct CsvSheet<W: Write> {
    writer: Writer<W>,
    zone: Zone,
    language: Language,
}

impl<W: Write> CsvSheet<W> {
    /// Writes the byte order mark and the titles.
    pub(super) fn new(
        mut out: W,
        titles: &[String],
        zone: Zone,
        language: Language,
    ) -> Result<Self> {
        out.write_all("\u{feff}".as_bytes()).map_err(Error::internal)?;
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
        for title in titles {
            field(&mut writer, title)?;
        }
        writer.write_record(None::<&[u8]>).map_err(Error::internal)?;
        Ok(Self { writer, zone, language })
    }

    /// Writes what is still buffered.
    pub(super) fn finish(mut self) -> Result<()> {
        self.writer.flush().map_err(Error::internal)
    }
}

impl<W: Write> Sheet for CsvSheet<W> {
    fn row<'a>(&mut self, cells: &mut dyn Iterator<Item = Cell<'a>>) -> Result<()> {
        for cell in cells {
            match cell {
                Cell::Empty => field(&mut self.writer, "")?,
                Cell::Text(text) => field(&mut self.writer, text)?,
                Cell::Int(int) => {
                    self.writer.write_field(int.to_string()).map_err(Error::internal)?;
                }
                Cell::Flag(yes) => field(&mut self.writer, self.language.flag(yes))?,
                Cell::Time(at) => {
                    let text = self.zone.iso(at).unwrap_or_default();
                    field(&mut self.writer, &text)?;
                }
            }
        }
        self.writer.write_record(None::<&[u8]>).map_err(Error::internal)
    }
}

/// Writes a text. Spreadsheets take a field that begins with one of these characters for a formula; an
/// apostrophe in front makes it text again (OWASP, "CSV Injection").
fn field<W: Write>(writer: &mut Writer<W>, text: &str) -> Result<()> {
    let dangerous =
        text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if dangerous {
        writer.write_field(format!("'{text}")).map_err(Error::internal)
    } else {
        writer.write_field(text).map_err(Error::internal)
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
        ]);
        assert!(text.ends_with("是,1970-01-01T00:00:00+00:00\r\n,\r\n"), "{text}");
    }
}
