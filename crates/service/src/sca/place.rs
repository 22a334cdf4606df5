//! Which folder of artifacts this is: tasks are worked at where their artifact lies.

use muster_model::{Error, ErrorKind, Result};
use muster_vault::random;
use std::fs::OpenOptions;
use std::io::{ErrorKind as Kind, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The name of a data folder's artifacts, kept in a file beside them.
#[derive(Debug)]
pub(super) struct Place {
    file: PathBuf,
    name: OnceLock<String>,
}

impl Place {
    pub(super) fn of(data_dir: &Path) -> Self {
        Self { file: data_dir.join("artifacts.place"), name: OnceLock::new() }
    }

    /// 32 hexadecimal digits, made at the first use. Blocks then.
    ///
    /// # Errors
    /// `Unavailable` where the file can be neither read nor made.
    pub(super) fn name(&self) -> Result<&str> {
        if let Some(name) = self.name.get() {
            return Ok(name);
        }
        let name = self.read().or_else(|_| self.make())?;
        Ok(self.name.get_or_init(|| name))
    }

    fn read(&self) -> Result<String> {
        let name = std::fs::read_to_string(&self.file).map_err(|error| self.failed(&error))?;
        let name = name.trim();
        let fits = name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit());
        if fits { Ok(name.to_owned()) } else { Err(self.failed(&Kind::InvalidData.into())) }
    }

    fn make(&self) -> Result<String> {
        let name = random::id()?;
        let new = self.file.with_extension("new");
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).open(&new)?;
            file.write_all(name.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &self.file)
        };
        write().map_err(|error| self.failed(&error))?;
        Ok(name)
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        Error::new(ErrorKind::Unavailable, format!("{}: {error}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let name = Place::of(dir.path()).name().unwrap().to_owned();
        assert_eq!(name.len(), 32);
        assert_eq!(Place::of(dir.path()).name().unwrap(), name);
        assert!(Place::of(&dir.path().join("none")).name().is_err());
    }
}
