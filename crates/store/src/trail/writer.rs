//! The thread that writes a trail. One at a time writes, so all that wait share one flush.

use super::disk::Disk;
use super::folder::{Folder, Start};
use super::line::{self, Hash};
use super::read::End;
use super::segment::Segment;
use crate::audit::Record;
use muster_model::{Error, Result};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Records waiting to be written at most; those nobody waits for may fill half of it.
const QUEUE: usize = 32 * 1024;
/// Records of one flush at most.
const BATCH: usize = 4096;
/// Records kept in memory at most while the disk refuses.
const KEPT: usize = 16 * 1024;
/// How long a record nobody waits for lies in memory.
const PAUSE: Duration = Duration::from_millis(500);
/// A segment of more bytes is followed by a new one.
const SEGMENT: u64 = 32 * 1024 * 1024;

/// The open trail of this node. Closed by [`Trail::close`]; dropped without, the last half second of what
/// nobody waited for may be lost.
pub struct Trail {
    sender: SyncSender<Message>,
    queued: Arc<AtomicUsize>,
    node: String,
    end: Arc<Mutex<Option<End>>>,
}

/// A trail that was opened, and what has to be told about it.
pub struct Opened {
    /// The trail.
    pub trail: Trail,
    /// Damage found and torn ends cut off, for the log.
    pub remarks: Vec<String>,
}

/// Why a record is not on the disk. For the log and, in short, the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// More wait than there is room for.
    Full,
    /// The trail is closed.
    Closed,
    /// The disk takes longer than somebody was willing to wait.
    Slow,
    /// What the disk says.
    Disk(Arc<str>),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Full => f.write_str("too many records wait"),
            Self::Closed => f.write_str("the trail is closed"),
            Self::Slow => f.write_str("the disk did not answer in time"),
            Self::Disk(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Failure {}

type Ack = oneshot::Sender<std::result::Result<(), Failure>>;

enum Message {
    Record(Box<Record>, Option<Ack>),
    Close(oneshot::Sender<()>),
}

impl Trail {
    /// Takes the folder and finds the end of its chain. Blocks for as long as reading one segment takes.
    ///
    /// # Errors
    /// `Conflict` if another process holds the folder or it holds several nodes' trails; `Unavailable` if it
    /// cannot be used.
    pub fn open(path: &Path, disk: Box<dyn Disk>) -> Result<Opened> {
        let folder = Folder::take(path)?;
        let Start { segment, number, end, remarks } = folder.start()?;
        let node = match &end {
            Some(end) => end.node.clone(),
            None => {
                let mut id = [0; 8];
                aws_lc_rs::rand::fill(&mut id).map_err(|_| Error::internal("no randomness"))?;
                hex::encode(id)
            }
        };
        let (sender, receiver) = sync_channel(QUEUE);
        let queued = Arc::new(AtomicUsize::new(0));
        let shared = Arc::new(Mutex::new(end.clone()));
        let (seq, hash) = end.map_or((0, [0; 32]), |End { seq, hash, .. }| (seq, hash));
        let (node_name, end) = (node.clone(), Arc::clone(&shared));
        let chain = Chain { folder, disk, segment, number, node: node_name, seq, hash, end };
        let writer = Writer {
            chain,
            receiver,
            queued: Arc::clone(&queued),
            kept: Vec::new(),
            broken: false,
        };
        let thread = std::thread::Builder::new().name("audit".to_owned());
        thread.spawn(move || writer.run()).map_err(Error::internal)?;
        Ok(Opened { trail: Self { sender, queued, node, end: shared }, remarks })
    }

    /// Whose chain this is.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Where the chain stands on the disk. None while it has no record.
    pub fn end(&self) -> Option<End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns when the record is on the disk. Has no time limit of its own: if the caller stops waiting
    /// before the writer came to the record, it is not written.
    ///
    /// # Errors
    /// Why it is not on the disk.
    pub async fn durable(&self, record: Record) -> std::result::Result<(), Failure> {
        let (ack, done) = oneshot::channel();
        self.send(Message::Record(Box::new(record), Some(ack)))?;
        done.await.unwrap_or(Err(Failure::Closed))
    }

    /// Hands the record over; it is on the disk within a second, as far as the disk allows.
    ///
    /// # Errors
    /// `Full` or `Closed`.
    pub fn soon(&self, record: Record) -> std::result::Result<(), Failure> {
        if self.queued.load(Ordering::Relaxed) > QUEUE / 2 {
            return Err(Failure::Full);
        }
        self.send(Message::Record(Box::new(record), None))
    }

    fn send(&self, message: Message) -> std::result::Result<(), Failure> {
        self.queued.fetch_add(1, Ordering::Relaxed);
        self.sender.try_send(message).map_err(|refused| {
            self.queued.fetch_sub(1, Ordering::Relaxed);
            match refused {
                TrySendError::Full(_) => Failure::Full,
                TrySendError::Disconnected(_) => Failure::Closed,
            }
        })
    }

    /// Writes what still waits and ends.
    pub async fn close(&self) {
        let (ack, done) = oneshot::channel();
        if self.send(Message::Close(ack)).is_ok() {
            let _ended = done.await;
        }
    }
}

/// The chain and where it is written.
struct Chain {
    folder: Folder,
    disk: Box<dyn Disk>,
    segment: Option<Segment>,
    number: u32,
    node: String,
    seq: u64,
    hash: Hash,
    /// The same for whoever asks.
    end: Arc<Mutex<Option<End>>>,
}

impl Chain {
    /// Writes the records; all of them are on the disk or none is.
    fn commit<'a>(&mut self, records: impl Iterator<Item = &'a Record>) -> io::Result<()> {
        let (mut seq, mut hash, mut bytes) = (self.seq, self.hash, Vec::new());
        for record in records {
            seq += 1;
            hash = line::encode(&mut bytes, &self.node, seq, record, &hash)
                .map_err(io::Error::other)?;
        }
        let full = self.segment.as_ref().is_some_and(|segment| segment.length() >= SEGMENT);
        if full || self.segment.is_none() {
            let number = self.number + 1;
            self.segment = Some(Segment::create(self.folder.segment(&self.node, number))?);
            self.number = number;
        }
        let Some(segment) = &mut self.segment else {
            return Err(io::Error::other("there is no segment"));
        };
        segment.commit(self.disk.as_mut(), &bytes).map_err(|error| {
            let message = format!("{}: {error}", segment.path().display());
            io::Error::new(error.kind(), message)
        })?;
        (self.seq, self.hash) = (seq, hash);
        let end = End { node: self.node.clone(), seq, hash };
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
        Ok(())
    }
}

