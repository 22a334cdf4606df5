//! What the trail of this node has and the searchable log has not. The log follows the trail within a second or so: a server
//! that was killed owes it the last records, which are added at the next start, and one whose queue was full those that found no
//! place, which are added when it has emptied.

use muster_model::{Error, Micros, Result};
use muster_store::audit::{self, Filter, Record};
use muster_store::trail::read::{Lines, Next, segments};
use muster_store::{Db, transact};
use std::collections::{HashSet, VecDeque};
use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// How far back from the end of the trail is looked at the start, in seconds.
const WINDOW_SECS: i64 = 10;
/// Records of the trail that are looked for at most, and records of the log they are looked for among: by the time alone a clock
/// that jumped back would make it all of them.
const MOST: (usize, u32) = (100_000, 250_000);
/// Records of one transaction.
const BATCH: usize = 1000;
/// A trail cuts off what is longer.
const MAX_TEXT: usize = 8 * 1024;

/// The log, and the trail that it follows.
pub(crate) struct Index {
    pub(crate) db: Db,
    /// Where the trails lie.
    pub(crate) folder: PathBuf,
    /// Whose trail is this node's.
    pub(crate) node: String,
}

impl Index {
    /// Adds the last records of the trail that the log lacks, in their order. Answers how many they were.
    pub(crate) async fn catch_up(&self) -> Result<usize> {
        let newest = self.newest(None).await?;
        let Some(from) = newest.iter().map(|record| record.at).min() else { return Ok(0) };
        self.add(newest, Filter { from: Some(from), ..Filter::default() }).await
    }

    /// The same for the records of a time.
    pub(crate) async fn fill_in(&self, time: &RangeInclusive<Micros>) -> Result<usize> {
        let newest = self.newest(Some(time.clone())).await?;
        let until = time.end().plus_secs(1);
        self.add(
            newest,
            Filter { from: Some(*time.start()), until: Some(until), ..Filter::default() },
        )
        .await
    }

    /// Adds those of `records` that are not among what `like` finds.
    async fn add(&self, records: VecDeque<Record>, like: Filter) -> Result<usize> {
        let known = audit::before(&mut self.db.read().await?, &like, i64::MAX, MOST.1).await?;
        let known: HashSet<_> = known.iter().map(|entry| key(&entry.record)).collect();
        let owed: Vec<_> =
            records.into_iter().filter(|record| !known.contains(&key(record))).collect();
        for batch in owed.chunks(BATCH) {
            transact!(self.db, |tx| audit::append_all(tx, batch).await)?;
        }
        Ok(owed.len())
    }

    async fn newest(&self, time: Option<RangeInclusive<Micros>>) -> Result<VecDeque<Record>> {
        let (folder, node) = (self.folder.clone(), self.node.clone());
        let newest = tokio::task::spawn_blocking(move || newest(&folder, &node, time.as_ref()));
        newest.await.map_err(Error::internal)?.map_err(Error::internal)
    }
}

/// What tells records apart. Targets that are cut off in the trail are not compared.
fn key(record: &Record) -> (Micros, &str, &str, &str, &str) {
    let target = if record.target.len() <= MAX_TEXT { record.target.as_str() } else { "" };
    (record.at, &record.request_id, &record.action, &record.outcome, target)
}

/// The last records of a trail, of a time if one is given. Blocks.
fn newest(
    folder: &Path,
    node: &str,
    time: Option<&RangeInclusive<Micros>>,
) -> io::Result<VecDeque<Record>> {
    let mut files = segments(folder)?;
    files.retain(|file| file.node == node);
    let mut found: VecDeque<Record> = VecDeque::new();
    // What was recorded may go on from one file to the next.
    for file in files.iter().skip(files.len().saturating_sub(2)) {
        let mut lines = Lines::open(&file.path, None)?;
        while let Some(next) = lines.next()? {
            let Next::Line(line) = next else { continue };
            let from = line.record.at.plus_secs(-WINDOW_SECS);
            if time.is_none_or(|time| time.contains(&line.record.at)) {
                found.push_back(line.record);
            }
            let too_old = |record: &Record| time.is_none() && record.at < from;
            while found.len() > MOST.0 || found.front().is_some_and(too_old) {
                found.pop_front();
            }
        }
    }
    Ok(found)
}
