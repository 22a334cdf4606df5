//! The worker: claims exports, writes their files, and clears away what has expired.

use super::file::{self, Job as File, Rows};
use super::order::Order;
use super::{QUEUE, blocking, shared, stamp};
use crate::App;
use crate::background::{Worker, every, serve};
use muster_model::{Category, Error, ErrorKind, Kind, Result};
use muster_store::assets::ExportCursor;
use muster_store::exports::{self, Status};
use muster_store::jobs::{self, Job};
use muster_store::transact;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::interval;
use uuid::Uuid;

/// How long a claim lasts without being prolonged: what a killed worker keeps others waiting.
const LEASE_SECS: i64 = 20;
/// How often it is prolonged.
const PROLONG: Duration = Duration::from_secs(5);
/// How often expired files are looked for.
const CLEAR: Duration = Duration::from_secs(60);
/// Files cleared away at a time.
const CLEARED: u32 = 100;
/// Hosts read ahead of the writer.
const AHEAD: usize = 2;

/// Starts the workers of this process on its task tracker.
pub fn start(app: &App) {
    for _ in 0..app.settings.export.parallel.max(1) {
        app.tasks.spawn(serve(app.clone(), Exports(app.clone())));
    }
    let trouble = "expired exports could not be cleared away";
    let clear = async |app: App| clear_expired(&app).await;
    app.tasks.spawn(every(app.clone(), CLEAR, trouble, clear));
}

struct Exports(App);

impl Worker for Exports {
    fn queue(&self) -> &str {
        QUEUE
    }

    fn lease_secs(&self) -> i64 {
        LEASE_SECS
    }

    fn ordered(&self) -> Option<&Notify> {
        Some(&self.0.exports.ordered)
    }

    async fn attempt(&self, job: &Job) {
        let app = &self.0;
        let Err(error) = run(app, job).await else { return };
        if app.stop.is_cancelled() {
            return; // The next start goes on with it.
        }
        tracing::error!(?error, task = job.payload, attempt = job.attempt, "an export failed");
        let (now, why) = (app.now(), error.message().to_owned());
        let noted = transact!(app.db, |tx| {
            if jobs::fail(tx, job, &why, now).await? {
                exports::fail(tx, &job.payload, &why, now).await?;
            }
            Ok(())
        });
        if let Err(error) = noted {
            tracing::error!(?error, task = job.payload, "a failed export could not be noted");
        }
    }
}

/// Writes the file of a task and ends task and job together.
async fn run(app: &App, job: &Job) -> Result<()> {
    let mut tx = app.db.read().await?;
    let task = exports::by_id(&mut tx, &job.payload).await?;
    drop(tx);
    let Some(task) = task.filter(|task| task.status == Status::Running) else {
        transact!(app.db, |tx| jobs::finish(tx, job).await)?;
        return Ok(());
    };
    let order = Order::from_json(&task.params)?;
    let name = format!("hss-asset-{}-{}", order.ask.kind, stamp(task.created_at));
    let file_id = Uuid::new_v4().to_string();
    let rows = write(app, job, order, task.project, &name, &file_id).await?;
    shared::give(app, &file_id).await?;
    let (now, file_name) = (app.now(), format!("{name}.zip"));
    let ended = transact!(app.db, |tx| {
        let ended = exports::succeed(tx, &task.id, &file_id, &file_name, rows, now).await?;
        jobs::finish(tx, job).await?;
        Ok(ended)
    });
    if !matches!(ended, Ok(true)) {
        // Another worker was faster, or nobody will ever know of this file.
        shared::drop_file(app, &file_id).await?;
    }
    ended.map(drop)
}

async fn write(
    app: &App,
    job: &Job,
    order: Order,
    project: i64,
    name: &str,
    file_id: &str,
) -> Result<i64> {
    let sources = order.sources()?;
    // Kernel modules are the host's: a container has none, whatever the store holds.
    let none = order.ask.kind == Kind::KernelModule && order.ask.category == Category::Container;
    let mut cursor = ExportCursor::open(&app.db, order.ask.query(project)).await?;
    let file = File {
        rows: cursor.total().await?,
        order,
        sources,
        format: app.settings.export.format,
        zone: app.exports.zone.clone(),
        name: name.to_owned(),
        now: app.now(),
        temporary: app.exports.folder.clone(),
    };
    let (sender, receiver) = mpsc::channel(AHEAD);
    let (shared, id) = (app.clone(), file_id.to_owned());
    let mut writer = Box::pin(blocking(move || {
        file::write(&file, shared.exports.blobs()?.create(&id)?, receiver)
    }));
    let mut prolong = interval(PROLONG);
    let mut next = Some(if none { Rows::End } else { Rows::Batch(Vec::new()) });
    let mut done = 0;
    loop {
        // Reading, writing and keeping the claim go on side by side.
        tokio::select! {
            written = &mut writer => return written,
            _ = prolong.tick() => keep(app, job, done).await?,
            () = app.stop.cancelled() => {
                return Err(Error::new(ErrorKind::Unavailable, "the server is stopping"));
            }
            room = sender.reserve(), if next.is_some() => {
                // Without a receiver the writer has failed, and says so itself.
                if let (Ok(room), Some(rows)) = (room, next.take()) {
                    let last = matches!(rows, Rows::End);
                    room.send(rows);
                    if !last {
                        next = Some(match cursor.next_batch().await? {
                            Some(batch) => {
                                done += i64::try_from(batch.len()).unwrap_or_default();
                                Rows::Batch(batch)
                            }
                            None => Rows::End,
                        });
                    }
                }
            }
        }
    }
}

/// Prolongs the claim and notes the progress.
async fn keep(app: &App, job: &Job, rows: i64) -> Result<()> {
    let until = app.now().plus_secs(LEASE_SECS);
    let kept = transact!(app.db, |tx| {
        exports::progress(tx, &job.payload, rows).await?;
        jobs::extend(tx, job, until).await
    })?;
    if kept {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Conflict, "another worker has taken the export over"))
    }
}

/// Deletes expired files, then their tasks: a crash in between leaves a task to be deleted again.
pub(super) async fn clear_expired(app: &App) -> Result<()> {
    let now = app.now();
    let mut tx = app.db.read().await?;
    let expired = exports::expired(&mut tx, now, CLEARED).await?;
    drop(tx);
    shared::drop_orphans(app).await?;
    if expired.is_empty() {
        return Ok(());
    }
    for file_id in expired.iter().filter_map(|task| task.file_id.as_deref()) {
        shared::drop_file(app, file_id).await?;
    }
    transact!(app.db, |tx| {
        for task in &expired {
            exports::delete(tx, &task.id).await?;
        }
        Ok(())
    })
}
