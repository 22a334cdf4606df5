//! Where the root key of `muster server` lies: not where the database lies.

use crate::config::Config;
use muster_model::{Error, Result};
use std::path::Path;

fn refused(why: &str) -> Error {
    Error::invalid(
        "server.root_key_file",
        format!("{why} (--root-key-file): 64 hexadecimal digits, mode 0600"),
    )
}

/// Whoever gets hold of the data folder alone must not be able to read its secrets.
///
/// # Errors
/// `Invalid` if no file is named or it lies in the data folder.
pub(super) fn outside<'a>(config: &'a Config, data_dir: &Path) -> Result<&'a Path> {
    let file = config.server.root_key_file.as_deref();
    let file = file.ok_or_else(|| refused("is needed, outside the data folder"))?;
    // The file may not be there yet, its folder is.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = real(folder.unwrap_or(Path::new(".")));
    if folder.starts_with(real(data_dir)) || real(file).starts_with(real(data_dir)) {
        return Err(refused("must lie outside the data folder"));
    }
    Ok(file)
}

/// The same for a key that must be there already: a server that made itself a new one could read nothing.
///
/// # Errors
/// As [`outside`], and `Invalid` if there is no such file.
pub(super) fn existing(config: &Config, data_dir: &Path) -> Result<()> {
    let file = outside(config, data_dir)?;
    if !file.exists() {
        let why = format!("{} is not there; `muster init` makes it", file.display());
        return Err(refused(&why));
    }
    Ok(())
}
