//! Reading a backup: to see that it is whole, and to bring it back.

use super::write::Hashed;
use super::{DATABASE, Entry, FORMAT, MANIFEST, MAX_ENTRIES, MAX_MANIFEST, Manifest};
use super::{contents, failed, tell};
use crate::config::Config;
use crate::messages::{Lang, Message, say};
use crate::output::complain;
use crate::server::place::Place;
use crate::server::root_key;
use aws_lc_rs::digest::{Context, SHA256};
use flate2::read::GzDecoder;
use muster_model::{Clock, Error, Result, SystemClock};
use muster_store::Db;
use muster_vault::Keyring;
use muster_vault::age::{self, Identity, Opener};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What may lie in a folder that a backup is restored into.
const MAY_LIE: &[&str] = &["lock", "root.key", "muster.toml"];
/// Where files lie until all of them are known to be whole.
const RESTORING: &str = ".restoring";

/// Brings a backup back into an empty data folder.
///
/// # Errors
/// `Conflict` for a folder that is not empty or in use, or a backup of a newer program; `Forbidden` for the wrong key;
/// `Invalid` for a file that was altered, is cut off or no backup.
pub(crate) fn restore(
    config: &Config,
    data_dir: PathBuf,
    file: &Path,
    identity: Option<&Path>,
    lang: Lang,
) -> Result<()> {
    let place = Place::take(data_dir)?;
    empty(place.dir())?;
    let unfinished = place.dir().join(RESTORING);
    let done = bring_back(config, &place, file, identity, lang);
    // Whatever is still there was not taken over.
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(|error| failed(&unfinished, error))?;
    }
    done
}

fn bring_back(
    config: &Config,
    place: &Place,
    file: &Path,
    identity: Option<&Path>,
    lang: Lang,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Error::internal)?;
    let folder = place.dir().join(RESTORING);
    DirBuilder::new().mode(0o700).create(&folder).map_err(|error| failed(&folder, error))?;
    complain(&say(lang, Message::RestoreReading, &[]));
    let ring = match identity {
        Some(_) => None,
        None => Some(keys(config, place.dir(), file)?),
    };
    let manifest = match (&ring, identity) {
        (Some(ring), _) => read_through(&Opener::Root(ring), file, Some(&folder))?,
        (None, Some(path)) => {
            let text = fs::read_to_string(path).map_err(|error| failed(path, error))?;
            let identity = Identity::parse(&Zeroizing::new(text))?;
            read_through(&Opener::Identity(&identity), file, Some(&folder))?
        }
        (None, None) => return Err(Error::internal("neither root key nor identity")),
    };
    let now = SystemClock.now();
    let database = muster_store::Config::new(format!("sqlite:{}", folder.join(DATABASE).display()));
    runtime.block_on(async {
        let db = Db::open(&database, now).await?;
        db.check().await?;
        if let Some(ring) = &ring {
            muster_service::vault::opens(&db, ring).await?;
        }
        tell(&db, now, "muster:backup:restore", file).await?;
        db.close().await;
        Ok::<_, Error>(())
    })?;
    take_over(&folder, place.dir())?;
    let files = manifest.files.len().to_string();
    let blanks = [files.as_str(), &manifest.created_at, &place.dir().display().to_string()];
    complain(&say(lang, Message::Restored, &blanks));
    if ring.is_none() {
        complain(&say(lang, Message::RestoredWithoutRoot, &[]));
    }
    Ok(())
}

/// The root key, which must be there: a new one could open nothing.
fn keys(config: &Config, data_dir: &Path, file: &Path) -> Result<Keyring> {
    let salt = age::salt(BufReader::new(open(file)?))?;
    root_key::given(config, data_dir, salt)
}

fn open(file: &Path) -> Result<File> {
    File::open(file).map_err(|error| failed(file, error))
}

