//! What the agent sweeps with: the host's inventory, or something else in tests.

use crate::config::LiveConfig;
use crate::sync::Swept;
use muster_inventory::live::{self, Dirt, Waker};
use muster_inventory::{Inventory, Standing};
use muster_model::container::{Allowed, Details};
use muster_model::host::HostProfile;
use muster_model::image::Image;
use muster_model::report::Scope;
use muster_model::{Diagnostic, Fact, Kind};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a sweep found.
#[derive(Clone, Debug, Default)]
pub struct Sweep {
    /// The kinds that could be swept. Of another kind nothing is known, which is not the same as none.
    pub kinds: Vec<Kind>,
    /// Every scope of these kinds.
    pub scopes: Vec<Swept>,
    /// Why kinds could not be swept, also those of which an earlier sweep's rows stand.
    pub failed: BTreeMap<Kind, String>,
    /// What troubled it, by kind.
    pub troubles: BTreeMap<Kind, Vec<Diagnostic>>,
    /// Every container that ran, unless the sweep did not get so far.
    pub containers: Option<Vec<Details>>,
    /// Every image on the disks, likewise.
    pub images: Option<Vec<Image>>,
    /// CPU time it took, on whatever thread.
    pub cpu: Duration,
}

/// A source of scopes.
pub trait Sweeper {
    /// The host's description.
    fn profile(&mut self) -> HostProfile;

    /// Whether containers are guarded, as the server last said, and which files they are not to change then.
    fn guard(&mut self, guard: Option<&[String]>);

    /// The containers of these images are to run these programs alone; those of others may run any.
    fn block(&mut self, allowed: &[Allowed]);

    /// What software is in an image of this host and which layer brought each piece, or why that cannot be told.
    fn contents(&mut self, id: &str) -> Result<Contained, String>;

    /// Watches from now on what happens between sweeps, and calls the waker when there is dirt.
    fn watch(&mut self, live: &LiveConfig, waker: Waker);

    /// What the watch has found since it was last asked.
    fn dirt(&mut self) -> Dirt;

    /// What the last sweeps found was told.
    fn told(&mut self);

    /// Sweeps these kinds, as far as it can; quickly: only what an event may have changed.
    fn sweep(&mut self, kinds: &[Kind], quickly: bool) -> Sweep;
}

/// Pieces of software, and which layer brought each, counted from the lowest.
pub type Contained = (Vec<Fact>, Vec<Option<u16>>);

impl Sweeper for Inventory {
    fn profile(&mut self) -> HostProfile {
        Self::profile(self)
    }

    fn guard(&mut self, guard: Option<&[String]>) {
        Self::guard(self, guard);
    }

    fn block(&mut self, allowed: &[Allowed]) {
        Self::block(self, allowed);
    }

    fn contents(&mut self, id: &str) -> Result<Contained, String> {
        Self::contents(self, id)
    }

    fn watch(&mut self, live: &LiveConfig, waker: Waker) {
        let options = live::Options {
            processes: live.processes,
            files: live.files,
            listeners: live.listeners,
            buffer: live.buffer_kb.saturating_mul(1024),
            ..live::Options::default()
        };
        Self::watch(self, &options, waker);
    }

    fn dirt(&mut self) -> Dirt {
        Self::dirt(self)
    }

    fn told(&mut self) {
        Self::told(self);
    }

    fn sweep(&mut self, kinds: &[Kind], quickly: bool) -> Sweep {
        let mut sweep = Sweep::default();
        let found = if quickly { self.sweep_quickly(kinds) } else { Self::sweep(self, kinds) };
        for swept in found {
            sweep.cpu += Duration::from_micros(swept.cpu_us);
            // What fails in one container only troubles; where the host itself fails, so does the kind.
            if swept.standing != Standing::Fresh && swept.container.is_none() {
                let why =
                    swept.diagnostics.first().map(|it| format!("{}: {}", it.code, it.message));
                sweep.failed.insert(swept.kind, why.unwrap_or_default());
            }
            if !swept.diagnostics.is_empty() {
                sweep.troubles.entry(swept.kind).or_default().extend(swept.diagnostics);
            }
            if swept.standing == Standing::Unknown {
                continue;
            }
            if swept.container.is_none() {
                sweep.kinds.push(swept.kind);
            }
            sweep.scopes.push(Swept {
                scope: Scope { kind: swept.kind, container: swept.container },
                digest: swept.digest,
                swept_at: swept.swept_at,
                rows: swept.rows,
                keys: swept.keys,
            });
        }
        sweep.containers = self.containers().map(<[Details]>::to_vec);
        sweep.images = self.images().map(<[Image]>::to_vec);
        sweep
    }
}
