//! One file: asked for conditionally, gone on with where it broke off, renamed into place when it is whole.

use super::{Answer, Fetched, MAX_FILE, Mirror, Request};
use crate::file::trouble;
use muster_model::{Error, ErrorKind, Result};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::PathBuf;

/// What came of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Unchanged,
    Fetched,
    Missing,
}

impl Mirror<'_> {
    /// Where a file lies.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Brings a file up to date.
    pub(super) fn file(&mut self, url: &str, name: &str) -> Result<Outcome> {
        self.file_as(url, name, name)
    }

    /// The same, keeping it under another name than it is remembered by.
    pub(super) fn file_as(&mut self, url: &str, name: &str, target: &str) -> Result<Outcome> {
        let (path, part) = (self.path(target), self.path(&format!("{target}.part")));
        let partly = format!("{name}.part");
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| trouble(folder, error))?;
        }
        let there = std::fs::metadata(&part).map_or(0, |data| data.len());
        // A part whose state has no name could be of any.
        let known = self.state.validator(&partly).map(str::to_owned).filter(|_| there > 0);
        let (from, validator) = match known {
            Some(validator) => (there, Some(validator)),
            None => {
                let there = path.exists() || self.path(name).exists();
                (0, self.state.validator(name).filter(|_| there).map(str::to_owned))
            }
        };
        let request = Request { url, from, validator: validator.as_deref() };
        let (from, total, validator, mut body) = match self.fetch.fetch(&request)? {
            Answer::Unchanged => {
                self.summary.unchanged += 1;
                return Ok(Outcome::Unchanged);
            }
            Answer::Missing => return Ok(Outcome::Missing),
            Answer::Content { from, total, validator, body } => (from, total, validator, body),
        };
        let failed = |error: std::io::Error| trouble(&part, error);
        let mut out = if from == 0 {
            File::create(&part).map_err(failed)?
        } else {
            OpenOptions::new().append(true).open(&part).map_err(failed)?
        };
        self.state.set(&partly, validator.clone())?;
        let mut bytes = from;
        let mut buffer = vec![0; 1 << 17];
        loop {
            let read = body.read(&mut buffer).map_err(|error| {
                Error::new(
                    ErrorKind::Unavailable,
                    format!("{url}: broke off after {bytes} bytes: {error}; run it again to go on"),
                )
            })?;
            let Some(got) = buffer.get(..read).filter(|got| !got.is_empty()) else { break };
            out.write_all(got).map_err(failed)?;
            bytes += u64::try_from(read).unwrap_or_default();
            if bytes > MAX_FILE {
                return Err(trouble(&part, format_args!("is larger than {MAX_FILE} bytes")));
            }
            (self.progress)(&Fetched { name, bytes, total });
        }
        if total.is_some_and(|total| total != bytes) {
            let message = format!("{url}: broke off after {bytes} bytes; run it again to go on");
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        out.sync_all().map_err(failed)?;
        std::fs::rename(&part, &path).map_err(failed)?;
        self.state.set(&partly, None)?;
        self.state.set(name, validator)?;
        self.summary.fetched += 1;
        Ok(Outcome::Fetched)
    }

    /// The same for a file without which there is nothing.
    pub(super) fn needed(&mut self, url: &str, name: &str) -> Result<Outcome> {
        match self.file(url, name)? {
            Outcome::Missing => Err(missing(url)),
            outcome => Ok(outcome),
        }
    }

    /// Takes a file away and forgets it.
    pub(super) fn forget(&mut self, name: &str) -> Result<()> {
        let path = self.path(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(trouble(&path, error));
            }
            _ => {}
        }
        self.state.set(name, None)
    }
}

pub(super) fn missing(url: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("{url}: not there"))
}
