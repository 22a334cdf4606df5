//! Who did what to what, with which outcome.
//!
//! What changes something is recorded in its own transaction ([`append`]): no record, no act. What hands
//! out a secret first makes its record durable in the audit trail of this node ([`intent`]): no record, no
//! secret. Reads and refusals go through [`note`], which never waits: a bounded queue, written in batches
//! once a second and at the stop. What does not fit is counted and logged, and what of it the trail has is added later. Where the trail stood is signed from time to
//! time ([`checkpoints`]). Who keeps the log elsewhere gets copies ([`copies`]).

pub mod checkpoints;
pub mod copies;
mod index;
mod intent;
mod queue;
mod settings;

pub(crate) use index::Index;
pub use intent::{Intent, intent};
pub(crate) use queue::Queue;
pub use settings::AuditSettings;

use crate::app::App;
use muster_model::{Action, Assumer, Caller, Credential, Micros};
use muster_store::Tx;
use muster_store::audit::Record;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// What the address a caller asked from is called among a record's details.
pub(crate) const ADDRESS: &str = "address";

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Success,
    /// Not allowed.
    Denied,
    /// Tried and failed.
    Failure,
    /// About to be done; how it ended stands in a later record of the same request.
    Intent,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::Failure => "failure",
            Self::Intent => "intent",
        }
    }
}

/// A record of what `caller` did. `project` is an id or empty; `target` names the thing
/// (`access_key/AK…`); never a secret in either.
pub fn record(
    now: Micros,
    caller: &Caller,
    action: Action,
    project: &str,
    target: &str,
    outcome: Outcome,
) -> Record {
    Record {
        at: now,
        request_id: caller.request_id.clone(),
        domain_id: caller.domain_id.to_string(),
        project_id: project.to_owned(),
        user_id: caller.user_id.to_string(),
        user_name: caller.user_name.clone(),
        credential: match &caller.credential {
            Credential::Token => "token".to_owned(),
            Credential::AccessKey(access) => format!("access_key:{access}"),
            Credential::Local => "local".to_owned(),
        },
        action: action.name().to_owned(),
        target: target.to_owned(),
        outcome: outcome.name().to_owned(),
        detail: detail(caller),
    }
}

/// From where the caller asked, and who acted as the agency that the record names as its actor. Empty for the operator
/// on the machine itself.
fn detail(caller: &Caller) -> String {
    let detail = asked_from(caller.address);
    match &caller.assumed_by {
        Some(by) => remarked(&detail, "assumed_by", assumed(by)),
        None => detail,
    }
}

/// Details that name the address something was asked from.
pub(crate) fn asked_from(address: Option<IpAddr>) -> String {
    address.map_or_else(String::new, |address| remarked("", ADDRESS, address.to_string().into()))
}

fn assumed(by: &Assumer) -> Value {
    json!({"domain_id": by.domain_id, "user_id": by.user_id, "user_name": by.user_name})
}

/// Details with one more.
fn remarked(detail: &str, name: &str, value: Value) -> String {
    let mut all: Map<String, Value> = serde_json::from_str(detail).unwrap_or_default();
    all.insert(name.to_owned(), value);
    Value::Object(all).to_string()
}

/// Records a success in the transaction that brings it about.
///
/// # Errors
/// Those of the database; then the transaction must not be committed.
pub async fn append(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    action: Action,
    project: &str,
    target: &str,
) -> muster_model::Result<()> {
    let record = record(app.now(), caller, action, project, target, Outcome::Success);
    muster_store::audit::append(tx, &record).await
}

/// The same for several things at once.
///
/// # Errors
/// Those of [`append`].
pub async fn append_all(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    action: Action,
    project: &str,
    targets: &[String],
) -> muster_model::Result<()> {
    let now = app.now();
    let of = |target: &String| record(now, caller, action, project, target, Outcome::Success);
    let records: Vec<_> = targets.iter().map(of).collect();
    muster_store::audit::append_all(tx, &records).await
}

/// Records a read or a refusal, soon.
pub fn note(
    app: &App,
    caller: &Caller,
    action: Action,
    project: &str,
    target: &str,
    outcome: Outcome,
) {
    app.audit.push(record(app.now(), caller, action, project, target, outcome));
}
