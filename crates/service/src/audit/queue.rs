//! What nobody waits for: written in batches.

use muster_store::audit::Record;
use muster_store::{Db, transact};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Records waiting to be written at most.
const QUEUE: usize = 16 * 1024;
/// Records of one transaction at most.
const BATCH: usize = 1000;
/// How long a record waits for others.
const PAUSE: Duration = Duration::from_secs(1);

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
