//! `muster db`: the knowledge base of a data folder. Needs no server, and disturbs none that runs there.

mod bundle;
mod fetch;
mod index;
mod show;
mod status;
mod update;

use crate::cli::db::{DbArgs, DbCommand};
use crate::config::Config;
use crate::files::write_bytes;
use crate::messages::Lang;
use crate::output::print;
use muster_advisory::Place;
use muster_advisory::source::{cnnvd, cnvd};
use muster_model::{Error, Result};
use std::path::{Path, PathBuf};

/// Largest file that `add` takes, bytes.
const MAX_ADDED: u64 = 512 << 20;

pub(crate) fn run(config: &Config, data_dir: &Path, args: &DbArgs, lang: Lang) -> Result<()> {
    let place = Place::of(data_dir);
    match &args.command {
        DbCommand::Update(args) => update::run(config, &place, args, lang),
        DbCommand::Status { output } => status::run(&place, *output),
        DbCommand::Show { id } => show::run(&place, id),
        DbCommand::Add { files } => add(&place, files),
        DbCommand::Index { path, quiet } => index::run(&place, path, *quiet),
        DbCommand::Bundle { file, key } => bundle::write(&place, file, key, lang),
        DbCommand::Key { file } => bundle::key(file),
        DbCommand::Trust { key } => bundle::trust(&place, key),
    }
}

/// Copies files of the national databases to where every update finds them.
fn add(place: &Place, files: &[PathBuf]) -> Result<()> {
    let _lock = place.take()?;
    let folder = place.added().join("cn");
    std::fs::create_dir_all(&folder).map_err(|error| failed(&folder, error))?;
    for file in files {
        let size = std::fs::metadata(file).map_err(|error| failed(file, error))?.len();
        if size > MAX_ADDED {
            let why = format!("{} has {size} bytes, at most {MAX_ADDED}", file.display());
            return Err(Error::invalid("FILE", why));
        }
        let bytes = std::fs::read(file).map_err(|error| failed(file, error))?;
        // Told apart by their elements, which are ASCII in every encoding these files come in.
        let text = String::from_utf8_lossy(&bytes);
        let entries = cnvd(&text).len() + cnnvd(&text).len();
        if entries == 0 {
            let why = format!("{}: no entries of CNVD or CNNVD in it", file.display());
            return Err(Error::invalid("FILE", why));
        }
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        write_bytes(&folder.join(format!("{name}.xml")), &bytes, 0o600)?;
        print(&format!("{}: {entries} entries, compiled by the next update\n", file.display()))?;
    }
    Ok(())
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::invalid("FILE", format!("{}: {error}", path.display()))
}
