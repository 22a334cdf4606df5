//! The files `up` leaves for people and programs: `credentials.json` and `run.json`.

use muster_model::{Error, ErrorKind, Result};
use muster_service::identity::Credentials;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// `credentials.json`: what a client needs. Made once, only its owner may read it. No `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CredentialsFile {
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) domain_name: String,
    pub(crate) domain_id: String,
    pub(crate) user_name: String,
    pub(crate) password: Zeroizing<String>,
    pub(crate) project_name: String,
    pub(crate) project_id: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: Zeroizing<String>,
    /// For the SCA open API.
    #[serde(default)]
    pub(crate) sca_access_key_id: String,
    #[serde(default)]
    pub(crate) sca_access_key_secret: Zeroizing<String>,
}

impl CredentialsFile {
    /// Where it lies.
    pub(crate) fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("credentials.json")
    }

    /// What the first start made.
    pub(crate) fn new(made: &Credentials, endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            region: made.region.clone(),
            domain_name: made.domain_name.clone(),
            domain_id: made.domain_id.clone(),
            user_name: made.user_name.clone(),
            password: made.password.clone(),
            project_name: made.project_name.clone(),
            project_id: made.project_id.clone(),
            access_key: made.access_key.clone(),
            secret_key: made.secret_key.clone(),
            sca_access_key_id: made.sca_access_key.clone(),
            sca_access_key_secret: made.sca_secret_key.clone(),
        }
    }

    /// Reads one; none if there is no such file.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>> {
        read(path)
    }

    /// Writes it where `up` keeps it.
    pub(crate) fn write(&self, data_dir: &Path) -> Result<()> {
        self.write_to(&Self::path(data_dir))
    }

    /// Writes it to a file.
    pub(crate) fn write_to(&self, path: &Path) -> Result<()> {
        write(path, self, 0o600)
    }
}

/// `run.json`: there is a server, and here it is. Removed when it ends; a pid that is gone means it was
/// killed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RunFile {
    pub(crate) endpoint: String,
    pub(crate) pid: u32,
    pub(crate) version: String,
}

impl RunFile {
    /// Where it lies.
    pub(crate) fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("run.json")
    }

    /// Reads it; none if no server runs on this folder.
    pub(crate) fn read(data_dir: &Path) -> Result<Option<Self>> {
        read(&Self::path(data_dir))
    }

    /// Writes it: whole or not at all.
    pub(crate) fn write(data_dir: &Path, endpoint: &str) -> Result<()> {
        let (pid, version) = (std::process::id(), env!("CARGO_PKG_VERSION").to_owned());
        let run = Self { endpoint: endpoint.to_owned(), pid, version };
        write(&Self::path(data_dir), &run, 0o644)
    }

    /// Takes it away. There may be none.
    pub(crate) fn remove(data_dir: &Path) {
        let _ = std::fs::remove_file(Self::path(data_dir));
    }
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{}: {error}", path.display()))
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let bytes = Zeroizing::new(bytes);
            serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(path, error))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

fn write(path: &Path, value: &impl Serialize, mode: u32) -> Result<()> {
    let json = Zeroizing::new(serde_json::to_vec_pretty(value).map_err(Error::internal)?);
    write_bytes(path, &json, mode)
}

/// Longest text read from a file that is named on the command line.
const MAX_TEXT: u64 = 128 * 1024;

/// The text of a file, or of standard input where it is called `-`.
pub(crate) fn read_text(path: &Path) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let done = match path.as_os_str() == "-" {
        true => std::io::stdin().take(MAX_TEXT).read_to_string(&mut text),
        false => File::open(path).and_then(|file| file.take(MAX_TEXT).read_to_string(&mut text)),
    };
    done.map_err(|error| Error::new(ErrorKind::Invalid, format!("{}: {error}", path.display())))?;
    Ok(text)
}

