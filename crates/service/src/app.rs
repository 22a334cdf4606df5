//! What every service function works with.

use crate::audit;
use crate::audit::checkpoints::{self, CheckPoints};
use crate::certificates::revocations::Lists;
use crate::export::Exports;
use crate::identity::Identity;
use crate::limits::Limiter;
use crate::sca::Sca;
use crate::settings::Settings;
use muster_model::id::UserId;
use muster_model::{Clock, Error, Micros, Result};
use muster_store::Db;
use muster_store::trail::{Disk, FileSystem, Opened, Trail};
use muster_vault::Keyring;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often a server looks whether another one changed identities.
const LOOK: Duration = Duration::from_millis(500);
/// Looks between two stores of when access keys were used.
const LOOKS_A_STORE: u32 = 60;

/// The running product. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`], reached by dereferencing it.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The root keys.
    pub vault: Keyring,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the operator set.
    pub settings: Settings,
    /// Every background task is spawned here, so that a stop waits for it.
    pub tasks: TaskTracker,
    /// Cancelled when the product stops.
    pub stop: CancellationToken,
    /// Who is who.
    pub identity: Identity,
    pub(crate) owner_keys: crate::sealing::OwnerKeys,
    pub(crate) trail: Trail,
    pub(crate) checkpoints: CheckPoints,
    pub(crate) audit: audit::Queue,
    pub(crate) ingest: crate::ingest::Queue,
    pub(crate) exports: Exports,
    pub(crate) keypairs: crate::keypairs::Keypairs,
    pub(crate) secrets: Limiter<UserId>,
    /// One certificate at a time is put somewhere.
    pub(crate) deploying: tokio::sync::Mutex<()>,
    pub(crate) revocations: Lists,
    pub(crate) sca: Sca,
}

impl App {
    /// Puts the parts together and starts what runs beside the requests.
    ///
    /// # Errors
    /// Those of the database; `Internal` if its secrets were sealed by another root key; `Unavailable`
    /// or `Conflict` if the audit trail in the data folder cannot be written by this process.
    pub async fn open(
        db: Db,
        vault: Keyring,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Result<Self> {
        Self::open_on(db, vault, clock, settings, Box::new(FileSystem)).await
    }

    /// [`App::open`] with another disk under the audit trail: tests are the disk that hangs.
    ///
    /// # Errors
    /// Those of [`App::open`].
    pub async fn open_on(
        db: Db,
        vault: Keyring,
        clock: Arc<dyn Clock>,
        settings: Settings,
        disk: Box<dyn Disk>,
    ) -> Result<Self> {
        let identity = Identity::open(&db, &vault, clock.now(), settings.token_secs).await?;
        let checkpoints = CheckPoints::open(&db, &vault, clock.now()).await?;
        let folder = settings.data_dir.join("audit");
        let opened = tokio::task::spawn_blocking(move || {
            let mut opened = Trail::open(&folder, disk)?;
            let end = opened.trail.end().map_or(0, |end| end.seq);
            opened.remarks.extend(checkpoints::remark(&folder, opened.trail.node(), end));
            Ok::<_, Error>(opened)
        });
        let Opened { trail, remarks } = opened.await.map_err(Error::internal)??;
        for remark in remarks {
            tracing::warn!(remark, "the audit trail was not as it was left");
        }
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let exports = Exports::new(&settings)?;
        let keypairs = crate::keypairs::Keypairs::new(&settings);
        let revocations = Lists::new(&settings.certificates)?;
        let sca = Sca::new(&settings)?;
        let index = audit::Index {
            db: db.clone(),
            folder: settings.data_dir.join("audit"),
            node: trail.node().to_owned(),
        };
        match index.catch_up().await {
            Ok(0) => {}
            Ok(added) => tracing::warn!(added, "the audit log lacked records of the trail"),
            Err(error) => tracing::error!(?error, "the audit log may lack records of the trail"),
        }
        let (audit, writer) = audit::Queue::new(index, stop.clone());
        tasks.spawn(writer);
        let ingest = crate::ingest::Queue::default();
        let app = Self(Arc::new(Parts {
            db,
            vault,
            clock,
            settings,
            tasks,
            stop,
            identity,
            owner_keys: crate::sealing::OwnerKeys::default(),
            trail,
            checkpoints,
            audit,
            ingest,
            exports,
            keypairs,
            secrets: Limiter::new(),
            deploying: tokio::sync::Mutex::new(()),
            revocations,
            sca,
        }));
        app.tasks.spawn(keep_identities(app.clone()));
        app.tasks.spawn(checkpoints::keep(app.clone()));
        Ok(app)
    }

    /// The time now.
    pub fn now(&self) -> Micros {
        self.clock.now()
    }

    /// Stops every background task and waits until all have ended what they are at.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.trail.close().await;
        checkpoints::last(self).await;
        self.db.close().await;
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Follows changes other servers make, and stores when access keys were used.
async fn keep_identities(app: App) {
    let mut looks = 0_u32;
    loop {
        let stopping = tokio::select! {
            () = tokio::time::sleep(LOOK) => false,
            () = app.stop.cancelled() => true,
        };
        looks = looks.wrapping_add(1);
        if stopping || looks.is_multiple_of(LOOKS_A_STORE) {
            trouble(app.identity.store_uses(&app.db).await);
        }
        if stopping {
            return;
        }
        trouble(app.identity.refresh(&app.db, &app.vault).await);
    }
}

fn trouble(done: Result<()>) {
    if let Err(error) = done {
        tracing::warn!(?error, "identities could not be kept up to date");
    }
}
