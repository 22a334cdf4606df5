//! Notices before certificates expire and when they have: each once by every channel
//! that is set (see [`super::channels`]).
//!
//! A notice is noted and its deliveries queued in one transaction, so that a server that is killed neither forgets nor
//! repeats it; each channel has a delivery of its own, so that one that is down holds up no other. Delivery is tried again for a day; who receives knows a repetition by `event_id`. After a pause or a
//! clock that jumped ahead only the most urgent notice is made; one that jumped back makes none again.

use super::Certificate;
use super::channels::Channels;
use crate::app::App;
use crate::background::every;
use muster_model::{Error, Micros, Result};
use muster_store::certificates::notices;
use muster_store::{Tx, jobs, transact};
use serde_json::{Value, json};
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

/// Starts the looking and delivering of this process, if anybody is to be told.
///
/// # Errors
/// `Invalid` naming the setting, for a channel that cannot be used.
pub fn start(app: &App) -> Result<()> {
    let channels = Channels::open(&app.settings.certificates, &app.settings.egress)?;
    if channels.is_empty() {
        return Ok(());
    }
    let channels = Arc::new(channels);
    let run = move |app: App| {
        let channels = Arc::clone(&channels);
        async move {
            look(&app, &channels).await?;
            deliver(&app, &channels).await.map(drop)
        }
    };
    let trouble = "notices of certificates could not be made";
    app.tasks.spawn(every(app.clone(), LOOK, trouble, run));
    Ok(())
}

/// Looks through all certificates and queues what is due. Answers how many notices that were.
///
/// # Errors
/// Those of the database.
pub async fn look(app: &App, channels: &Channels) -> Result<u64> {
    let (mut after, mut made) = (0, 0);
    let until = app.now().plus_secs(STAGES.iter().copied().max().unwrap_or(0) * DAY_SECS);
    loop {
        let page = notices::due(&mut app.db.read().await?, until, after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(made) };
        after = last.key;
        for it in &page {
            made += u64::from(transact!(app.db, |tx| notice(tx, app, channels, it).await)?);
        }
    }
}

/// Makes the notice a certificate is due for. False if there is none, or nobody is to be told.
async fn notice(tx: &mut Tx, app: &App, channels: &Channels, it: &Certificate) -> Result<bool> {
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
    let notice = json!({
        "event_id": format!("{}-{stage}", it.id),
        "notice_type": if stage == 0 { "CERT_EXPIRED" } else { "CERT_EXPIRING" },
        "certificate_id": it.id,
        "name": it.name,
        "domain": it.main_domain,
        "sans": it.sans,
        "not_after": end.iso(),
        "days": stage,
    });
    for channel in channels.names() {
        let payload = json!({"channel": channel, "notice": notice}).to_string();
        jobs::enqueue(tx, QUEUE, &payload, ATTEMPTS, now, now).await?;
    }
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
pub async fn deliver(app: &App, channels: &Arc<Channels>) -> Result<u64> {
    let mut arrived = 0;
    loop {
        let due = jobs::any_due(&mut app.db.read().await?, &[QUEUE], app.now()).await?;
        let claim = || async {
            transact!(app.db, |tx| jobs::claim(tx, &[QUEUE], LEASE_SECS, app.now()).await)
        };
        let Some(job) = (if due { claim().await? } else { None }) else { return Ok(arrived) };
        let (channel, notice) = addressed(&job.payload)?;
        let (channels, now, name) = (Arc::clone(channels), app.now(), channel.clone());
        let send = move || channels.send(&name, &notice, now);
        let sent = tokio::task::spawn_blocking(send).await.map_err(Error::internal)?;
        match sent {
            Ok(sent) => {
                transact!(app.db, |tx| jobs::finish(tx, &job).await)?;
                arrived += u64::from(sent);
                if !sent {
                    tracing::warn!(
                        channel,
                        "a notice was dropped: its channel is not set any more"
                    );
                }
            }
            Err(error) => {
                tracing::warn!(?error, channel, "a notice did not arrive");
                let why = error.message();
                transact!(app.db, |tx| jobs::fail(tx, &job, why, app.now()).await)?;
            }
        }
    }
}

/// The channel of a delivery and the notice. What an older version queued was for the webhook.
fn addressed(payload: &str) -> Result<(String, Value)> {
    let mut payload: Value = serde_json::from_str(payload).map_err(Error::internal)?;
    let channel = payload.get("channel").and_then(Value::as_str).map(str::to_owned);
    match (channel, payload.get_mut("notice").map(Value::take)) {
        (Some(channel), Some(notice)) => Ok((channel, notice)),
        _ => Ok(("webhook".to_owned(), payload)),
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