fn empty(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let name = entry.map_err(|error| failed(folder, error))?.file_name();
        let name = name.to_string_lossy();
        if name == RESTORING {
            let unfinished = folder.join(RESTORING);
            fs::remove_dir_all(&unfinished).map_err(|error| failed(&unfinished, error))?;
        } else if !MAY_LIE.contains(&name.as_ref()) {
            let message = format!(
                "{} holds {name}: a backup is restored into an empty folder ({} may lie there)",
                folder.display(),
                MAY_LIE.join(", ")
            );
            return Err(Error::conflict(message));
        }
    }
    Ok(())
}

/// Moves what was read to its place; the database last, so that a server starts on all or nothing. A configuration that
/// lies there already stays.
fn take_over(from: &Path, to: &Path) -> Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(from).map_err(|error| failed(from, error))? {
        names.push(entry.map_err(|error| failed(from, error))?.file_name());
    }
    names.sort_by_key(|name| name == DATABASE);
    for name in names {
        let target = to.join(&name);
        if !target.exists() {
            fs::rename(from.join(&name), &target).map_err(|error| failed(&target, error))?;
        }
    }
    let folder = File::open(to).and_then(|folder| folder.sync_all());
    folder.map_err(|error| failed(to, error))
}

/// Reads a whole backup, compares every file with the manifest, and writes them below `into` if that is given.
///
/// # Errors
/// `Forbidden` for the wrong key; `Invalid` for what is no whole backup.
pub(super) fn read_through(
    opener: &Opener<'_>,
    file: &Path,
    into: Option<&Path>,
) -> Result<Manifest> {
    let broken = |why: &dyn std::fmt::Display| {
        Error::invalid("FILE", format!("{} is no whole backup: {why}", file.display()))
    };
    let sealed = age::decrypt(opener, BufReader::new(open(file)?))?;
    let mut archive = tar::Archive::new(GzDecoder::new(sealed));
    let (mut found, mut manifest): (Vec<Entry>, Option<Manifest>) = (Vec::new(), None);
    for entry in archive.entries().map_err(|error| broken(&error))? {
        let entry = entry.map_err(|error| broken(&error))?;
        let path = entry.path().map_err(|error| broken(&error))?.into_owned();
        if manifest.is_some() || found.len() > MAX_ENTRIES || !entry.header().entry_type().is_file()
        {
            return Err(broken(&"an entry that no backup has"));
        }
        if path == Path::new(MANIFEST) {
            let mut text = Vec::new();
            entry.take(MAX_MANIFEST).read_to_end(&mut text).map_err(|error| broken(&error))?;
            manifest = Some(serde_json::from_slice(&text).map_err(|error| broken(&error))?);
        } else if path == Path::new(DATABASE) || contents::belongs(&path) {
            let taken = take(entry, &path, into);
            found.push(taken.map_err(|error| broken(&error))?);
        } else {
            return Err(broken(&format_args!("an entry {}", path.display())));
        }
    }
    // To the very end, so that nothing cut off passes.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink())
        .map_err(|error| broken(&error))?;
    let manifest = manifest.ok_or_else(|| broken(&"its manifest is missing"))?;
    if manifest.format != FORMAT {
        return Err(Error::conflict(format!("the backup was written by {}", manifest.version)));
    }
    if manifest.files != found || found.first().is_none_or(|first| first.path != DATABASE) {
        return Err(broken(&"its files are not those of its manifest"));
    }
    Ok(manifest)
}

/// Reads a file of it, and writes it where it belongs.
fn take(entry: impl Read, path: &Path, into: Option<&Path>) -> std::io::Result<Entry> {
    let mut hashed = Hashed { input: entry, hash: Context::new(&SHA256), length: 0 };
    match into {
        Some(folder) => {
            let target = folder.join(path);
            if let Some(parent) = target.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            }
            let mut options = OpenOptions::new();
            let mut out = options.write(true).create_new(true).mode(0o600).open(&target)?;
            std::io::copy(&mut hashed, &mut out)?;
            out.flush()?;
            out.sync_all()?;
        }
        None => drop(std::io::copy(&mut hashed, &mut std::io::sink())?),
    }
    Ok(Entry {
        path: path.to_string_lossy().into_owned(),
        size: hashed.length,
        sha256: hex::encode(hashed.hash.finish()),
    })
}
