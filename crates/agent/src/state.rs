//! The agent's folder: its key, its enrolment and its spool, each written atomically.

use crate::key::AgentKey;
use muster_model::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind as IoKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file that is read back.
const LARGEST: u64 = 256 << 20;

/// What enrolment left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// Base address of the server; empty in one process with it.
    pub server: String,
    /// The host's id, as the server gave it.
    pub host_id: String,
    /// The agent's id.
    pub agent_id: String,
    /// The server's CA certificate, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

/// The folder. Only its owner may look into it.
#[derive(Clone, Debug)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// Opens the folder, making it if need be.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be made.
    pub fn open(path: &Path) -> Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| failed(path, &e))?;
        Ok(Self(path.to_owned()))
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The agent's key, made at the first call.
    ///
    /// # Errors
    /// `Invalid` when the file holds something else, `Unavailable` when it cannot be read or written.
    pub fn key(&self) -> Result<AgentKey> {
        if let Some(pkcs8) = self.read("agent.key")? {
            return AgentKey::from_pkcs8(Zeroizing::new(pkcs8));
        }
        let key = AgentKey::generate()?;
        self.write("agent.key", key.pkcs8())?;
        Ok(key)
    }

    /// Forgets key, enrolment and spool: the next enrolment makes a new agent.
    ///
    /// # Errors
    /// `Unavailable` when a file cannot be removed.
    pub fn forget(&self) -> Result<()> {
        for name in ["enrolment.json", "spool.json", "agent.key"] {
            match std::fs::remove_file(self.path(name)) {
                Err(error) if error.kind() != IoKind::NotFound => {
                    return Err(failed(&self.path(name), &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The enrolment, if there was one.
    ///
    /// # Errors
    /// `Invalid` when the file is damaged, `Unavailable` when it cannot be read.
    pub fn enrolment(&self) -> Result<Option<Enrolment>> {
        let Some(bytes) = self.read("enrolment.json")? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| Error::invalid("enrolment.json", error))
    }

    /// Keeps the enrolment.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be written.
    pub fn save_enrolment(&self, enrolment: &Enrolment) -> Result<()> {
        let json = serde_json::to_vec_pretty(enrolment).map_err(Error::internal)?;
        self.write("enrolment.json", &json)
    }

    /// Reads a file; none if it is not there.
    ///
    /// # Errors
    /// `Unavailable`, and `TooLarge` beyond 256 MiB.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let path = self.path(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == IoKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path, &error)),
        };
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| failed(&path, &e))?;
        if bytes.len() as u64 > LARGEST {
            return Err(Error::new(ErrorKind::TooLarge, format!("{}: too large", path.display())));
        }
        Ok(Some(bytes))
    }

    /// Replaces a file so that after a crash either the old or the new content is there, whole.
    ///
    /// # Errors
    /// `Unavailable` when the disk refuses.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name);
        let new = self.path(&format!("{name}.new"));
        let write = || {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&new)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(|error| failed(&path, &error))
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_key_is_made_once_and_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(&dir.path().join("a/b")).unwrap();
        let first = state.key().unwrap().agent_id();
        assert_eq!(state.key().unwrap().agent_id(), first);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&state.path("agent.key")), 0o600);
        assert_eq!(mode(&dir.path().join("a/b")), 0o700);
        state.forget().unwrap();
        assert_ne!(state.key().unwrap().agent_id(), first);
    }

    #[test]
    fn an_enrolment_survives_and_a_damaged_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert_eq!(state.enrolment().unwrap(), None);
        let enrolment = Enrolment {
            server: "https://x".into(),
            host_id: "h".into(),
            agent_id: "a".into(),
            ca: None,
        };
        state.save_enrolment(&enrolment).unwrap();
        assert_eq!(state.enrolment().unwrap(), Some(enrolment));
        state.write("enrolment.json", b"{").unwrap();
        assert_eq!(state.enrolment().unwrap_err().parameter(), Some("enrolment.json"));
    }
}
