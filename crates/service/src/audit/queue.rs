//! What nobody waits for: written in batches.

use super::index::Index;
use muster_model::Micros;
use muster_store::audit::Record;
use muster_store::transact;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Records waiting to be written at most.
const QUEUE: usize = 16 * 1024;
/// Records of one transaction at most.
const BATCH: usize = 1000;
/// How long a record waits for others, and a batch that was not taken for its next try.
const PAUSE: Duration = Duration::from_secs(1);
/// How often a batch is tried.
const TRIES: u32 = 30;
/// How long after the last record that found no place the trail is asked for it: whatever was under way then has come in.
const SETTLED: Duration = Duration::from_secs(3);

/// The entrance of the queue.
pub(crate) struct Queue {
    sender: mpsc::Sender<Record>,
    owed: Arc<Owed>,
}

/// When records found no place: those of them that are in the trail are filled in later.
#[derive(Default)]
struct Owed(Mutex<Option<(RangeInclusive<Micros>, Instant)>>);

impl Owed {
    fn add(&self, at: Micros) {
        let mut owed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let time =
            owed.take().map_or(at..=at, |(time, _)| at.min(*time.start())..=at.max(*time.end()));
        *owed = Some((time, Instant::now()));
    }

    /// The time, once none has been added for a while.
    fn settled(&self) -> Option<RangeInclusive<Micros>> {
        let mut owed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        owed.take_if(|(_, last)| last.elapsed() >= SETTLED).map(|(time, _)| time)
    }
}

impl Queue {
    /// The queue and the task that empties it until `stop`.
    pub(crate) fn new(
        index: Index,
        stop: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let owed = Arc::<Owed>::default();
        (Self { sender, owed: Arc::clone(&owed) }, write(index, owed, receiver, stop))
    }

    pub(crate) fn push(&self, record: Record) {
        let at = record.at;
        if self.sender.try_send(record).is_err() {
            self.owed.add(at);
            metrics::counter!("muster_audit_dropped_total").increment(1);
            tracing::warn!("the audit queue is full: a read was not recorded");
        }
    }
}

async fn write(
    index: Index,
    owed: Arc<Owed>,
    mut queue: mpsc::Receiver<Record>,
    stop: CancellationToken,
) {
    let (mut batch, mut tries) = (Vec::new(), 0);
    loop {
        // What waits for its next try waits alone.
        if batch.is_empty() {
            tokio::select! {
                received = queue.recv_many(&mut batch, BATCH) => if received == 0 { return },
                () = stop.cancelled(), if !queue.is_closed() => queue.close(),
                () = tokio::time::sleep(SETTLED) => {}
            }
        }
        let full = batch.len() == BATCH;
        let written = batch.is_empty() || flush(&index, &batch, tries).await;
        tries += 1;
        if written || tries == TRIES || queue.is_closed() {
            if !written {
                lose(&owed, &batch);
            }
            batch.clear();
            tries = 0;
        }
        if full && written {
            continue;
        }
        // What came before the gap is written by now.
        if batch.is_empty()
            && queue.is_empty()
            && let Some(time) = owed.settled()
        {
            fill_in(&index, &owed, &time).await;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn flush(index: &Index, batch: &[Record], tries: u32) -> bool {
    let written = transact!(index.db, |tx| muster_store::audit::append_all(tx, batch).await);
    if let Err(error) = &written {
        tracing::error!(?error, tries, waiting = batch.len(), "audit records could not be written");
    }
    written.is_ok()
}

fn lose(owed: &Owed, batch: &[Record]) {
    for record in batch {
        owed.add(record.at);
    }
    metrics::counter!("muster_audit_dropped_total").increment(batch.len() as u64);
    tracing::error!(lost = batch.len(), "audit records were given up");
}

async fn fill_in(index: &Index, owed: &Owed, time: &RangeInclusive<Micros>) {
    match index.fill_in(time).await {
        Ok(0) => {}
        Ok(added) => tracing::warn!(added, "audit records without a place were added"),
        Err(error) => {
            tracing::error!(?error, "audit records without a place could not be added");
            owed.add(*time.start());
            owed.add(*time.end());
        }
    }
}
