//! What has to be done from time to time: forgetting what is too old, folding the write-ahead log.

use muster_model::Result;
use muster_service::App;
use muster_store::assets::{Keep, purge};
use muster_store::{agents, jobs, transact};
use std::time::Duration;

/// Between two foldings of the log.
const CHECKPOINT: Duration = Duration::from_secs(60);
/// Foldings between two purges.
const PURGE_EVERY: u32 = 60;
/// Used and expired tokens are kept this long, in seconds: a year.
const TOKENS_SECS: i64 = 365 * 24 * 3600;
/// Failed jobs are kept this long, in seconds: 30 days.
const JOBS_SECS: i64 = 30 * 24 * 3600;

/// Starts the housekeeping.
pub(crate) fn start(app: &App) {
    let app = app.clone();
    app.clone().tasks.spawn(async move {
        let mut rounds = 0_u32;
        while !app.stop.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(CHECKPOINT) => {}
                () = app.stop.cancelled() => return,
            }
            rounds = rounds.wrapping_add(1);
            if rounds.is_multiple_of(PURGE_EVERY)
                && let Err(error) = forget(&app).await
            {
                tracing::warn!(?error, "what is too old could not be forgotten");
            }
            if let Err(error) = app.db.checkpoint().await {
                tracing::warn!(?error, "the write-ahead log could not be folded");
            }
        }
    });
}

async fn forget(app: &App) -> Result<()> {
    let now = app.now();
    let purged = purge(&app.db, Keep::default(), now).await?;
    tracing::info!(?purged, "forgot what is too old");
    transact!(app.db, |tx| {
        agents::purge_tokens(tx, now.plus_secs(-TOKENS_SECS)).await?;
        jobs::purge(tx, now.plus_secs(-JOBS_SECS)).await
    })
    .map(drop)
}
