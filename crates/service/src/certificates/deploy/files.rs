//! The files of a target: written beside the old ones, then put in their place, or back.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub(super) const CERTIFICATE: &str = "fullchain.pem";
pub(super) const KEY: &str = "privkey.pem";
pub(super) const ENC_CERTIFICATE: &str = "enc-fullchain.pem";
pub(super) const ENC_KEY: &str = "enc-privkey.pem";
/// Every file that may be there; keys first, so that a certificate never stands before its key.
const ALL: [&str; 4] = [KEY, ENC_KEY, CERTIFICATE, ENC_CERTIFICATE];

/// A file's name and text.
pub(super) type File = (&'static str, Zeroizing<String>);

/// Files that were put in place, with what they replaced beside them.
pub(super) struct Placed(PathBuf);

impl Placed {
    /// Replaces the files of a folder. Each is whole at every moment, and on the disk before it gets its name; what is
    /// no longer part of the set goes. After a failure everything is as it was.
    pub(super) fn put(folder: &Path, files: &[File]) -> io::Result<Self> {
        if !fs::symlink_metadata(folder)?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "the folder is none"));
        }
        for name in ALL {
            remove(&new(folder, name))?;
            remove(&old(folder, name))?;
        }
        let written = files.iter().try_for_each(|(name, text)| {
            let mode = if [KEY, ENC_KEY].contains(name) { 0o600 } else { 0o644 };
            let mut options = OpenOptions::new();
            let mut file =
                options.write(true).create_new(true).mode(mode).open(new(folder, name))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        if let Err(error) = written {
            ALL.iter().for_each(|name| drop(remove(&new(folder, name))));
            return Err(error);
        }
        for name in ALL {
            match fs::hard_link(folder.join(name), old(folder, name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let placed = Self(folder.to_owned());
        match placed.replace(files) {
            Ok(()) => Ok(placed),
            Err(error) => {
                placed.undo()?;
                Err(error)
            }
        }
    }

    fn replace(&self, files: &[File]) -> io::Result<()> {
        for name in ALL {
            if files.iter().any(|(known, _)| *known == name) {
                fs::rename(new(&self.0, name), self.0.join(name))?;
            } else {
                remove(&self.0.join(name))?;
            }
        }
        fs::File::open(&self.0)?.sync_all()
    }

    /// Puts back what was there.
    pub(super) fn undo(self) -> io::Result<()> {
        for name in ALL {
            remove(&new(&self.0, name))?;
            match fs::rename(old(&self.0, name), self.0.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    remove(&self.0.join(name))?;
                }
                other => other?,
            }
        }
        fs::File::open(&self.0)?.sync_all()
    }

    /// Forgets what was there.
    pub(super) fn keep(self) {
        for name in ALL {
            if let Err(error) = remove(&old(&self.0, name)) {
                tracing::warn!(%error, name, "a replaced file stays");
            }
        }
    }
}

/// Whether the folder's certificate has this text.
pub(super) fn holds(folder: &Path, text: &str) -> bool {
    fs::read(folder.join(CERTIFICATE)).is_ok_and(|found| found == text.as_bytes())
}

fn new(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".{name}.new"))
}

fn old(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".{name}.old"))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    fn files(of: &[(&'static str, &str)]) -> Vec<File> {
        of.iter().map(|(name, text)| (*name, Zeroizing::new((*text).to_owned()))).collect()
    }

    fn there(folder: &Path) -> BTreeMap<String, String> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
        entries.map(|it| (name(&it), fs::read_to_string(it.path()).unwrap())).collect()
    }

    #[test]
    fn files_are_replaced_together_or_put_back() {
        let dir = tempfile::tempdir().unwrap();
        let double = [(CERTIFICATE, "c"), (KEY, "k"), (ENC_CERTIFICATE, "ec"), (ENC_KEY, "ek")];
        Placed::put(dir.path(), &files(&double)).unwrap().keep();
        let first = there(dir.path());
        assert_eq!(first.len(), 4, "{first:?}");
        for (name, mode) in [(KEY, 0o600), (ENC_KEY, 0o600), (CERTIFICATE, 0o644)] {
            let found = fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(found & 0o777, mode, "{name}");
        }
        let single = files(&[(CERTIFICATE, "c2"), (KEY, "k2")]);
        let placed = Placed::put(dir.path(), &single).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join(KEY)).unwrap(), "k2");
        assert!(!dir.path().join(ENC_KEY).exists());
        placed.undo().unwrap();
        assert_eq!(there(dir.path()), first);
        // What a killed process left is no hindrance and never comes back.
        fs::write(dir.path().join(".privkey.pem.old"), "stale").unwrap();
        fs::write(dir.path().join(".privkey.pem.new"), "stale").unwrap();
        Placed::put(dir.path(), &single).unwrap().keep();
        let kept = there(dir.path());
        assert_eq!(kept.values().collect::<Vec<_>>(), ["c2", "k2"], "{kept:?}");
        // A folder that is not there is not made.
        assert!(Placed::put(&dir.path().join("none"), &single).is_err());
        // Where a file cannot be replaced the others stay too.
        fs::remove_file(dir.path().join(CERTIFICATE)).unwrap();
        fs::create_dir(dir.path().join(CERTIFICATE)).unwrap();
        assert!(Placed::put(dir.path(), &files(&double)).is_err());
        assert_eq!(fs::read_to_string(dir.path().join(KEY)).unwrap(), "k2");
    }
}
