//! `muster audit`

mod records;
mod verify;

use super::{Context, text};
use crate::cli::audit::{AuditArgs, AuditCommand, ExportArgs, Format, SearchArgs};
use crate::messages::{Lang, Message, say};
use crate::output::list::csv_row;
use crate::output::{Output, complain, print, print_list};
use muster_model::{Error, Result};
use records::{COLUMNS, Records, SHOWN};
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
pub(crate) use verify::verify;

/// Asks a server, or reads trails where told to. `verify` has a result of its own: see [`verify()`].
pub(crate) fn run(args: &AuditArgs, lang: Lang, ask: impl Fn() -> Result<Context>) -> Result<()> {
    match &args.command {
        AuditCommand::Verify(_) => Ok(()),
        AuditCommand::Checkpoint => {
            let answer = ask()?.client.get("/muster/v1/audit/checkpoint", &[])?;
            print(&format!("{}\n", text(&answer, "checkpoint")))
        }
        AuditCommand::Search(search) => found(args.asking.output, search, ask),
        AuditCommand::Export(export) => write(export, lang, ask),
    }
}

fn found(output: Output, args: &SearchArgs, ask: impl Fn() -> Result<Context>) -> Result<()> {
    let mut rows = Vec::new();
    Records::of(&args.which, ask)?.each(&mut |row| {
        rows.push(row);
        Ok(rows.len() < args.limit as usize)
    })?;
    print_list(output, COLUMNS.get(..SHOWN).unwrap_or(COLUMNS), &rows)
}

fn write(args: &ExportArgs, lang: Lang, ask: impl Fn() -> Result<Context>) -> Result<()> {
    let failed =
        |error: std::io::Error| Error::invalid("file", format!("{}: {error}", args.file.display()));
    let records = Records::of(&args.which, &ask)?;
    let to_output = args.file.as_os_str() == "-";
    let mut out: Box<dyn Write> = if to_output {
        Box::new(std::io::stdout().lock())
    } else {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&args.file);
        Box::new(BufWriter::new(file.map_err(failed)?))
    };
    if args.format == Format::Csv {
        let titles: Vec<_> = COLUMNS.iter().map(|(title, _)| *title).collect();
        writeln!(out, "{}", titles.join(",")).map_err(failed)?;
    }
    let mut count = 0_u64;
    records.each(&mut |row| {
        count += 1;
        let line = match args.format {
            Format::Jsonl => format!("{row}\n"),
            Format::Csv => csv_row(COLUMNS, &row)?,
        };
        out.write_all(line.as_bytes()).map_err(failed).map(|()| true)
    })?;
    out.flush().map_err(failed)?;
    if !to_output {
        let file = args.file.display().to_string();
        complain(&say(lang, Message::AuditWritten, &[&count.to_string(), &file]));
    }
    Ok(())
}
