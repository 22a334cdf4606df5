//! XLSX with typed cells, a frozen and filterable header row, in memory that does not grow with the rows.
//!
//! Rows go through an unlinked temporary file, so that a killed process leaves nothing behind. The
//! package is written without zip64 (LibreOffice refuses sheets that have it) and each sheet states its
//! dimension (readers that stream would otherwise parse the whole sheet first).

use super::cell::{Cell, Language, Zone};
use super::sheet::Sheet;
use muster_model::{Error, Micros, Result};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Note, Workbook, Worksheet};
use std::io::Write;
use std::path::Path;

/// The end of a sheet.
#[derive(Clone, Copy)]
pub(super) struct SheetLimits {
    /// Rows, with the titles. The format's own limit is 1,048,576.
    pub(super) rows: u32,
    /// Bytes of XML, of which a plain zip entry holds less than 4 GiB.
    pub(super) bytes: u64,
}

impl Default for SheetLimits {
    fn default() -> Self {
        Self { rows: 1_048_576, bytes: 7 << 29 }
    }
}

/// Beyond this level the file hardly shrinks, and takes twice the time.
const LEVEL: u8 = 3;

/// Bytes of a cell's tags and of a row's, at most.
const TAGS: u64 = 80;

/// What is the same in all sheets of a workbook.
pub(super) struct XlsxOptions<'a> {
    /// What the sheets are named after.
    pub(super) name: &'a str,
    /// Titles of the columns, and whether they hold times.
    pub(super) titles: &'a [(String, bool)],
    /// Zone of the times.
    pub(super) zone: Zone,
    /// Language of yes and no.
    pub(super) language: Language,
    /// When the workbook says it was made.
    pub(super) created: Micros,
    /// Where the temporary files go.
    pub(super) temporary: &'a Path,
    /// When to begin a further sheet.
    pub(super) limits: SheetLimits,
}

/// Writes a workbook row by row.
pub(super) struct XlsxSheet<'a> {
    options: XlsxOptions<'a>,
    workbook: Workbook,
    sheet: Worksheet,
    sheets: u32,
    row: u32,
    bytes: u64,
    bold: Format,
    time: Format,
}

impl<'a> XlsxSheet<'a> {
    /// Begins a workbook.
    pub(super) fn new(options: XlsxOptions<'a>) -> Result<Self> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(options.temporary).map_err(Error::internal)?;
        workbook.set_zip_compression_level(LEVEL);
        let created =
            ExcelDateTime::from_timestamp(options.created.secs()).map_err(Error::internal)?;
        workbook.set_properties(
            &DocProperties::new()
                .set_title(options.name)
                .set_comment(format!("Times are in the zone {}.", options.zone.name()))
                .set_creation_datetime(&created),
        );
        let sheet = workbook.new_worksheet_with_constant_memory().map_err(Error::internal)?;
        let mut this = Self {
            options,
            workbook,
            sheet,
            sheets: 0,
            row: 0,
            bytes: 0,
            bold: Format::new().set_bold(),
            time: Format::new().set_num_format("yyyy-mm-dd\"T\"hh:mm:ss"),
        };
        this.begin().map_err(Error::internal)?;
        Ok(this)
    }

    /// Names the current sheet and writes its titles.
    fn begin(&mut self) -> std::result::Result<(), rust_xlsxwriter::XlsxError> {
        self.sheets += 1;
        self.sheet.set_name(sheet_name(
            self.options.name,
            self.options.zone.name(),
            self.sheets,
        ))?;
        self.sheet.set_freeze_panes(1, 0)?;
        for (column, (title, is_time)) in (0_u16..).zip(self.options.titles) {
            self.sheet.set_column_width(column, if *is_time { 20 } else { 24 })?;
            self.sheet.write_string_with_format(0, column, title, &self.bold)?;
            if *is_time {
                let zone = Note::new(self.options.zone.name()).add_author_prefix(false);
                self.sheet.insert_note(0, column, &zone)?;
            }
        }
        self.row = 1;
        self.bytes = 0;
        Ok(())
    }

    /// Adds what can only be said at the end of a sheet.
    fn end(&mut self) -> std::result::Result<(), rust_xlsxwriter::XlsxError> {
        if let Some(last) = self.options.titles.len().checked_sub(1) {
            let last = u16::try_from(last).unwrap_or(u16::MAX);
            self.sheet.autofilter(0, 0, self.row.saturating_sub(1), last)?;
        }
        Ok(())
    }

