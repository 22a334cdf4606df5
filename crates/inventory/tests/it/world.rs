//! A root and a proc directory to fill.

use muster_inventory::{Inventory, Limits, Options, Swept};
use muster_model::time::ManualClock;
use muster_model::{Clock, Kind, SystemClock};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) struct World {
    dir: tempfile::TempDir,
    pub(crate) clock: ManualClock,
}

impl World {
    /// The clock stands an hour ahead, so that the stamps of files just written count as settled.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("root")).unwrap();
        std::fs::create_dir_all(dir.path().join("proc")).unwrap();
        Self { dir, clock: ManualClock::at(SystemClock.now().plus_secs(3600)) }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join("root").join(path.trim_start_matches('/'))
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        put(&self.path(path), content.as_ref());
    }

    pub(crate) fn proc(&self, path: &str, content: impl AsRef<[u8]>) {
        put(&self.dir.path().join("proc").join(path), content.as_ref());
    }

    pub(crate) fn link(&self, path: &str, target: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    pub(crate) fn proc_link(&self, path: &str, target: &str) {
        let path = self.dir.path().join("proc").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            layouts: Vec::new(),
            scratch: None,
            root: self.dir.path().join("root"),
            proc: self.dir.path().join("proc"),
            containers: true,
            kinds: Kind::ALL.to_vec(),
            limits: Limits::default(),
            clock: Arc::new(self.clock.clone()),
        }
    }

    pub(crate) fn inventory(&self) -> Inventory {
        Inventory::new(self.options()).unwrap()
    }

    /// One kind, swept once.
    pub(crate) fn sweep(&self, kind: Kind) -> Swept {
        self.inventory().sweep(&[kind]).remove(0)
    }
}

fn put(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// The text values of one column, in order.
pub(crate) fn column(swept: &Swept, column: muster_model::Column) -> Vec<String> {
    let mut values: Vec<String> =
        swept.rows.iter().map(|row| row.fact.text(column).to_owned()).collect();
    values.sort();
    values
}
