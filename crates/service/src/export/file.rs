//! Writing the file: rows come from the database on one side and go through a sheet into a ZIP on the
//! other, a few hosts at a time, so that memory does not grow with the rows.

use super::cell::{Language, Zone};
use super::columns::Source;
use super::csv::CsvSheet;
use super::order::Order;
use super::sheet::Sheet;
use super::xlsx::{SheetLimits, XlsxOptions, XlsxSheet};
use muster_model::{Error, ErrorKind, Micros, Result};
use muster_store::assets::Seen;
use muster_store::blobs::Writer as Blob;
use serde::{Deserialize, Serialize};
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use tokio::sync::mpsc::Receiver;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// What lies inside the ZIP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A workbook.
    #[default]
    Xlsx,
    /// Comma-separated values.
    Csv,
}

/// Rows beyond which the entry may be larger than 4 GiB and gets the fields for it. Sheets inside the
/// workbook never get them.
const LARGE: i64 = 100_000;

/// What the reading side sends.
pub(super) enum Rows {
    /// Some rows.
    Batch(Vec<Seen>),
    /// That was all. Without it the file is not finished.
    End,
}

/// A file to be written.
pub(super) struct Job {
    pub(super) order: Order,
    pub(super) sources: Vec<Source>,
    pub(super) format: Format,
    pub(super) zone: Zone,
    /// Name of the entry, without what follows the dot.
    pub(super) name: String,
    pub(super) now: Micros,
    /// How many rows there will be.
    pub(super) rows: i64,
    /// Folder for what does not outlive the writing.
    pub(super) temporary: PathBuf,
}

/// Writes the file and answers how many rows it has. Blocks.
pub(super) fn write(job: &Job, blob: Blob, rows: Receiver<Rows>) -> Result<i64> {
    let mut zip = ZipWriter::new(BufWriter::with_capacity(1 << 16, blob));
    let options = SimpleFileOptions::default()
        .last_modified_time(dos_time(job.now))
        .unix_permissions(0o600)
        .large_file(job.rows > LARGE);
    let count = match job.format {
        Format::Xlsx => {
            let titles: Vec<_> = job
                .order
                .headings
                .iter()
                .zip(&job.sources)
                .map(|(heading, source)| (heading.title.clone(), source.is_time()))
                .collect();
            let mut sheet = XlsxSheet::new(XlsxOptions {
                name: job.order.ask.kind.name(),
                titles: &titles,
                zone: job.zone.clone(),
                language: job.order.language,
                created: job.now,
                temporary: &job.temporary,
                limits: SheetLimits::default(),
            })?;
            let count = pump(&mut sheet, &job.sources, rows)?;
            // A workbook is compressed already.
            let options = options.compression_method(CompressionMethod::Stored);
            zip.start_file(format!("{}.xlsx", job.name), options).map_err(Error::internal)?;
            sheet.finish(&mut zip)?;
            count
        }
        Format::Csv => {
            let options =
                options.compression_method(CompressionMethod::Deflated).compression_level(Some(1));
            zip.start_file(format!("{}.csv", job.name), options).map_err(Error::internal)?;
            csv(job, &mut zip, rows)?
        }
    };
    let out = zip.finish().map_err(Error::internal)?;
    out.into_inner().map_err(|error| Error::internal(error.into_error()))?.commit()?;
    Ok(count)
}

fn csv(job: &Job, out: impl Write, rows: Receiver<Rows>) -> Result<i64> {
    let titles: Vec<_> = job.order.headings.iter().map(|heading| heading.title.clone()).collect();
    let language: Language = job.order.language;
    let mut sheet = CsvSheet::new(out, &titles, job.zone.clone(), language)?;
    let count = pump(&mut sheet, &job.sources, rows)?;
    sheet.finish()?;
    Ok(count)
}

/// Takes rows to the last.
fn pump(sheet: &mut impl Sheet, sources: &[Source], mut rows: Receiver<Rows>) -> Result<i64> {
    let mut count = 0;
    loop {
        match rows.blocking_recv() {
            Some(Rows::Batch(batch)) => {
                for seen in &batch {
                    sheet.row(&mut sources.iter().map(|source| source.cell(seen)))?;
                    count += 1;
                }
            }
            Some(Rows::End) => return Ok(count),
            None => return Err(Error::new(ErrorKind::Unavailable, "the rows have not all come")),
        }
    }
}

/// The time of an entry: without a zone in the format, UTC here.
fn dos_time(at: Micros) -> zip::DateTime {
    let Ok(timestamp) = jiff::Timestamp::from_microsecond(at.0) else {
        return zip::DateTime::default();
    };
    let utc = jiff::tz::TimeZone::UTC.to_datetime(timestamp);
    let part = |int: i8| u8::try_from(int).unwrap_or_default();
    zip::DateTime::from_date_and_time(
        u16::try_from(utc.year()).unwrap_or_default(),
        part(utc.month()),
        part(utc.day()),
        part(utc.hour()),
        part(utc.minute()),
        part(utc.second()),
    )
    .unwrap_or_default()
}
