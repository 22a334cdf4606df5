//! Composition analysis of artifacts: what is inside, under which licences, with which known vulnerabilities.
//!
//! An artifact is announced and put ([`uploads`]), a task is made of it ([`tasks`]), a worker has it taken
//! apart by the engine in a process of its own and stores what was found, and its maker is told ([`results`]).

mod callback;
pub mod documents;
mod engine;
pub mod keys;
pub mod licences;
mod outcome;
mod place;
pub mod policies;
pub mod rejudge;
pub mod results;
pub mod scan;
mod settings;
pub mod tasks;
pub mod uploads;
pub mod vulnerability;
pub mod waiting;
pub mod whereabouts;
mod worker;

pub use engine::{NOT_APART, PROGRESS};
pub use muster_store::sca::{Key, Policy, Status, Task};
pub use outcome::{LANGUAGES, NONE, NOT_CHECKED, UNGRADED};
pub use settings::{Isolation, ScaSettings};
pub use worker::{start_analyses, start_callbacks};

use crate::app::App;
use crate::authz;
use crate::export::Zone;
use crate::folder::Folder;
use crate::identity::Attempts;
use crate::settings::Settings;
use licences::Index;
use muster_advisory::{Knowledge, Live};
use muster_egress::Egress;
use muster_model::{Action, Caller, Micros, Result};
use place::Place;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::Notify;

/// What composition analysis needs while the product runs.
pub(crate) struct Sca {
    /// Artifacts, by their ids.
    pub(crate) artifacts: Folder,
    place: Place,
    /// Artifacts that are coming in.
    receiving: Mutex<HashSet<String>>,
    pub(crate) egress: Egress,
    /// Wrong signatures in a row, by key and where they come from.
    locks: Attempts<(String, IpAddr)>,
    knowledge: Live,
    /// The licences of the state of knowledge with this digest.
    licences: RwLock<Option<(String, Arc<Index>)>>,
    zone: Zone,
    ordered: Notify,
}

impl Sca {
    /// Reads the settings.
    ///
    /// # Errors
    /// `Invalid`, naming the one at fault.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        Ok(Self {
            artifacts: Folder::new(settings.data_dir.join("artifacts")),
            place: Place::of(&settings.data_dir),
            receiving: Mutex::default(),
            egress: Egress::new(&settings.egress)?,
            locks: Attempts::new(),
            knowledge: muster_advisory::current(&settings.data_dir),
            licences: RwLock::default(),
            zone: Zone::named(&settings.sca.time_zone)?,
            ordered: Notify::new(),
        })
    }
}

impl Sca {
    /// The knowledge base as of now, if there is one.
    fn knowledge(&self) -> Option<Arc<Knowledge>> {
        self.knowledge.get().ok()
    }

    /// The day of a moment, `2026-11-25`: what ends of maintenance are compared with.
    fn day(now: Micros) -> String {
        now.iso().get(..10).unwrap_or_default().to_owned()
    }

    /// The licences it describes. Blocks for some ten milliseconds when it is another one than before.
    fn licences(&self) -> Option<Arc<Index>> {
        let knowledge = self.knowledge()?;
        let digest = knowledge.digest();
        if let Some((known, index)) = &*self.licences.read().unwrap_or_else(PoisonError::into_inner)
            && *known == digest
        {
            return Some(Arc::clone(index));
        }
        let index = Arc::new(Index::of(&knowledge));
        let mut held = self.licences.write().unwrap_or_else(PoisonError::into_inner);
        *held = Some((digest, Arc::clone(&index)));
        Some(index)
    }
}

/// The queue of the analyses of artifacts in one folder.
fn queue(place: &str) -> String {
    format!("sca/{place}")
}

/// A moment on this API's wire: `2026-11-21 12:00:00` in the configured zone; empty for none.
pub fn wall(app: &App, at: Option<Micros>) -> String {
    at.and_then(|at| app.sca.zone.wall(at)).unwrap_or_default()
}

/// Whether the caller may look into dictionaries: whoever may follow a task.
///
/// # Errors
/// Those of [`authz::require`].
pub async fn dictionary_access(app: &App, caller: &Caller) -> Result<()> {
    authz::require(app, caller, Action::ScaTaskGet, None).await.map(drop)
}
