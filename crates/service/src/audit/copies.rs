//! Copies of the audit log for who keeps it elsewhere: a syslog, a webhook. Never the guarantee: nobody waits for them, and
//! what the log has is the truth.
//!
//! Each goes through the log in its order and remembers in the database how far it came, so that a kill, a stop or a
//! receiver that is down for long leaves nothing out; what had been sent when a server died may come once more. One
//! server at a time sends. What was recorded before copies were first switched on stays where it is.

use super::AuditSettings;
use crate::app::App;
use crate::audit_log::view;
use muster_egress::{Egress, EgressSettings, Facility, Severity, SyslogMessage, SyslogTarget};
use muster_model::{Error, ErrorKind, Micros, Result};
use muster_store::audit::{self, Entry, Record};
use muster_store::{Tx, meta, transact};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Records of one request to a webhook, and between two notes of how far a copy came.
const BATCH: u32 = 200;
/// How often the log is looked at.
const LOOK: Duration = Duration::from_secs(2);
/// The same after a copy could not be sent.
const LATER: Duration = Duration::from_secs(30);
/// How long a server that says nothing keeps the others from sending, in seconds: longer than one batch takes.
const LEASE_SECS: i64 = 120;

enum Receiver {
    Webhook(String),
    Syslog(SyslogTarget),
}

/// What keeps one copy.
pub struct Copier {
    door: Egress,
    receiver: Receiver,
    /// Who sends: a server among others.
    sender: String,
}

/// How far a copy came, and who is at it.
#[derive(Serialize, Deserialize)]
struct Place {
    seq: i64,
    sender: String,
    until: Micros,
}

/// Starts the copies of this process that are set.
///
/// # Errors
/// `Invalid` naming the setting.
pub fn start(app: &App) -> Result<()> {
    for copy in Copier::all(&app.settings.audit, &app.settings.egress, app.trail.node())? {
        app.tasks.spawn(keep(app.clone(), Arc::new(copy)));
    }
    Ok(())
}

