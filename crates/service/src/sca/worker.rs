//! The worker: claims tasks, has their artifacts taken apart, stores what was found, tells the end.

use super::engine::{self, Taken};
use super::outcome::{Artifact, Knowing, Numbered, Outcome};
use super::{Sca, callback, queue, rejudge};
use crate::app::App;
use crate::background::{Worker, every, serve};
use muster_model::{Error, ErrorKind, Micros, Result};
use muster_sca::Report;
use muster_store::jobs::{self, Job};
use muster_store::sca::{
    Document, File, Named, Status, Task, documents, edges, files, judging, numbers, results, tasks,
};
use muster_store::{Tx, transact};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::interval;

/// How long a claim lasts without being prolonged: what a killed worker keeps others waiting.
const LEASE_SECS: i64 = 20;
/// The same for a telling, which takes at most half of it.
const TELLING_SECS: i64 = 60;
/// Ends that are told at a time: one that is slow to hear must not keep the others waiting.
const TELLERS: usize = 4;
/// How often it is prolonged, the progress noted, and a cancelled task noticed.
const PROLONG: Duration = Duration::from_secs(2);
/// How often expired artifacts are looked for.
const CLEAR: Duration = Duration::from_secs(60);
/// How often it is looked whether other knowledge was taken in.
const REJUDGE: Duration = Duration::from_secs(10);
/// Artifacts cleared away at a time.
const CLEARED: u32 = 100;

/// Starts the analyses of what this process takes in, on its task tracker.
///
/// # Errors
/// `Unavailable` where the data folder cannot be written to.
pub fn start_analyses(app: &App) -> Result<()> {
    let queue = queue(app.sca.place.name()?);
    for _ in 0..app.settings.sca.parallel.max(1) {
        let worker = Analyses { app: app.clone(), queue: queue.clone() };
        app.tasks.spawn(serve(app.clone(), worker));
    }
    let trouble = "expired artifacts could not be cleared away";
    let clear = async |app: App| clear_expired(&app).await;
    app.tasks.spawn(every(app.clone(), CLEAR, trouble, clear));
    let trouble = "artifacts could not be judged by what is known now";
    let judge = async |app: App| rejudge::look(&app).await.map(drop);
    app.tasks.spawn(every(app.clone(), REJUDGE, trouble, judge));
    Ok(())
}

/// Starts the telling of ends, on the task tracker.
pub fn start_callbacks(app: &App) {
    for _ in 0..TELLERS {
        app.tasks.spawn(serve(app.clone(), Callbacks(app.clone())));
    }
}

struct Analyses {
    app: App,
    queue: String,
}

impl Worker for Analyses {
    fn queue(&self) -> &str {
        &self.queue
    }

    fn lease_secs(&self) -> i64 {
        LEASE_SECS
    }

    fn ordered(&self) -> Option<&Notify> {
        Some(&self.app.sca.ordered)
    }

    async fn attempt(&self, job: &Job) {
        settle(&self.app, job, run(&self.app, job).await).await;
    }

    /// A task whose last worker died has no job that is due any more, but has to end.
    async fn idle(&self) -> Result<()> {
        let abandoned = tasks::abandoned(&mut self.app.db.read().await?, &self.queue).await?;
        for task in abandoned {
            let why = "the analysis was tried three times and took its worker down each time";
            end(&self.app, &task, why).await?;
        }
        Ok(())
    }
}

struct Callbacks(App);

impl Worker for Callbacks {
    fn queue(&self) -> &str {
        callback::QUEUE
    }

    fn lease_secs(&self) -> i64 {
        TELLING_SECS
    }

    async fn attempt(&self, job: &Job) {
        settle(&self.0, job, callback::tell(&self.0, job).await).await;
    }
}

/// Notes what an attempt failed with.
async fn settle(app: &App, job: &Job, done: Result<()>) {
    let Err(error) = done else { return };
    if app.stop.is_cancelled() {
        // The next start goes on with it at once, and it was not the artifact's fault.
        if let Err(error) = transact!(app.db, |tx| jobs::give_back(tx, job).await) {
            tracing::warn!(?error, task = job.payload, "a task stays claimed for some seconds");
        }
        return;
    }
    tracing::warn!(?error, queue = job.queue, task = job.payload, attempt = job.attempt, "failed");
    if let Err(error) = note(app, job, &error).await {
        tracing::error!(?error, task = job.payload, "a failure could not be noted");
    }
}

