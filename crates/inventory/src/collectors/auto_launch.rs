//! Whatever starts by itself: services, timed tasks, preloaded libraries, scripts of log-ins, devices
//! and other events.
//!
//! Everything is read from disk, so that a root without a running init system tells the same.

mod cron;
mod events;
mod login;
mod preload;
mod systemd;
mod sysv;
mod udev;

use crate::collector::{Collector, Findings};
use crate::collectors::process::masking::masked;
use crate::files::Files;
use crate::host::Host;
use crate::names::MAX_BYTES;
use muster_formats::passwd;
use muster_model::Kind;
use muster_model::asset;
use muster_model::report::Volatile;
use std::collections::BTreeSet;
use std::path::Path;

/// Largest unit, crontab or script that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
/// Most home directories that are looked into.
const MAX_HOMES: usize = 10_000;

/// The vendor's type codes of what there is on Linux.
mod code {
    pub(super) const SERVICE: u16 = 0;
    pub(super) const TIMED_TASK: u16 = 1;
    pub(super) const PRELOADED_LIBRARY: u16 = 2;
    pub(super) const STARTUP_FOLDER: u16 = 4;
}

/// Auto-started items.
pub(crate) struct AutoLaunch;

impl Collector for AutoLaunch {
    fn kind(&self) -> Kind {
        Kind::AutoLaunch
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        let homes = homes(host.files());
        let mut sink = Sink { host, out };
        let system = systemd::collect(&mut sink, &homes);
        sysv::collect(&mut sink, &system);
        cron::collect(&mut sink);
        preload::collect(&mut sink);
        login::collect(&mut sink, &homes);
        udev::collect(&mut sink);
        events::collect(&mut sink);
    }
}

/// Where the finders put what they find.
struct Sink<'a, 'h> {
    host: &'a Host<'h>,
    out: &'a mut Findings,
}

impl<'h> Sink<'_, 'h> {
    fn files(&self) -> &'h Files {
        self.host.files()
    }

    fn text(&self, path: impl AsRef<Path>) -> String {
        self.files().text(path, MAX_FILE).unwrap_or_default()
    }

    /// Adds an item, with the hash and times of its file and the secrets in its command masked.
    fn push(&mut self, mut item: asset::AutoLaunch) {
        item.args = masked("sh", [item.args.as_str()]);
        let stat = self.files().stat(&item.path).filter(crate::files::Stat::is_file);
        if stat.is_some() {
            item.hash = self.files().sha256(&item.path).unwrap_or_default();
        }
        let volatile = Volatile {
            ctime: stat.map(|stat| stat.ctime),
            mtime: stat.map(|stat| stat.mtime),
            ..Volatile::default()
        };
        self.out.push(item, volatile);
    }

    /// The name of a user that is given by number or by name.
    fn user(&self, user: &str) -> String {
        let name = user.parse().ok().and_then(|uid| self.host.user_name(uid));
        name.unwrap_or_else(|| user.to_owned())
    }
}

/// An item of the given kind of source.
fn item(source: &str, code_type: u16, name: &str, path: &Path) -> asset::AutoLaunch {
    let mut item = asset::AutoLaunch {
        name: name.to_owned(),
        code_type,
        path: path.to_string_lossy().into_owned(),
        ..asset::AutoLaunch::default()
    };
    item.evidence.insert("source".to_owned(), source.into());
    item
}

/// An account and its home directory, where that exists. Of accounts that share one, the first.
struct Home {
    user: String,
    path: String,
}

fn homes(files: &Files) -> Vec<Home> {
    let accounts = passwd::accounts(&files.text("/etc/passwd", MAX_BYTES).unwrap_or_default());
    let mut seen = BTreeSet::new();
    let mut homes = Vec::new();
    for account in accounts {
        let path = account.home.trim_end_matches('/').to_owned();
        // The account `sys` is at home where nobody leaves a file, and where every container has a file system of its own.
        let is_new = !matches!(path.as_str(), "" | "/dev" | "/proc" | "/sys");
        let is_new = is_new && seen.insert(path.clone());
        if is_new && homes.len() < MAX_HOMES && files.stat(&path).is_some_and(|stat| stat.is_dir())
        {
            homes.push(Home { user: account.name, path });
        }
    }
    homes
}
