//! Reports on their way to the one writer.
//!
//! Whoever comes while nobody writes takes everything that waits into one transaction, up to
//! [`GROUP`] reports; whoever comes meanwhile waits for the next. Under load commits are shared, without
//! load nobody waits for a timer.

use super::apply::{self, Outcome};
use crate::App;
use muster_model::proof::Proof;
use muster_model::report::{Reply, Report};
use muster_model::{Error, ErrorKind, Result};
use muster_store::agents::Agent;
use muster_store::transact;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// Reports in one transaction at most.
const GROUP: usize = 20;
/// Reports waiting at most. Each may hold megabytes.
const WAITING: usize = 200;

/// A proved report.
pub(super) struct Job {
    pub(super) agent: Agent,
    pub(super) proof: Proof,
    pub(super) report: Report,
}

type Waiting = (Job, oneshot::Sender<Result<Reply>>);

/// The queue.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<VecDeque<Waiting>>,
    writer: tokio::sync::Mutex<()>,
}

impl Queue {
    /// Waits for the report's turn and answers it.
    pub(super) async fn take(&self, app: &App, job: Job) -> Result<Reply> {
        let (sender, answer) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() >= WAITING {
                return Err(Error::new(ErrorKind::Unavailable, "too many reports are waiting"));
            }
            waiting.push_back((job, sender));
        }
        // On a task of its own: a client that hangs up must not take the others' reports with it.
        let app = app.clone();
        app.clone().tasks.spawn(async move { app.ingest.write(&app).await });
        answer.await.map_err(|_| Error::new(ErrorKind::Unavailable, "the server is stopping"))?
    }

    async fn write(&self, app: &App) {
        let _turn = self.writer.lock().await;
        let group: Vec<Waiting> = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let most = waiting.len().min(GROUP);
            waiting.drain(..most).collect()
        };
        if group.is_empty() {
            return;
        }
        let (jobs, senders): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let answers = match together(app, &jobs).await {
            Ok(answers) => answers,
            Err(_) if jobs.len() > 1 => {
                // One of them does not fit the store: each for itself.
                let mut answers = Vec::with_capacity(jobs.len());
                for job in jobs.chunks(1) {
                    answers
                        .extend(together(app, job).await.unwrap_or_else(|error| vec![Err(error)]));
                }
                answers
            }
            Err(error) => vec![Err(error)],
        };
        for (sender, answer) in senders.into_iter().zip(answers) {
            // Nobody may be waiting any more.
            let _ = sender.send(answer);
        }
    }
}

/// Applies reports in one transaction. A refusal is part of what is committed; an error undoes all.
async fn together(app: &App, jobs: &[Job]) -> Result<Vec<Result<Reply>>> {
    let now = app.now();
    let outcomes = transact!(app.db, |tx| apply::all(tx, app, jobs, now).await)?;
    let answers = outcomes.into_iter().map(|outcome| match outcome {
        Outcome::Reply(reply) => Ok(reply),
        Outcome::Refused(error) => Err(error),
    });
    Ok(answers.collect())
}