/// A task that can only fail again ends at once; any other is tried again.
async fn note(app: &App, job: &Job, error: &Error) -> Result<()> {
    let (now, why) = (app.now(), error.message().to_owned());
    let final_verdict = matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Unsupported);
    let given_up = transact!(app.db, |tx| {
        if final_verdict && job.queue != callback::QUEUE {
            return jobs::finish(tx, job).await;
        }
        jobs::fail(tx, job, &why, now).await
    })?;
    if !given_up || job.queue == callback::QUEUE {
        return Ok(());
    }
    let key = job.payload.parse().map_err(Error::internal)?;
    let task = tasks::by_key(&mut app.db.read().await?, key).await?;
    match task {
        Some(task) => end(app, &task, &why).await,
        None => Ok(()),
    }
}

/// Ends a task without results and has that told.
async fn end(app: &App, task: &Task, why: &str) -> Result<()> {
    let now = app.now();
    transact!(app.db, |tx| {
        if tasks::fail(tx, task.key, why, now).await? {
            callback::enqueue(tx, task, now).await?;
        }
        Ok(())
    })
}

async fn run(app: &App, job: &Job) -> Result<()> {
    let (now, key) = (app.now(), job.payload.parse().map_err(Error::internal)?);
    let task = transact!(app.db, |tx| {
        if !tasks::start(tx, key, now).await? {
            jobs::finish(tx, job).await?;
            return Ok(None);
        }
        tasks::by_key(tx, key).await
    })?;
    let Some(task) = task else { return Ok(()) };
    let file = files::get(&mut app.db.read().await?, &task.file, now).await?;
    let file = file.ok_or_else(|| Error::invalid("fileId", "the artifact has expired"))?;
    let sha256 = file.content.as_ref().map(|(_, sha256)| sha256.clone()).unwrap_or_default();
    let (sender, progress) = watch::channel(0_u8);
    let mut work = Box::pin(async {
        let (path, name) = (app.sca.artifacts.file(&file.id), file.name.clone());
        let Taken { report, packed } = engine::run(app, path, &name, &sender).await?;
        let judged = tokio::task::spawn_blocking(judge(app, report, file));
        Ok::<_, Error>((judged.await.map_err(Error::internal)??, packed))
    });
    let mut prolong = interval(PROLONG);
    let (outcome, packed) = loop {
        tokio::select! {
            done = &mut work => break done?,
            _ = prolong.tick() => {
                let percent = *progress.borrow();
                keep(app, job, key, percent).await?;
            }
            () = app.stop.cancelled() => {
                return Err(Error::new(ErrorKind::Unavailable, "the server is stopping"));
            }
        }
    };
    drop(work);
    store(app, job, &task, outcome, packed.map(|report| Document { sha256, report })).await
}

/// What judges a report by what is known now. Blocks.
fn judge(
    app: &App,
    report: Report,
    file: File,
) -> impl FnOnce() -> Result<Outcome> + Send + 'static {
    let app = app.clone();
    move || {
        let (knowledge, licences) = (app.sca.knowledge(), app.sca.licences());
        let today = Sca::day(app.now());
        let knowing = Knowing {
            knowledge: knowledge.as_deref(),
            licences: licences.as_deref(),
            today: &today,
        };
        let sha256 = file.content.map(|(_, sha256)| sha256).unwrap_or_default();
        Outcome::of(report, knowing, Artifact { name: &file.name, sha256: &sha256 })
    }
}

