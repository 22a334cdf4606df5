//! What the trail of this node has and the searchable log has not. The log follows the trail within a second or so, so a
//! server that was killed owes it the last records; they are added at the next start.

use crate::app::App;
use muster_model::{Error, Micros, Result};
use muster_store::audit::{self, Filter, Record};
use muster_store::trail::read::{Lines, Next, segments};
use muster_store::transact;
use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::Path;

/// How far back from the end of the trail is looked, in seconds.
const WINDOW_SECS: i64 = 10;
/// Records of the trail that are looked for at most, and records of the log they are looked for among: by the time alone a clock
/// that jumped back would make it all of them.
const MOST: (usize, u32) = (100_000, 250_000);
/// Records of one transaction.
const BATCH: usize = 1000;
/// A trail cuts off what is longer.
const MAX_TEXT: usize = 8 * 1024;

/// Adds them, in their order. Answers how many they were.
pub(crate) async fn catch_up(app: &App) -> Result<usize> {
    let (folder, node) = (app.settings.data_dir.join("audit"), app.trail.node().to_owned());
    let newest = tokio::task::spawn_blocking(move || newest(&folder, &node)).await;
    let newest = newest.map_err(Error::internal)?.map_err(Error::internal)?;
    let Some(from) = newest.iter().map(|record| record.at).min() else { return Ok(0) };
    let since = Filter { from: Some(from), ..Filter::default() };
    let known = audit::before(&mut app.db.read().await?, &since, i64::MAX, MOST.1).await?;
    let known: HashSet<_> = known.iter().map(|entry| key(&entry.record)).collect();
    let owed: Vec<_> = newest.into_iter().filter(|record| !known.contains(&key(record))).collect();
    for batch in owed.chunks(BATCH) {
        transact!(app.db, |tx| audit::append_all(tx, batch).await)?;
    }
    Ok(owed.len())
}

/// What tells records apart. Targets that are cut off in the trail are not compared.
fn key(record: &Record) -> (Micros, &str, &str, &str, &str) {
    let target = if record.target.len() <= MAX_TEXT { record.target.as_str() } else { "" };
    (record.at, &record.request_id, &record.action, &record.outcome, target)
}

/// The last records of a trail. Blocks.
fn newest(folder: &Path, node: &str) -> io::Result<VecDeque<Record>> {
    let mut files = segments(folder)?;
    files.retain(|file| file.node == node);
    let mut found: VecDeque<Record> = VecDeque::new();
    // What was recorded may go on from one file to the next.
    for file in files.iter().skip(files.len().saturating_sub(2)) {
        let mut lines = Lines::open(&file.path, None)?;
        while let Some(next) = lines.next()? {
            let Next::Line(line) = next else { continue };
            let from = line.record.at.plus_secs(-WINDOW_SECS);
            found.push_back(line.record);
            while found.len() > MOST.0 || found.front().is_some_and(|record| record.at < from) {
                found.pop_front();
            }
        }
    }
    Ok(found)
}
