//! Writing a backup while the server runs.

use super::restore::read_through;
use super::{DATABASE, Entry, FORMAT, MANIFEST, Manifest, contents, failed, tell};
use crate::config::Config;
use crate::files::Remnant;
use crate::messages::{Lang, Message, say};
use crate::output::complain;
use crate::server::root_key;
use aws_lc_rs::digest::{Context, SHA256};
use flate2::Compression;
use flate2::write::GzEncoder;
use muster_model::{Clock, Error, Micros, Result, SystemClock};
use muster_store::Db;
use muster_vault::age::{self, Opener, Root};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes `file`, reads it back, and only then gives it its name.
///
/// # Errors
/// `Conflict` for a file that exists, and for a database of another version than this program's; `Unsupported` for a
/// PostgreSQL; `Unavailable` if something cannot be read or written.
pub(crate) fn write(config: &Config, data_dir: &Path, file: &Path, lang: Lang) -> Result<()> {
    if file.exists() {
        let message = format!("{} exists already: name another file", file.display());
        return Err(Error::conflict(message));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Error::internal)?.block_on(make(config, data_dir, file, lang))
}

async fn make(config: &Config, data_dir: &Path, file: &Path, lang: Lang) -> Result<()> {
    let now = SystemClock.now();
    let db = Db::attach(&config.store(data_dir)).await?;
    let (ring, salt) = root_key::known(config, data_dir, &db).await?;
    complain(&say(lang, Message::BackupDatabase, &[]));
    let snapshot = Remnant::new(data_dir.join(format!("{}.backup", std::process::id())));
    db.snapshot(snapshot.path()).await?;
    let files = contents::of(config, data_dir)?;
    complain(&say(lang, Message::BackupSealing, &[&(files.len() + 1).to_string()]));
    let partial = Remnant::beside(file);
    let mut options = OpenOptions::new();
    let out = options.write(true).create(true).truncate(true).mode(0o600).open(partial.path());
    let out = BufWriter::new(out.map_err(|error| failed(partial.path(), error))?);
    let root = Root { ring: &ring, salt };
    let sealed = age::encrypt(Some(&root), &config.recovery()?, out)?;
    let mut archive = Archive::new(sealed, now);
    archive.add(Path::new(DATABASE), snapshot.path())?;
    for path in &files {
        archive.add(path, &data_dir.join(path))?;
    }
    let out = archive.finish()?.finish()?;
    let out = out.into_inner().map_err(|error| failed(partial.path(), error))?;
    out.sync_all().map_err(|error| failed(partial.path(), error))?;
    complain(&say(lang, Message::BackupVerifying, &[]));
    let manifest = read_through(&Opener::Root(&ring), partial.path(), None)?;
    let size = std::fs::metadata(partial.path()).map_err(|error| failed(file, error))?.len();
    partial.becomes(file)?;
    tell(&db, now, "muster:backup:create", file).await?;
    db.close().await;
    let blanks = [
        file.display().to_string(),
        manifest.files.len().to_string(),
        size.div_ceil(1 << 20).to_string(),
    ];
    complain(&say(lang, Message::BackupWritten, &blanks.each_ref().map(String::as_str)));
    Ok(())
}

/// The tar within.
struct Archive<W: Write> {
    tar: tar::Builder<GzEncoder<W>>,
    manifest: Manifest,
    now: Micros,
}

impl<W: Write> Archive<W> {
    fn new(out: W, now: Micros) -> Self {
        Self {
            tar: tar::Builder::new(GzEncoder::new(out, Compression::fast())),
            manifest: Manifest {
                format: FORMAT,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                created_at: now.iso(),
                files: Vec::new(),
            },
            now,
        }
    }

    fn header(&self, size: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.now.secs()).unwrap_or_default());
        header
    }

    /// Adds a file as long as it is now: one that is appended to meanwhile, as the audit trail is, goes in up to there.
    fn add(&mut self, name: &Path, path: &Path) -> Result<()> {
        let file = match File::open(path) {
            Ok(file) => file,
            // An export that expired meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(path, error)),
        };
        let size = file.metadata().map_err(|error| failed(path, error))?.len();
        let mut hashed = Hashed { input: file.take(size), hash: Context::new(&SHA256), length: 0 };
        let mut header = self.header(size);
        let added = self.tar.append_data(&mut header, name, &mut hashed);
        added.map_err(|error| failed(path, error))?;
        if hashed.length != size {
            return Err(failed(path, "became shorter while it was read"));
        }
        self.manifest.files.push(Entry {
            path: name.to_string_lossy().into_owned(),
            size,
            sha256: hex::encode(hashed.hash.finish()),
        });
        Ok(())
    }

    fn finish(mut self) -> Result<W> {
        let manifest = serde_json::to_vec(&self.manifest).map_err(Error::internal)?;
        let mut header = self.header(manifest.len() as u64);
        let done = self.tar.append_data(&mut header, MANIFEST, manifest.as_slice());
        let out = done.and_then(|()| self.tar.into_inner()).and_then(GzEncoder::finish);
        out.map_err(|error| failed(Path::new("backup"), error))
    }
}

/// What is read through it, with its hash.
pub(super) struct Hashed<R> {
    pub(super) input: R,
    pub(super) hash: Context,
    pub(super) length: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.input.read(out)?;
        self.hash.update(out.get(..read).unwrap_or_default());
        self.length += read as u64;
        Ok(read)
    }
}
