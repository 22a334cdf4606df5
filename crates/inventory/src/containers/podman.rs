//! The labels of Podman's containers and what it publishes of them, which are in its database alone: a container's configuration is
//! a JSON text there.
//!
//! | Podman | where |
//! |---|---|
//! | up to 4, and 5 where it was there before | `STORAGE/libpod/bolt_state.db`, bbolt: `ctr/ID/config` |
//! | from 5 on | `STORAGE/db.sql`, SQLite: the table `ContainerConfig` (`ID`, `Name`, `PodID`, `JSON`) |

use crate::bolt;
use crate::files::Files;
use muster_formats::read_at::{ReadAt, SizedFile};
use muster_formats::sqlite;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Largest SQLite database read, bytes: it is read whole.
const MAX_DATABASE: u64 = 256 << 20;

type Labels = BTreeMap<String, String>;

/// What is read of a container's configuration.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(super) struct Config {
    #[serde(default)]
    labels: Option<Labels>,
    /// What is published of it.
    #[serde(rename = "newPortMappings", default)]
    ports: Option<Vec<Mapping>>,
}

/// So many ports in a row are published on as many of the host.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(super) struct Mapping {
    /// Empty for all addresses.
    #[serde(default)]
    pub(super) host_ip: String,
    pub(super) container_port: u16,
    pub(super) host_port: u16,
    #[serde(default)]
    pub(super) range: u16,
    /// `tcp`, `udp` or `sctp`, or several of them with commas between.
    #[serde(default)]
    pub(super) protocol: String,
}

/// The labels of the container with this id in this storage.
pub(super) fn labels(storage: &Path, id: &str, files: &Files) -> Labels {
    config(storage, id, files).and_then(|config| config.labels).unwrap_or_default()
}

/// What is published of it; none where there is no such container.
pub(super) fn ports(storage: &Path, id: &str, files: &Files) -> Option<Vec<Mapping>> {
    Some(config(storage, id, files)?.ports.unwrap_or_default())
}

fn config(storage: &Path, id: &str, files: &Files) -> Option<Config> {
    in_bolt(storage, id, files).or_else(|| in_sqlite(storage, id, files))
}

fn of(config: &[u8]) -> Option<Config> {
    serde_json::from_slice(config).ok()
}

fn in_bolt(storage: &Path, id: &str, files: &Files) -> Option<Config> {
    let config = bolt::ask(files, &storage.join("libpod/bolt_state.db"), |database| {
        match bolt::below(database, &database.root(), &["ctr", id])? {
            Some(container) => container.get(database, b"config"),
            None => Ok(None),
        }
    });
    of(&config?.ok()??)
}

/// Configurations by the id of their container.
struct Read(HashMap<String, Config>);

/// What is committed lies in the log beside the database until somebody carries it over: as long as there is one, it changes, and
/// else the database does.
fn in_sqlite(storage: &Path, id: &str, files: &Files) -> Option<Config> {
    let (database, log) = (storage.join("db.sql"), storage.join("db.sql-wal"));
    let logged = files.stat(&log).is_some_and(|it| it.size > 0);
    let read = files.parsed(if logged { &log } else { &database }, MAX_DATABASE, |_| {
        let open = |path: &Path| SizedFile::new(files.open(path, MAX_DATABASE)?).ok();
        let log = open(&log).filter(|_| logged);
        let log = log.as_ref().map(|log| log as &dyn ReadAt);
        let mut found = HashMap::new();
        if let Some(database) = open(&database) {
            // What could be read of one that is damaged, or is written to this moment.
            let _ = sqlite::rows(&database, log, "ContainerConfig", &mut |row| {
                let (id, config) = (row.column(0)?, row.column(3)?);
                if let (Ok(id), Some(config)) = (std::str::from_utf8(id), of(config)) {
                    found.insert(id.to_owned(), config);
                }
                Ok(())
            });
        }
        Read(found)
    });
    read?.0.get(id).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn what_is_published_is_read_beside_the_labels() {
        let text =
            br#"{"id":"x","labels":null,"newPortMappings":[{"host_ip":"","container_port":80,
            "host_port":8080,"range":1,"protocol":"tcp"}]}"#;
        let config = of(text).unwrap();
        let mapping = Mapping {
            host_ip: String::new(),
            container_port: 80,
            host_port: 8080,
            range: 1,
            protocol: "tcp".to_owned(),
        };
        assert_eq!(config, Config { labels: None, ports: Some(vec![mapping]) });
        assert_eq!(of(br#"{"newPortMappings":null}"#), Some(Config::default()));
        assert_eq!(of(br#"{"newPortMappings":[{"container_port":70000,"host_port":1}]}"#), None);
    }

    /// As Podman 5 makes it: a container whose configuration takes several pages, one without labels, and one that is in the log alone.
    #[test]
    fn labels_are_read_from_the_database_and_from_the_log_beside_it() {
        let unpacked = |bytes: &[u8]| {
            let mut all = Vec::new();
            flate2::read::GzDecoder::new(bytes).read_to_end(&mut all).unwrap();
            all
        };
        let (files, folder) = crate::files::of(&[]);
        let storage = Path::new("/s");
        let id = "0123456789abcdef".repeat(4);
        assert!(labels(storage, &id, &files).is_empty());
        std::fs::create_dir(folder.path().join("s")).unwrap();
        let at = |name: &str| folder.path().join("s").join(name);
        std::fs::write(at("db.sql"), unpacked(include_bytes!("podman5.sql.gz"))).unwrap();
        let told = |id: &str| labels(storage, id, &files);
        let expected = [("long", "%é"), ("tier", "edge")];
        let expected: Labels = expected.map(|(key, it)| (key.to_owned(), it.to_owned())).into();
        assert_eq!(told(&id), expected);
        assert!(told(&"f".repeat(64)).is_empty());
        assert!(told(&"e".repeat(64)).is_empty());
        std::fs::write(at("db.sql-wal"), unpacked(include_bytes!("podman5.sql-wal.gz"))).unwrap();
        assert_eq!(told(&"e".repeat(64))["tier"], "late");
        assert_eq!(told(&id), expected);
        std::fs::write(at("db.sql"), "SQLite format 3\0and no more").unwrap();
        std::fs::write(at("db.sql-wal"), "").unwrap();
        assert!(told(&id).is_empty());
    }
}
