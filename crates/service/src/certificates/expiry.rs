//! Notices before certificates expire and when they have: each once, by a webhook.
//!
//! A notice is noted and its delivery queued in one transaction, so that a server that is killed neither forgets nor
//! repeats it. Delivery is tried again for a day; who receives knows a repetition by `event_id`. After a pause or a
//! clock that jumped ahead only the most urgent notice is made; one that jumped back makes none again.

use super::Certificate;
use crate::app::App;
use muster_egress::Egress;
use muster_model::{Error, ErrorKind, Micros, Result};
use muster_store::certificates::notices;
use muster_store::{Tx, jobs, transact};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Days before the end a notice is made at.
const STAGES: [i64; 4] = [30, 15, 7, 1];
const DAY_SECS: i64 = 86_400;
/// The queue of deliveries.
const QUEUE: &str = "certificate_notices";
/// Attempts of one delivery: they end after about a day.
const ATTEMPTS: u32 = 12;
/// How long one attempt may hold its job, in seconds.
const LEASE_SECS: i64 = 60;
/// Certificates of one transaction.
const BATCH: u32 = 200;
/// How often certificates are looked through.
const LOOK: Duration = Duration::from_secs(60);

/// Starts the looking and delivering of this process, if there is a webhook.
///
/// # Errors
/// `Invalid` naming the setting, for a webhook that may not be called.
pub fn start(app: &App) -> Result<()> {
    let Some(url) = app.settings.certificates.webhook.clone() else { return Ok(()) };
    let egress = Arc::new(Egress::new(&app.settings.egress)?);
    egress.check("certificates.webhook", &url)?;
    let app = app.clone();
    app.clone().tasks.spawn(async move {
        while !app.stop.is_cancelled() {
            if let Err(error) = run(&app, &egress, &url).await {
                tracing::warn!(?error, "notices of certificates could not be made");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = app.stop.cancelled() => {}
            }
        }
    });
    Ok(())
}

async fn run(app: &App, egress: &Arc<Egress>, url: &str) -> Result<()> {
    look(app).await?;
    deliver(app, egress, url).await.map(drop)
}

/// Looks through all certificates and queues what is due. Answers how many notices that were.
///
/// # Errors
/// Those of the database.
pub async fn look(app: &App) -> Result<u64> {
    let (mut after, mut made) = (0, 0);
    let until = app.now().plus_secs(STAGES.iter().copied().max().unwrap_or(0) * DAY_SECS);
    loop {
        let page = notices::due(&mut app.db.read().await?, until, after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(made) };
        after = last.key;
        for it in &page {
            made += u64::from(transact!(app.db, |tx| notice(tx, app, it).await)?);
        }
    }
}

/// Makes the notice a certificate is due for. False if there is none, or nobody is to be told.
async fn notice(tx: &mut Tx, app: &App, it: &Certificate) -> Result<bool> {
    let now = app.now();
    let Some((stage, end)) = it.content.not_after.and_then(|end| Some((stage(end, now)?, end)))
    else {
        return Ok(false);
    };
    let wanted = if stage == 0 { 2 } else { 1 };
    // Also when one nearer to the end was made: the clock jumped back.
    let made = notices::last(tx, it.key).await?.is_some_and(|last| last <= stage);
    if it.notices & wanted == 0 || made || !notices::add(tx, it.key, stage, now).await? {
        return Ok(false);
    }
    if notices::replaced(tx, it).await? {
        tracing::info!(
            certificate = it.id,
            stage,
            "a newer certificate serves the site: nobody is told"
        );
        return Ok(false);
    }
    let payload = json!({
        "event_id": format!("{}-{stage}", it.id),
        "notice_type": if stage == 0 { "CERT_EXPIRED" } else { "CERT_EXPIRING" },
        "certificate_id": it.id,
        "name": it.name,
        "domain": it.main_domain,
        "sans": it.sans,
        "not_after": end.iso(),
        "days": stage,
    });
    jobs::enqueue(tx, QUEUE, &payload.to_string(), ATTEMPTS, now, now).await?;
    Ok(true)
}

/// The stage a certificate is at: the nearest to its end, 0 when it has expired; none before the first.
fn stage(end: Micros, now: Micros) -> Option<i64> {
    if end <= now {
        return Some(0);
    }
    STAGES.into_iter().filter(|days| now.plus_secs(days * DAY_SECS) > end).min()
}

/// Sends what is queued. Answers how many arrived.
///
/// # Errors
/// Those of the database; what the other side refuses is tried again later.
pub async fn deliver(app: &App, egress: &Arc<Egress>, url: &str) -> Result<u64> {
    let mut arrived = 0;
    loop {
        let due = jobs::any_due(&mut app.db.read().await?, &[QUEUE], app.now()).await?;
        let claim = || async {
            transact!(app.db, |tx| jobs::claim(tx, &[QUEUE], LEASE_SECS, app.now()).await)
        };
        let Some(job) = (if due { claim().await? } else { None }) else { return Ok(arrived) };
        let (door, target, body) = (Arc::clone(egress), url.to_owned(), job.payload.clone());
        let send = move || door.post_json(&target, &[], body.as_bytes());
        let sent = tokio::task::spawn_blocking(send).await.map_err(Error::internal)?;
        let sent = sent.and_then(|answer| match answer.status {
            200..=299 => Ok(()),
            status => {
                Err(Error::new(ErrorKind::Unavailable, format!("the webhook answered {status}")))
            }
        });
        match sent {
            Ok(()) => {
                transact!(app.db, |tx| jobs::finish(tx, &job).await)?;
                arrived += 1;
            }
            Err(error) => {
                tracing::warn!(?error, "a notice did not arrive");
                let why = error.message();
                transact!(app.db, |tx| jobs::fail(tx, &job, why, app.now()).await)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_stage_counts() {
        let end = Micros::from_secs(100 * DAY_SECS);
        let at = |days: i64, secs: i64| stage(end, Micros::from_secs(days * DAY_SECS + secs));
        for (days, secs, expected) in [
            (69, 0, None),
            (70, 0, None),
            (70, 1, Some(30)),
            (84, 0, Some(30)),
            (85, 1, Some(15)),
            (93, 1, Some(7)),
            (99, 1, Some(1)),
            (99, 86_399, Some(1)),
            (100, 0, Some(0)),
            (500, 0, Some(0)),
        ] {
            assert_eq!(at(days, secs), expected, "{days} {secs}");
        }
    }
}