/// A new file for a secret. Dropped without having been written it is taken away again.
pub(crate) struct PrivateFile {
    path: PathBuf,
    file: Option<File>,
}

/// Makes a file that was not there, which only its owner may read.
pub(crate) fn create_private(path: &Path) -> Result<PrivateFile> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| {
        Error::new(ErrorKind::Invalid, format!("file: {}: {error}", path.display()))
    })?;
    Ok(PrivateFile { path: path.to_owned(), file: Some(file) })
}

impl PrivateFile {
    /// Writes the secret.
    pub(crate) fn write(mut self, bytes: &[u8]) -> Result<()> {
        if let Some(file) = &mut self.file {
            let done = file.write_all(bytes).and_then(|()| file.sync_all());
            done.map_err(|error| failed(&self.path, error))?;
        }
        self.file = None;
        Ok(())
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Replaces a file so that after a crash the old or the new content is there, whole. It stays where a link to it points, and
/// whose it was: root may write the file of the user a server runs as.
pub(crate) fn write_bytes(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // Beside the target, under a name nobody else gives a file.
    let mut new = path.as_os_str().to_owned();
    new.push(".muster-new");
    let new = Remnant::new(PathBuf::from(new));
    let write = || {
        // One may be left of a write that was cut off.
        let _ = std::fs::remove_file(new.path());
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(new.path())?;
        if let Ok(old) = std::fs::metadata(path) {
            let made = file.metadata()?;
            if (old.uid(), old.gid()) != (made.uid(), made.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid()))?;
            }
        }
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error: std::io::Error| failed(path, error))?;
    new.becomes(path)
}

/// A file that is not finished yet: gone when this is dropped.
pub(crate) struct Remnant(PathBuf);

impl Remnant {
    /// At this path.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Beside a file, under a name nobody else gives one.
    pub(crate) fn beside(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        Self(PathBuf::from(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Finished: takes its name, for good.
    pub(crate) fn becomes(self, path: &Path) -> Result<()> {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let renamed = std::fs::rename(&self.0, path)
            .and_then(|()| File::open(dir.unwrap_or(Path::new(".")))?.sync_all());
        renamed.map_err(|error| failed(path, error))
    }
}

impl Drop for Remnant {
    fn drop(&mut self) {
        // It may have become something.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_bare_file_name_lies_in_the_working_folder() {
        let name = format!("bare-{}.test", std::process::id());
        write_bytes(Path::new(&name), b"x", 0o600).unwrap();
        assert_eq!(std::fs::read(&name).unwrap(), b"x");
        std::fs::remove_file(&name).unwrap();
    }

    #[test]
    fn a_replaced_file_stays_where_it_is_and_whose_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("root.key"), dir.path().join("link"));
        std::fs::write(&file, b"old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        // Only root may give a file away.
        let other = std::fs::metadata(&file).unwrap().uid() == 0;
        if other {
            std::os::unix::fs::chown(&file, Some(4321), Some(4322)).unwrap();
        }
        write_bytes(&link, b"new", 0o600).unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&file).unwrap(), b"new");
        let meta = std::fs::metadata(&file).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o600);
        if other {
            assert_eq!((meta.uid(), meta.gid()), (4321, 4322));
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_run_file_comes_whole_and_goes() {
        let dir = tempfile::tempdir().unwrap();
        assert!(RunFile::read(dir.path()).unwrap().is_none());
        RunFile::write(dir.path(), "http://127.0.0.1:1").unwrap();
        let run = RunFile::read(dir.path()).unwrap().unwrap();
        assert_eq!((run.endpoint.as_str(), run.pid), ("http://127.0.0.1:1", std::process::id()));
        RunFile::remove(dir.path());
        RunFile::remove(dir.path());
        assert!(RunFile::read(dir.path()).unwrap().is_none());
    }

    #[test]
    fn secrets_are_for_their_owner() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.json");
        write_bytes(&path, b"1", 0o600).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read(&path).unwrap(), b"1");
    }
}
