//! What a mirror remembers of each file: the name its origin gave to the state that was fetched.

use crate::file::trouble;
use muster_model::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where it is kept; no feed has such a name.
const FILE: &str = "fetched.json";

/// Written after every file, so that an update that was cut short goes on behind the last one.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct State {
    #[serde(skip)]
    path: PathBuf,
    /// Whom the folder follows.
    origin: String,
    /// Entity tag or date by file; of a file that is only partly there under its name with `.part`.
    validators: BTreeMap<String, String>,
}

impl State {
    pub(super) fn open(folder: &Path, origin: &str) -> Result<Self> {
        let path = folder.join(FILE);
        let known: Self = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        if folder.exists() && known.origin != origin {
            std::fs::remove_dir_all(folder).map_err(|error| trouble(folder, error))?;
        }
        std::fs::create_dir_all(folder).map_err(|error| trouble(folder, error))?;
        let state = match known.origin == origin {
            true => Self { path, ..known },
            false => Self { path, origin: origin.to_owned(), validators: BTreeMap::new() },
        };
        state.save()?;
        Ok(state)
    }

    pub(super) fn validator(&self, name: &str) -> Option<&str> {
        self.validators.get(name).map(String::as_str)
    }

    /// Remembers a file's state, or that nothing names it.
    pub(super) fn set(&mut self, name: &str, validator: Option<String>) -> Result<()> {
        match validator {
            Some(validator) => self.validators.insert(name.to_owned(), validator),
            None => self.validators.remove(name),
        };
        self.save()
    }

    fn save(&self) -> Result<()> {
        let part = self.path.with_extension("part");
        let text = serde_json::to_vec(self).map_err(Error::internal)?;
        std::fs::write(&part, text)
            .and_then(|()| std::fs::rename(&part, &self.path))
            .map_err(|error| trouble(&self.path, error))
    }
}