struct Writer {
    chain: Chain,
    receiver: Receiver<Message>,
    queued: Arc<AtomicUsize>,
    /// Records nobody waits for that could not be written yet.
    kept: Vec<Record>,
    /// The last attempt failed: told once, not at each.
    broken: bool,
}

/// What goes into the next flush.
#[derive(Default)]
struct Batch {
    records: Vec<(Record, Option<Ack>)>,
    pressing: bool,
    close: Option<oneshot::Sender<()>>,
    ended: bool,
}

impl Writer {
    fn run(mut self) {
        let close = self.write_until_closed();
        // The folder is free when `close` returns.
        drop(self);
        if let Some(close) = close {
            let _nobody_waits = close.send(());
        }
    }

    fn write_until_closed(&mut self) -> Option<oneshot::Sender<()>> {
        loop {
            let batch = self.gather();
            if !batch.records.is_empty() || !self.kept.is_empty() {
                self.write(batch.records);
            }
            if batch.close.is_some() || batch.ended {
                return batch.close;
            }
        }
    }

    /// Takes what is there. Waits for more only as long as nobody waits for what was taken.
    fn gather(&self) -> Batch {
        let mut batch = Batch::default();
        let mut until = (!self.kept.is_empty()).then(|| Instant::now() + PAUSE);
        while batch.records.len() < BATCH {
            let received = match until {
                _ if batch.pressing => match self.receiver.try_recv() {
                    Ok(message) => Ok(message),
                    Err(_) => Err(RecvTimeoutError::Timeout),
                },
                None => self.receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(until) => {
                    self.receiver.recv_timeout(until.saturating_duration_since(Instant::now()))
                }
            };
            match received {
                Ok(message) => {
                    self.queued.fetch_sub(1, Ordering::Relaxed);
                    batch.take(message);
                    until.get_or_insert_with(|| Instant::now() + PAUSE);
                }
                Err(ending) => {
                    batch.ended = ending == RecvTimeoutError::Disconnected;
                    break;
                }
            }
        }
        batch
    }

    /// Writes a batch and tells those who wait. What nobody waits for is kept for the next attempt; what
    /// somebody waited for was refused, so its act does not happen.
    fn write(&mut self, batch: Vec<(Record, Option<Ack>)>) {
        let done =
            self.chain.commit(self.kept.iter().chain(batch.iter().map(|(record, _)| record)));
        match &done {
            Ok(()) if self.broken => tracing::info!("the audit trail is written again"),
            Err(error) if !self.broken => {
                tracing::error!(%error, "the audit trail cannot be written");
            }
            _ => {}
        }
        self.broken = done.is_err();
        if done.is_ok() {
            self.kept.clear();
        }
        let answer = done.map_err(|error| Failure::Disk(error.to_string().into()));
        let mut lost = 0_u64;
        for (record, ack) in batch {
            match ack {
                Some(ack) => drop(ack.send(answer.clone())),
                None if answer.is_ok() => {}
                None if self.kept.len() < KEPT => self.kept.push(record),
                None => lost += 1,
            }
        }
        if lost > 0 {
            tracing::error!(lost, "audit records were lost: too many wait for the disk");
        }
    }
}

impl Batch {
    fn take(&mut self, message: Message) {
        match message {
            // Nobody waits any more: the act was given up.
            Message::Record(_, Some(ack)) if ack.is_closed() => {}
            Message::Record(record, ack) => {
                self.pressing |= ack.is_some();
                self.records.push((*record, ack));
            }
            Message::Close(ack) => {
                self.pressing = true;
                self.close = Some(ack);
            }
        }
    }
}
