//! Work beside the requests: queues that are served, and what is done from time to time. All of it ends with the
//! server.

use crate::App;
use muster_model::Result;
use muster_store::jobs::{self, Job};
use muster_store::transact;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// How often a queue is looked at unasked: for jobs of other servers and of workers that died.
const LOOK: Duration = Duration::from_secs(1);

/// Carries out the jobs of a queue.
pub(crate) trait Worker: Send + Sync + 'static {
    /// Name of the queue.
    fn queue(&self) -> &str;

    /// How long a claim lasts without being prolonged, in seconds: what a killed worker keeps others waiting.
    fn lease_secs(&self) -> i64;

    /// What tells of jobs this process puts in.
    fn ordered(&self) -> Option<&Notify> {
        None
    }

    /// One attempt at a job. Ends the job or has it tried again, whatever comes of it.
    fn attempt(&self, job: &Job) -> impl Future<Output = ()> + Send;

    /// What is to be done whenever nothing is due.
    fn idle(&self) -> impl Future<Output = Result<()>> + Send {
        async { Ok(()) }
    }
}

/// Serves a queue, job by job, until the server stops.
pub(crate) async fn serve(app: App, worker: impl Worker) {
    while !app.stop.is_cancelled() {
        let found = match claim(&app, &worker).await {
            Ok(None) => worker.idle().await.map(|()| None),
            found => found,
        };
        match found {
            Ok(Some(job)) => worker.attempt(&job).await,
            Ok(None) => tokio::select! {
                () = told(worker.ordered()) => {}
                () = sleep(LOOK) => {}
                () = app.stop.cancelled() => {}
            },
            Err(error) => {
                tracing::error!(?error, queue = worker.queue(), "a queue cannot be read");
                sleep(LOOK).await;
            }
        }
    }
}

async fn told(ordered: Option<&Notify>) {
    match ordered {
        Some(ordered) => ordered.notified().await,
        None => std::future::pending().await,
    }
}

async fn claim(app: &App, worker: &impl Worker) -> Result<Option<Job>> {
    let (now, queues) = (app.now(), [worker.queue()]);
    // Asked of a snapshot first: an empty queue must not cost the one writer anything.
    let mut tx = app.db.read().await?;
    if !jobs::any_due(&mut tx, &queues, now).await? {
        return Ok(None);
    }
    drop(tx);
    transact!(app.db, |tx| jobs::claim(tx, &queues, worker.lease_secs(), now).await)
}

/// Does something now and again after each `pause`. What goes wrong is logged as `trouble`, and tried again.
pub(crate) async fn every<Done>(
    app: App,
    pause: Duration,
    trouble: &'static str,
    work: impl Fn(App) -> Done,
) where
    Done: Future<Output = Result<()>>,
{
    while !app.stop.is_cancelled() {
        if let Err(error) = work(app.clone()).await {
            tracing::error!(?error, "{trouble}");
        }
        tokio::select! {
            () = sleep(pause) => {}
            () = app.stop.cancelled() => {}
        }
    }
}
