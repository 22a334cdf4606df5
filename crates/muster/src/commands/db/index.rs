//! `muster db index`: the classes of the archives the user has.

use super::failed;
use crate::output::complain;
use muster_advisory::Place;
use muster_model::{Error, Result};
use muster_sca::{Budget, Limits, Options, classes};
use std::fs::{File, rename};
use std::path::Path;
use std::time::Instant;

pub(super) fn run(place: &Place, path: &Path, quiet: bool) -> Result<()> {
    std::fs::metadata(path).map_err(|error| failed(path, error))?;
    let _lock = place.take()?;
    let (file, half) = (place.classes(), place.classes().with_extension("half"));
    let budget = Budget::new(Limits::default(), Instant::now());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let options = Options { threads, ..Options::default() };
    let mut out = File::create(&half).map_err(|error| failed(&half, error))?;
    let size = classes::build(path, &options, &budget, &mut out)?;
    if let Some(ended) = budget.stopped() {
        return Err(Error::invalid("PATH", ended.message.clone()));
    }
    out.sync_all().map_err(|error| failed(&half, error))?;
    rename(&half, &file).map_err(|error| failed(&file, error))?;
    if !quiet {
        let (artifacts, of) = (size.artifacts, size.classes);
        complain(&format!("{artifacts} artifacts with {of} different classes"));
    }
    Ok(())
}