    fn next_sheet(&mut self) -> std::result::Result<(), rust_xlsxwriter::XlsxError> {
        self.end()?;
        let next = self.workbook.new_worksheet_with_constant_memory()?;
        let full = std::mem::replace(&mut self.sheet, next);
        self.workbook.push_worksheet(full);
        self.begin()
    }

    fn cell(
        &mut self,
        column: u16,
        cell: Cell<'_>,
    ) -> std::result::Result<(), rust_xlsxwriter::XlsxError> {
        match cell {
            Cell::Empty => {}
            Cell::Text(text) => self.text(column, text)?,
            Cell::Int(int) => match exact(int) {
                Some(number) => {
                    self.sheet.write_number(self.row, column, number)?;
                }
                None => self.text(column, &int.to_string())?,
            },
            Cell::Flag(yes) => self.text(column, self.options.language.flag(yes))?,
            Cell::Time(at) => match self.options.zone.wall_seconds(at).and_then(serial) {
                Some(serial) => {
                    self.sheet.write_number_with_format(self.row, column, serial, &self.time)?;
                }
                None => self.text(column, &self.options.zone.iso(at))?,
            },
        }
        Ok(())
    }

    fn text(
        &mut self,
        column: u16,
        text: &str,
    ) -> std::result::Result<(), rust_xlsxwriter::XlsxError> {
        let (text, bytes) = writable(text);
        self.bytes += bytes;
        if !text.is_empty() {
            self.sheet.write_string(self.row, column, text)?;
        }
        Ok(())
    }

    /// Writes the package.
    pub(super) fn finish(mut self, out: impl Write + Send) -> Result<()> {
        self.end().map_err(Error::internal)?;
        self.workbook.push_worksheet(self.sheet);
        self.workbook.save_to_writer(out).map_err(Error::internal)
    }
}

impl Sheet for XlsxSheet<'_> {
    fn row<'a>(&mut self, cells: &mut dyn Iterator<Item = Cell<'a>>) -> Result<()> {
        if self.row >= self.options.limits.rows || self.bytes >= self.options.limits.bytes {
            self.next_sheet().map_err(Error::internal)?;
        }
        for (column, cell) in (0_u16..).zip(cells) {
            self.bytes += TAGS;
            self.cell(column, cell).map_err(Error::internal)?;
        }
        self.bytes += TAGS;
        self.row += 1;
        Ok(())
    }
}

/// A sheet's name says the zone: `process (UTC)`, `process 2 (Asia-Shanghai)`. A name has at most 31
/// characters and no slash; a long zone keeps its last part only, and the note on the title has it whole.
fn sheet_name(name: &str, zone: &str, number: u32) -> String {
    let name = if number == 1 { name.to_owned() } else { format!("{name} {number}") };
    let short = zone.rsplit('/').next().unwrap_or(zone);
    [zone, short]
        .map(|zone| format!("{name} ({})", zone.replace('/', "-")))
        .into_iter()
        .find(|name| name.len() <= 31)
        .unwrap_or(name)
}

/// Text as the format can hold it (at most 32,767 characters, none that XML has no form for), and the
/// bytes it takes at most once escaped.
fn writable(text: &str) -> (String, u64) {
    let mut bytes = 0;
    let text = text
        .chars()
        .take(32_767)
        .map(|c| {
            bytes += match c {
                '&' | '<' | '>' => 5,
                // A control character becomes `_x0000_`, and what looks like one gets `_x005F` in front.
                '\0'..='\u{1f}' | '_' => 7,
                _ => c.len_utf8() as u64,
            };
            if matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c }
        })
        .collect();
    (text, bytes)
}

/// A number the format can hold exactly: it keeps 53 bits.
#[expect(clippy::cast_precision_loss, reason = "numbers of more than 53 bits are refused")]
fn exact(int: i64) -> Option<f64> {
    (int.unsigned_abs() <= 1 << 53).then_some(int as f64)
}

