//! Tasks as their queue sees them: how many stand before one, and when it is likely to end.

use super::tasks::find;
use crate::app::App;
use crate::authz;
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Micros, Paging, Result};
use muster_store::Tx;
use muster_store::sca::tasks::{self, Unfinished};
use muster_store::sca::{Status, Task};

/// Ended tasks whose pace tells that of the next.
const SAMPLE: u32 = 20;
/// An artifact smaller than this takes as long as one of this size: there is work that does not hang on its bytes.
const LEAST: i64 = 1 << 20;

/// A task and its place in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The task.
    pub task: Task,
    /// Queued tasks before it in the same queue.
    pub ahead: i64,
    /// When it is likely to end, by the pace of the last ones; none where there are none, or it has ended.
    pub likely_end: Option<Micros>,
    /// When it is forgotten; none before it has ended.
    pub expires_at: Option<Micros>,
}

/// A task.
///
/// # Errors
/// `NotFound`; those of [`authz::require`] and of the database.
pub async fn show(app: &App, caller: &Caller, project: &ProjectId, id: &str) -> Result<Waiting> {
    let project = authz::require(app, caller, Action::ScaTaskGet, Some(project)).await?;
    let mut tx = app.db.read().await?;
    let task = find(&mut tx, project, id).await?;
    let queue = Queue::read(&mut tx, std::slice::from_ref(&task)).await?;
    Ok(queue.of(app, task))
}

/// The tasks of a project, newest first, and how many there are.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    paging: Paging,
) -> Result<(i64, Vec<Waiting>)> {
    let project = authz::require(app, caller, Action::ScaTaskGet, Some(project)).await?;
    let mut tx = app.db.read().await?;
    let (total, page) = tasks::list(&mut tx, project, paging.limit, paging.offset).await?;
    let queue = Queue::read(&mut tx, &page).await?;
    Ok((total, page.into_iter().map(|task| queue.of(app, task)).collect()))
}

/// What has not ended, and how fast it goes.
struct Queue {
    unfinished: Vec<Unfinished>,
    /// Microseconds a mebibyte.
    pace: Option<i64>,
}

impl Queue {
    /// Reads it, if one of the tasks is in it.
    async fn read(tx: &mut Tx, tasks: &[Task]) -> Result<Self> {
        if tasks.iter().all(|task| task.ended_at.is_some()) {
            return Ok(Self { unfinished: Vec::new(), pace: None });
        }
        let unfinished = tasks::unfinished(tx).await?;
        Ok(Self { unfinished, pace: pace(&tasks::pace(tx, SAMPLE).await?) })
    }

    fn of(&self, app: &App, task: Task) -> Waiting {
        let keep = app.settings.sca.keep_results_secs;
        let expires_at =
            task.ended_at.map(|ended| task.keep_until.unwrap_or_else(|| ended.plus_secs(keep)));
        let own = self.unfinished.iter().find(|one| one.key == task.key);
        let Some(own) = own.filter(|_| task.ended_at.is_none()) else {
            return Waiting { task, ahead: 0, likely_end: None, expires_at };
        };
        let here = || self.unfinished.iter().filter(|one| one.place == own.place);
        let ahead = match task.status {
            Status::Queued => here().filter(|one| !one.running && one.key < own.key).count(),
            _ => 0,
        };
        let workers = i64::try_from(app.settings.sca.parallel.max(1)).unwrap_or(1);
        // A running one has a worker to itself; a queued one waits for its share of what is before it.
        let left = if own.running {
            left(own)
        } else {
            let before: i64 = here().filter(|one| one.running || one.key < own.key).map(left).sum();
            before / workers + left(own)
        };
        let micros = self.pace.map(|pace| left.saturating_mul(pace) / LEAST);
        let likely_end = micros.map(|micros| Micros(app.now().0.saturating_add(micros)));
        Waiting { task, ahead: i64::try_from(ahead).unwrap_or(i64::MAX), likely_end, expires_at }
    }
}

/// Bytes still to be worked at.
fn left(one: &Unfinished) -> i64 {
    one.size.max(LEAST) / 100 * i64::from(100 - one.percent.min(100))
}

/// Microseconds a mebibyte.
fn pace(ended: &[(i64, i64)]) -> Option<i64> {
    let bytes: i64 = ended.iter().map(|(size, _)| (*size).max(LEAST)).sum();
    let micros: i64 = ended.iter().map(|(_, micros)| (*micros).max(0)).sum();
    (bytes > 0).then(|| micros / (bytes / LEAST).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_that_of_the_last_ones() {
        assert_eq!(pace(&[]), None);
        // Small ones count as a mebibyte: two seconds each.
        assert_eq!(pace(&[(10, 2_000_000), (20, 2_000_000)]), Some(2_000_000));
        assert_eq!(pace(&[(10 << 20, 1_000_000)]), Some(100_000));
    }
}