/// Stores the results and ends task and job together.
async fn store(
    app: &App,
    job: &Job,
    task: &Task,
    outcome: Outcome,
    document: Option<Document>,
) -> Result<()> {
    let now = app.now();
    transact!(app.db, |tx| {
        if !jobs::finish(tx, job).await? {
            return Ok(()); // Another worker has it.
        }
        put(tx, task, &outcome, document.as_ref(), now).await?;
        if let Some((_, built)) = &outcome.judged_by {
            judging::note(tx, task.key, *built).await?;
        }
        if tasks::finish(tx, task.key, &outcome.coverage, now).await? {
            callback::enqueue(tx, task, now).await?;
        }
        Ok(())
    })
}

/// Puts what a task found in the place of what it had found before.
pub(super) async fn put(
    tx: &mut Tx,
    task: &Task,
    outcome: &Outcome,
    document: Option<&Document>,
    now: Micros,
) -> Result<Numbered> {
    let named: Vec<_> = outcome
        .vulnerabilities
        .values()
        .map(|known| Named { ids: known.ids.clone(), proposed: known.proposed_number() })
        .collect();
    results::clear(tx, task.key).await?;
    let known: Vec<_> = outcome.found.iter().map(|row| row.component.clone()).collect();
    let components = results::components(tx, task.project, &known).await?;
    let given = numbers::give(tx, &named).await?;
    let (vulnerabilities, findings) = outcome.numbered(&given)?;
    let knowledge = outcome.judged_by.as_ref().map_or("", |(digest, _)| digest.as_str());
    let keys = results::vulnerabilities(tx, &vulnerabilities, knowledge, now).await?;
    results::put_found(tx, task.key, &outcome.found, &components).await?;
    let pairs: Vec<_> = findings.iter().cloned().collect();
    results::put_findings(tx, task.key, &pairs, &keys, &components).await?;
    let licences: Vec<_> = outcome.licences.iter().cloned().collect();
    results::put_licences(tx, task.key, &licences, &components).await?;
    let edges: Vec<_> = outcome.edges.iter().cloned().collect();
    edges::put(tx, task.key, &edges, &components).await?;
    if let Some(document) = document {
        documents::put(tx, task.key, document).await?;
    }
    Ok((vulnerabilities, findings))
}

/// Prolongs the claim and notes the progress.
///
/// # Errors
/// `Conflict` when the task was cancelled or another worker has it.
async fn keep(app: &App, job: &Job, key: i64, percent: u8) -> Result<()> {
    let until = app.now().plus_secs(LEASE_SECS);
    let kept = transact!(app.db, |tx| {
        // 100 is for the end.
        tasks::progress(tx, key, percent.min(99)).await?;
        let task = tasks::by_key(tx, key).await?;
        if task.is_none_or(|task| task.status != Status::Running) {
            jobs::finish(tx, job).await?;
            return Ok(false);
        }
        jobs::extend(tx, job, until).await
    })?;
    let lost = "the task was cancelled, or another worker has taken it over";
    if kept { Ok(()) } else { Err(Error::conflict(lost)) }
}

/// Forgets tasks whose results have been kept long enough, then deletes expired artifacts.
async fn clear_expired(app: &App) -> Result<()> {
    let now = app.now();
    let before = now.plus_secs(-app.settings.sca.keep_results_secs);
    let old = tasks::outlived(&mut app.db.read().await?, before, now, CLEARED).await?;
    if !old.is_empty() {
        transact!(app.db, |tx| {
            for key in &old {
                tasks::delete(tx, *key).await?;
            }
            Ok(())
        })?;
    }
    clear_artifacts(app).await
}

/// Deletes expired artifacts, then their records: a crash in between leaves one to be deleted again.
async fn clear_artifacts(app: &App) -> Result<()> {
    let (now, place) = (app.now(), app.sca.place.name()?);
    let expired = files::expired(&mut app.db.read().await?, place, now, CLEARED).await?;
    if expired.is_empty() {
        return Ok(());
    }
    let (shared, gone) = (app.clone(), expired.clone());
    let deleted = tokio::task::spawn_blocking(move || {
        let blobs = shared.sca.artifacts.blobs()?;
        gone.iter().try_for_each(|file| blobs.delete(&file.id))
    });
    deleted.await.map_err(Error::internal)??;
    transact!(app.db, |tx| {
        for file in &expired {
            files::delete(tx, &file.id).await?;
        }
        Ok(())
    })
}
