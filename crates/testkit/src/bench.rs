//! What work costs, the PostgreSQL this process started included.

use crate::postgres;
use muster_figures::{Spent, cpu};
use std::time::Instant;

/// What `work` costs.
pub async fn spent(work: impl AsyncFnOnce()) -> Spent {
    let (began, mine, server) = (Instant::now(), cpu(), postgres::cpu());
    work().await;
    Spent {
        wall: began.elapsed(),
        cpu: cpu() - mine,
        server: postgres::cpu().saturating_sub(server),
    }
}

/// What `work` costs at best: others use this machine, too.
pub async fn best_of(runs: u32, mut work: impl AsyncFnMut()) -> Spent {
    let mut best: Option<Spent> = None;
    for _ in 0..runs {
        let run = spent(&mut work).await;
        if best.is_none_or(|best| run.total() < best.total()) {
            best = Some(run);
        }
    }
    best.unwrap_or_default()
}
