//! Who did what to what, with which outcome.
//!
//! What changes or hands out something is recorded in its own transaction ([`record`] and the store's
//! `append`): no record, no act. Reads and refusals go through [`note`], which never waits: a bounded
//! queue, written in batches once a second and at the stop. What does not fit is counted and logged.

use crate::app::App;
use muster_model::{Action, Caller, Credential, Micros};
use muster_store::audit::Record;
use muster_store::{Db, Tx, transact};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Records waiting to be written at most.
const QUEUE: usize = 16 * 1024;
/// Records of one transaction at most.
const BATCH: usize = 1000;
/// How long a record waits for others.
const PAUSE: Duration = Duration::from_secs(1);

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Success,
    /// Not allowed.
    Denied,
    /// Tried and failed.
    Failure,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Failure => "failure",
        }
    }
}

/// A record of what `caller` did. `project` is an id or empty; `target` names the thing
/// (`access_key/AK…`); never a secret in either.
pub fn record(
    now: Micros,
    caller: &Caller,
    action: Action,
    project: &str,
    target: &str,
    outcome: Outcome,
) -> Record {
    Record {
        at: now,
        request_id: caller.request_id.clone(),
        domain_id: caller.domain_id.to_string(),
        project_id: project.to_owned(),
        user_id: caller.user_id.to_string(),
        user_name: caller.user_name.clone(),
        credential: match &caller.credential {
            Credential::Token => "token".to_owned(),
            Credential::AccessKey(access) => format!("access_key:{access}"),
            Credential::Local => "local".to_owned(),
        },
        action: action.name().to_owned(),
        target: target.to_owned(),
        outcome: outcome.name().to_owned(),
        detail: String::new(),
    }
}

/// Records a success in the transaction that brings it about.
///
/// # Errors
/// Those of the database; then the transaction must not be committed.
pub async fn append(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    action: Action,
    project: &str,
    target: &str,
) -> muster_model::Result<()> {
    let record = record(app.now(), caller, action, project, target, Outcome::Success);
    muster_store::audit::append(tx, &record).await
}

/// Records a read or a refusal, soon.
pub fn note(
    app: &App,
    caller: &Caller,
    action: Action,
    project: &str,
    target: &str,
    outcome: Outcome,
) {
    app.audit.push(record(app.now(), caller, action, project, target, outcome));
}

/// The entrance of the queue.
pub(crate) struct Queue(mpsc::Sender<Record>);

impl Queue {
    /// The queue and the task that empties it until `stop`.
    pub(crate) fn new(
        db: Db,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), write(db, receiver, stop))
    }

    pub(crate) fn push(&self, record: Record) {
        if self.0.try_send(record).is_err() {
            metrics::counter!("muster_audit_dropped_total").increment(1);
            tracing::warn!("the audit queue is full: a read was not recorded");
        }
    }
}

async fn write(db: Db, mut queue: mpsc::Receiver<Record>, stop: CancellationToken) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            received = queue.recv_many(&mut batch, BATCH) => if received == 0 { return },
            () = stop.cancelled(), if !queue.is_closed() => queue.close(),
        }
        let full = batch.len() == BATCH;
        if !batch.is_empty() {
            flush(&db, &mut batch).await;
        }
        if !full {
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}

async fn flush(db: &Db, batch: &mut Vec<Record>) {
    let written = transact!(db, |tx| muster_store::audit::append_all(tx, batch).await);
    if let Err(error) = written {
        metrics::counter!("muster_audit_dropped_total").increment(batch.len() as u64);
        tracing::error!(?error, lost = batch.len(), "audit records could not be written");
    }
    batch.clear();
}
