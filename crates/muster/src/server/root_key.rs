//! Where the root key comes from; that of `muster server` lies not where the database lies.

use super::place::Place;
use crate::config::Config;
use muster_model::{Error, ErrorKind, Micros, Result};
use muster_store::{Db, meta, transact};
use muster_vault::{Keyring, random};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Largest passphrase file in bytes.
const MAX_FILE: u64 = 64 * 1024;
/// What the salt of passphrases is called in the database.
const SALT: &str = "root_passphrase_salt";

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
    let server = &config.server;
    if server.root_key_file.is_some() && server.root_passphrase_file.is_some() {
        return Err(refused("and server.root_passphrase_file exclude each other"));
    }
    let file = server.root_key_file.as_deref().or(server.root_passphrase_file.as_deref());
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

/// The root keys: of the passphrase file if one is named, else of the key file, which is made if it is not there.
///
/// # Errors
/// `Unavailable` naming the file, if it cannot be read, is open to others or holds nothing fit.
pub(super) async fn read(config: &Config, place: &Place, db: &Db, now: Micros) -> Result<Keyring> {
    let Some(file) = &config.server.root_passphrase_file else {
        let file = config.server.root_key_file.clone();
        return Keyring::read_or_create(&file.unwrap_or_else(|| place.dir().join("root.key")));
    };
    let text = private(file)?;
    let salt = salt(db, now).await?;
    let made = tokio::task::spawn_blocking(move || Keyring::of_passphrases(&text, &salt));
    made.await.map_err(Error::internal)?
}

/// A text only its owner may read.
fn private(file: &Path) -> Result<Zeroizing<String>> {
    let trouble = |why: &str| {
        let message = format!("root passphrase file {}: {why}", file.display());
        Error::new(ErrorKind::Unavailable, message)
    };
    let meta = std::fs::metadata(file).map_err(|error| trouble(&error.to_string()))?;
    if !meta.is_file() || meta.len() > MAX_FILE {
        return Err(trouble("must be a file of at most 64 KiB"));
    }
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(trouble("must not be readable by group or others (chmod 600)"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| trouble(&error.to_string()))?;
    Ok(Zeroizing::new(text))
}

/// The installation's salt, made when it is first asked for. It is no secret.
async fn salt(db: &Db, now: Micros) -> Result<[u8; 16]> {
    let fresh = *random::bytes::<16>()?;
    let stored = transact!(db, |tx| {
        match meta::get(tx, SALT).await? {
            Some(stored) => Ok(stored),
            None => meta::put(tx, SALT, &fresh, now).await.map(|()| fresh.to_vec()),
        }
    })?;
    stored.try_into().map_err(|_| Error::internal("the salt of the passphrases"))
}
