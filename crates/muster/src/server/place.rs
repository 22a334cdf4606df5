//! The data folder, held by one process at a time.

use crate::config::ServerConfig;
use muster_model::Result;
use muster_store::Hold;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A data folder that is ours until this is dropped.
pub(crate) struct Place {
    dir: PathBuf,
    _hold: Hold,
}

impl Place {
    /// Takes the folder, making it if need be; only its owner may look into it.
    pub(crate) fn take(dir: PathBuf) -> Result<Self> {
        let hold = Hold::take(&dir, "another muster runs on this folder")?;
        Ok(Self { dir, _hold: hold })
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// What this machine is called.
    pub(crate) fn host_name(&self) -> String {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    }

    /// Where clients reach a server: where the operator says, or where it listens.
    pub(crate) fn public_endpoint(
        &self,
        config: &ServerConfig,
        address: SocketAddr,
        tls: bool,
    ) -> String {
        match &config.endpoint {
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => self.endpoint(address, tls),
        }
    }

    /// Where clients reach a server that listens on `address`.
    fn endpoint(&self, address: SocketAddr, tls: bool) -> String {
        let scheme = if tls { "https" } else { "http" };
        if address.ip().is_unspecified() {
            return format!("{scheme}://{}:{}", self.host_name(), address.port());
        }
        format!("{scheme}://{address}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::ErrorKind;

    #[test]
    fn a_folder_is_held_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::take(dir.path().join("a")).unwrap();
        let other = Place::take(dir.path().join("a")).err().unwrap();
        assert_eq!(other.kind(), ErrorKind::Conflict);
        let listen = |address: &str, tls| place.endpoint(address.parse().unwrap(), tls);
        assert_eq!(listen("127.0.0.1:5", false), "http://127.0.0.1:5");
        assert_eq!(listen("[::1]:5", true), "https://[::1]:5");
        assert_eq!(listen("0.0.0.0:5", true), format!("https://{}:5", place.host_name()));
        drop(place);
        assert!(Place::take(dir.path().join("a")).is_ok());
    }
}