/// Days since 1899-12-30, as spreadsheets count. They have no time before March 1900 on which all agree.
fn serial(wall_seconds: i64) -> Option<f64> {
    const DAYS_TO_1970: f64 = 25_569.0;
    let serial = exact(wall_seconds)? / 86_400.0 + DAYS_TO_1970;
    (61.0..2_958_466.0).contains(&serial).then_some(serial)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn workbook(
        titles: &[(String, bool)],
        limits: SheetLimits,
        rows: &[Vec<Cell<'_>>],
    ) -> zip::ZipArchive<std::io::Cursor<Vec<u8>>> {
        let folder = tempfile::tempdir().unwrap();
        let mut sheet = XlsxSheet::new(XlsxOptions {
            name: "process",
            titles,
            zone: Zone::named("Asia/Shanghai").unwrap(),
            language: Language::En,
            created: Micros::from_secs(1_795_262_400),
            temporary: folder.path(),
            limits,
        })
        .unwrap();
        for row in rows {
            sheet.row(&mut row.iter().copied()).unwrap();
        }
        let mut out = Vec::new();
        sheet.finish(&mut out).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
        zip::ZipArchive::new(std::io::Cursor::new(out)).unwrap()
    }

    fn part(archive: &mut zip::ZipArchive<std::io::Cursor<Vec<u8>>>, name: &str) -> String {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn titles() -> Vec<(String, bool)> {
        vec![("进程".to_owned(), false), ("Start".to_owned(), true)]
    }

    #[test]
    fn cells_are_typed_and_the_header_is_frozen_filterable_and_names_the_zone() {
        let rows = [
            vec![Cell::Text("<a>&\u{1}"), Cell::Time(Micros::from_secs(1_795_262_400))],
            vec![Cell::Int(4_294_967_294), Cell::Empty],
            vec![Cell::Flag(true), Cell::Time(Micros::from_secs(-9_999_999_999))],
        ];
        let mut archive = workbook(&titles(), SheetLimits::default(), &rows);
        let sheet = part(&mut archive, "xl/worksheets/sheet1.xml");
        for expected in [
            r#"<dimension ref="A1:B4"/>"#,
            r#"state="frozen""#,
            r#"<autoFilter ref="A1:B4"/>"#,
            "&lt;a&gt;&amp;_x0001_",
            "<v>4294967294</v>",
            "<v>46347.83333333",
            "<t>yes</t>",
            "<t>1653-02-",
        ] {
            assert!(sheet.contains(expected), "{expected} is not in {sheet}");
        }
        assert!(part(&mut archive, "xl/workbook.xml").contains("process (Asia-Shanghai)"));
        assert!(part(&mut archive, "xl/comments1.xml").contains("Asia/Shanghai"));
        assert!(part(&mut archive, "xl/styles.xml").contains("yyyy-mm-dd"));
    }

    #[test]
    fn a_full_sheet_is_followed_by_another_with_the_same_titles() {
        let rows: Vec<_> = (0..5).map(|n| vec![Cell::Int(n), Cell::Empty]).collect();
        let limits = SheetLimits { rows: 3, ..SheetLimits::default() };
        let mut archive = workbook(&titles(), limits, &rows);
        let book = part(&mut archive, "xl/workbook.xml");
        assert!(
            book.contains("process 2 (Asia-Shanghai)") && book.contains("process 3 "),
            "{book}"
        );
        let last = part(&mut archive, "xl/worksheets/sheet3.xml");
        assert!(last.contains("进程") && last.contains("<v>4</v>"), "{last}");
        assert!(last.contains(r#"<dimension ref="A1:B2"/>"#), "{last}");
    }

    #[test]
    fn a_sheet_of_much_text_is_full_before_its_last_row() {
        let rows = vec![vec![Cell::Text("_".repeat(100).leak()), Cell::Empty]; 3];
        let limits = SheetLimits { bytes: 700, ..SheetLimits::default() };
        let mut archive = workbook(&titles(), limits, &rows);
        assert!(part(&mut archive, "xl/workbook.xml").contains("process 3 "));
    }

    #[test]
    fn nothing_uses_zip64() {
        let mut archive = workbook(&titles(), SheetLimits::default(), &[]);
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).unwrap();
            let extra = entry.extra_data().unwrap_or_default();
            assert!(!extra.starts_with(&[1, 0]), "{:?} has a zip64 field", entry.name());
        }
        let sheet = part(&mut archive, "xl/worksheets/sheet1.xml");
        assert!(sheet.contains(r#"<autoFilter ref="A1:B1"/>"#), "{sheet}");
    }

    #[test]
    fn names_of_sheets_fit() {
        assert_eq!(sheet_name("app", "UTC", 1), "app (UTC)");
        assert_eq!(
            sheet_name("kernel_module", "America/Argentina/Buenos_Aires", 2),
            "kernel_module 2 (Buenos_Aires)"
        );
    }

    #[test]
    fn numbers_too_large_to_be_exact_stay_text() {
        assert_eq!(exact(-(1 << 53)), Some(-9_007_199_254_740_992.0));
        assert_eq!(exact((1 << 53) + 1), None);
    }
}
