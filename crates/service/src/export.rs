//! Exports of assets into files.
//!
//! An order becomes a task and a job in one transaction with its audit record. A worker writes the file
//! into the blob folder and ends both in one transaction, so that a task is either running, with a job that
//! some worker will pick up again, or it has its file. Tasks and files expire together.

mod cell;
mod columns;
mod csv;
mod file;
mod order;
mod shared;
mod sheet;
mod worker;
mod xlsx;

pub use cell::{Language, Zone};
pub use columns::keys;
pub use file::Format;
pub use muster_store::exports::Status;
pub use order::{Heading, Order};
pub use worker::start;

use crate::audit::{self, Outcome};
use crate::{App, Settings, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, ErrorKind, Micros, Result};
use muster_store::blobs::Blobs;
use muster_store::{exports, jobs, transact};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;
use uuid::Uuid;

/// Exports of one project that may be running at a time.
const MAX_RUNNING: i64 = 32;
/// Attempts at writing a file.
const ATTEMPTS: u32 = 3;
/// The jobs' queue.
const QUEUE: &str = "export";

/// How exports are written: `[export]` of the configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExportSettings {
    /// What lies inside the ZIP: `xlsx` or `csv`.
    pub format: Format,
    /// Zone of the times, by its name in the time zone database.
    pub time_zone: String,
    /// How long a task and its file are kept: 60 seconds to 30 days.
    pub keep_secs: i64,
    /// Files one process writes at a time, 1 to 16.
    pub parallel: usize,
}

impl ExportSettings {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// `Invalid`, naming the key and its limits.
    pub fn check(&self) -> Result<()> {
        if !(60..=2_592_000).contains(&self.keep_secs) {
            return Err(Error::invalid("export.keep_secs", "must be 60 to 2592000"));
        }
        if !(1..=16).contains(&self.parallel) {
            return Err(Error::invalid("export.parallel", "must be 1 to 16"));
        }
        Zone::named(&self.time_zone).map(drop)
    }
}

impl Default for ExportSettings {
    fn default() -> Self {
        Self {
            format: Format::Xlsx,
            time_zone: "UTC".to_owned(),
            keep_secs: 24 * 3600,
            parallel: 2,
        }
    }
}

/// What exports need while the product runs.
pub(crate) struct Exports {
    folder: PathBuf,
    blobs: Mutex<Option<Blobs>>,
    zone: Zone,
    ordered: Notify,
}

impl Exports {
    /// Reads the settings.
    ///
    /// # Errors
    /// `Invalid` for a zone that does not exist.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        Ok(Self {
            folder: settings.data_dir.join("blobs"),
            blobs: Mutex::new(None),
            zone: Zone::named(&settings.export.time_zone)?,
            ordered: Notify::new(),
        })
    }

    /// The folder of files, opened (and cleared of remnants) on first use. Blocks.
    fn blobs(&self) -> Result<Blobs> {
        let mut blobs = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        match &*blobs {
            Some(blobs) => Ok(blobs.clone()),
            None => Ok(blobs.insert(Blobs::open(&self.folder)?).clone()),
        }
    }
}

/// An export as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// How far it is.
    pub status: Status,
    /// The file, once there is one.
    pub file: Option<Written>,
}

/// A file that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

impl From<exports::Export> for Task {
    fn from(export: exports::Export) -> Self {
        let file = export.file_id.zip(export.file_name);
        Self {
            id: export.id,
            name: export.name,
            status: export.status,
            file: file.map(|(id, name)| Written { id, name }),
        }
    }
}

/// Orders an export and answers the id of its task.
///
/// # Errors
/// `Invalid`, naming the heading at fault; `RateLimited` while too many of the project's exports are
/// running; those of [`authz::require`] and of the database.
pub async fn create(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    order: Order,
) -> Result<String> {
    let key = authz::require(app, caller, Action::AssetExport, Some(project)).await?;
    order.sources()?;
    let now = app.now();
    let kind = order.ask.kind;
    let task = exports::Export {
        id: Uuid::new_v4().to_string(),
        project: key,
        created_by: caller.user_id.to_string(),
        name: format!("asset_{kind}_{}_export_task", stamp(now)),
        params: order.to_json()?,
        status: Status::Running,
        file_id: None,
        file_name: None,
        rows_done: 0,
        error: None,
        created_at: now,
        finished_at: None,
        expires_at: now.plus_secs(app.settings.export.keep_secs),
    };
    transact!(app.db, |tx| {
        if exports::running(tx, key, now).await? >= MAX_RUNNING {
            let message =
                "The throttling threshold has been reached: exports running in the project";
            return Err(Error::new(ErrorKind::RateLimited, message));
        }
        exports::create(tx, &task).await?;
        jobs::enqueue(tx, QUEUE, &task.id, ATTEMPTS, now, now).await?;
        let target = format!("export/{} {kind}", task.id);
        audit::append(tx, app, caller, Action::AssetExport, project.as_str(), &target).await
    })?;
    app.exports.ordered.notify_one();
    Ok(task.id)
}

/// How far an export is.
///
/// # Errors
/// `NotFound` for a task that never was, has expired or is another project's; those of
/// [`authz::require`] and of the database.
pub async fn task(app: &App, caller: &Caller, project: &ProjectId, id: &str) -> Result<Task> {
    let key = authz::require(app, caller, Action::AssetExport, Some(project)).await?;
    let target = format!("export/{}", id.chars().take(64).collect::<String>());
    let mut tx = app.db.read().await?;
    let found = exports::get(&mut tx, key, id, app.now()).await?;
    let outcome = if found.is_some() { Outcome::Success } else { Outcome::Failure };
    audit::note(app, caller, Action::AssetExport, project.as_str(), &target, outcome);
    Ok(found.ok_or_else(|| Error::not_found("task_id"))?.into())
}

/// A file on its way out.
pub struct Download {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// The bytes.
    pub content: tokio::fs::File,
}

/// Opens a file for the caller. That it leaves is recorded before it does.
///
/// # Errors
/// `NotFound` for a file that never was, has expired or is another project's; those of
/// [`authz::require`] and of the database.
pub async fn open(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    file_id: &str,
) -> Result<Download> {
    let key = authz::require(app, caller, Action::AssetExport, Some(project)).await?;
    let mut tx = app.db.read().await?;
    let found = exports::by_file(&mut tx, key, file_id, app.now()).await?;
    drop(tx);
    let task = found.ok_or_else(|| Error::not_found("file_id"))?;
    let (content, size) = shared::take(app, file_id).await?;
    transact!(app.db, |tx| {
        let target = format!("file/{file_id}");
        audit::append(tx, app, caller, Action::AssetExport, project.as_str(), &target).await
    })?;
    let content = tokio::fs::File::from_std(content);
    Ok(Download { name: task.file_name.unwrap_or_default(), size, content })
}

/// Runs what blocks where it may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// `20261121120000`, UTC: for names of tasks and files.
fn stamp(at: Micros) -> String {
    at.iso().bytes().filter(u8::is_ascii_digit).take(14).map(char::from).collect()
}
