//! Images are looked into by themselves: when they appear, when agents have learned to recognise more, and again where it failed.

use super::store::{automatic, tasks};
use crate::App;
use crate::background::every;
use muster_model::{Error, Result};
use muster_store::transact;
use muster_vault::random;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often is looked for images that want it.
const LOOK: Duration = Duration::from_secs(60);
/// Hosts heard of so long ago are asked, seconds.
const HEARD_FOR_SECS: i64 = 600;
/// After how long is tried again what failed, seconds.
const AGAIN_AFTER_SECS: i64 = 86_400;
/// The smallest limit, bytes.
const MIN_BYTES: i64 = 1 << 20;

/// Images on hosts: `[images]` of the configuration.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageSettings {
    /// Whether images are looked into that nobody asked for. Each agent has a switch of its own beside.
    pub scan: bool,
    /// Largest image that is looked into unasked, bytes as its store tells them, at least 1048576. Whoever asks for a larger one gets it.
    pub max_bytes: i64,
}

impl Default for ImageSettings {
    fn default() -> Self {
        Self { scan: true, max_bytes: 16 << 30 }
    }
}

impl ImageSettings {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// `Invalid` naming the key.
    pub fn check(&self) -> Result<()> {
        if self.max_bytes < MIN_BYTES {
            return Err(Error::invalid(
                "images.max_bytes",
                format_args!("must be at least {MIN_BYTES}"),
            ));
        }
        Ok(())
    }
}

/// Has images looked into from time to time that want it, unless that is switched off.
pub fn start(app: &App) {
    if app.settings.images.scan {
        let trouble = "images could not be looked through";
        let run = |app: App| async move { look(&app).await.map(drop) };
        app.tasks.spawn(every(app.clone(), LOOK, trouble, run));
    }
}

/// Asks for scans of the images that want one, in each project as one task. Answers how many.
///
/// # Errors
/// Those of the database.
pub async fn look(app: &App) -> Result<usize> {
    let now = app.now();
    let limits = automatic::Limits {
        max_bytes: app.settings.images.max_bytes,
        heard_since: now.plus_secs(-HEARD_FOR_SECS),
        failed_before: now.plus_secs(-AGAIN_AFTER_SECS),
    };
    let mut tx = app.db.read().await?;
    let mut asked = 0;
    let mut all = Vec::new();
    // Looked for in a snapshot first: nothing to do must not cost the one writer anything.
    for project in automatic::projects(&mut tx).await? {
        let (small, large) = automatic::wanted(&mut tx, project, limits).await?;
        if !small.is_empty() || !large.is_empty() {
            all.push(project);
        }
    }
    drop(tx);
    let why = format!("larger than images.max_bytes, {}", limits.max_bytes);
    for project in all {
        let id = random::id()?;
        asked += transact!(app.db, |tx| {
            let (small, large) = automatic::wanted(tx, project, limits).await?;
            if !large.is_empty() {
                automatic::too_large(tx, &large, &why, now).await?;
            }
            if !small.is_empty() {
                automatic::order(tx, &small, now).await?;
                let task = tasks::New { id: &id, kind: tasks::Kind::Cycle, whole: false };
                tasks::create(tx, project, &task, &small, now).await?;
            }
            Ok(small.len())
        })?;
    }
    Ok(asked)
}