async fn keep(app: App, copy: Arc<Copier>) {
    while !app.stop.is_cancelled() {
        let pause = match send(&app, &copy).await {
            Ok(_) => LOOK,
            Err(error) => {
                metrics::counter!("muster_audit_copies_failed_total").increment(1);
                tracing::warn!(?error, copy = copy.name(), "audit records were not copied yet");
                LATER
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = app.stop.cancelled() => {}
        }
    }
}

/// Sends what a receiver has not got yet. Answers how many records that were; none while another server is at it.
///
/// # Errors
/// `Unavailable` when it did not arrive, `Forbidden` for an address the rules close; then it is sent the next time.
pub async fn send(app: &App, copy: &Arc<Copier>) -> Result<usize> {
    let mut sent = 0;
    loop {
        let mut tx = app.db.read().await?;
        let waiting = match copy.place(&mut tx).await? {
            Some(place) => audit::last(&mut tx).await? > place.seq,
            None => true,
        };
        drop(tx);
        if !waiting {
            return Ok(sent);
        }
        let Some(after) = transact!(app.db, |tx| copy.claim(tx, app.now()).await)? else {
            return Ok(sent);
        };
        let entries = audit::after(&mut app.db.read().await?, after, BATCH).await?;
        let Some(last) = entries.last().map(|entry| entry.seq) else { return Ok(sent) };
        let (count, sender) = (entries.len(), Arc::clone(copy));
        let hand = move || sender.hand(&entries);
        tokio::task::spawn_blocking(hand).await.map_err(Error::internal)??;
        transact!(app.db, |tx| copy.note(tx, last, app.now()).await)?;
        sent += count;
        if app.stop.is_cancelled() {
            return Ok(sent);
        }
    }
}

impl Copier {
    /// Those that are set. `sender` names this server among others.
    ///
    /// # Errors
    /// `Invalid` naming the setting.
    pub fn all(
        settings: &AuditSettings,
        egress: &EgressSettings,
        sender: &str,
    ) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        if let Some(url) = &settings.webhook {
            Egress::new(egress)?.check("audit.webhook", url)?;
            all.push(Receiver::Webhook(url.clone()));
        }
        if let Some(syslog) = &settings.syslog {
            all.push(Receiver::Syslog(SyslogTarget::parse("audit.syslog", syslog)?));
        }
        let copy = |receiver| {
            let door = Egress::new(egress)?;
            Ok(Self { door, receiver, sender: sender.to_owned() })
        };
        all.into_iter().map(copy).collect()
    }

    const fn name(&self) -> &'static str {
        match self.receiver {
            Receiver::Webhook(_) => "audit_copy_webhook",
            Receiver::Syslog(_) => "audit_copy_syslog",
        }
    }

    async fn place(&self, tx: &mut Tx) -> Result<Option<Place>> {
        let place = meta::get(tx, self.name()).await?;
        place.map(|place| serde_json::from_slice(&place).map_err(Error::internal)).transpose()
    }

    /// The place of the last record that was sent, if nobody else is at it: it is ours for a while. The first time that is
    /// the end of the log.
    async fn claim(&self, tx: &mut Tx, now: Micros) -> Result<Option<i64>> {
        let seq = match self.place(tx).await? {
            None => audit::last(tx).await?,
            Some(place) => {
                // A clock that jumped back must not keep everybody away.
                let held = place.until > now && place.until <= now.plus_secs(LEASE_SECS);
                if held && place.sender != self.sender {
                    return Ok(None);
                }
                place.seq
            }
        };
        self.note(tx, seq, now).await?;
        Ok(Some(seq))
    }

    async fn note(&self, tx: &mut Tx, seq: i64, now: Micros) -> Result<()> {
        let until = now.plus_secs(LEASE_SECS);
        let place = Place { seq, sender: self.sender.clone(), until };
        let place = serde_json::to_vec(&place).map_err(Error::internal)?;
        meta::put(tx, self.name(), &place, now).await
    }

    /// Blocks.
    fn hand(&self, entries: &[Entry]) -> Result<()> {
        match &self.receiver {
            Receiver::Webhook(url) => {
                let records: Vec<Value> = entries.iter().map(told).collect();
                let body = json!({"records": records}).to_string();
                let answer = self.door.post_json(url, &[], body.as_bytes())?;
                if (200..300).contains(&answer.status) {
                    return Ok(());
                }
                let message = format!("the webhook answered {}", answer.status);
                Err(Error::new(ErrorKind::Unavailable, message))
            }
            Receiver::Syslog(target) => {
                entries.iter().try_for_each(|entry| self.log(target, entry))
            }
        }
    }

    fn log(&self, target: &SyslogTarget, entry: &Entry) -> Result<()> {
        let record = &entry.record;
        let told = told(entry);
        let values: Vec<(&str, String)> = told
            .as_object()
            .into_iter()
            .flatten()
            // What the message has in its head, and JSON within a value.
            .filter(|(name, _)| !matches!(name.as_str(), "at" | "detail"))
            .map(|(name, value)| {
                (name.as_str(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            })
            .filter(|(_, value)| !value.is_empty())
            .collect();
        let Record { user_name, action, target: thing, outcome, .. } = record;
        let message = SyslogMessage {
            facility: Facility::Audit,
            severity: severity(outcome),
            at: record.at,
            kind: "AUDIT",
            values: &values,
            text: &format!("{user_name} {action} {thing}: {outcome}"),
        };
        self.door.send_syslog(target, &message)
    }
}

/// A record as the log shows it, with the account it is of: one receiver gets those of all.
fn told(entry: &Entry) -> Value {
    let seq = u64::try_from(entry.seq).unwrap_or_default();
    let mut told = view(seq, &entry.record, &entry.hash);
    if let Some(told) = told.as_object_mut() {
        told.insert("domain_id".to_owned(), entry.record.domain_id.clone().into());
    }
    told
}

fn severity(outcome: &str) -> Severity {
    match outcome {
        "denied" => Severity::Warning,
        "failure" => Severity::Error,
        _ => Severity::Notice,
    }
}
