//! Nothing secret leaves before its record is on the disk.

use super::{Outcome, record, remarked};
use crate::app::App;
use muster_model::{Action, Caller, Error, ErrorKind, Result};
use muster_store::audit::Record;
use muster_store::trail::Failure;

/// That somebody is about to be handed a secret; the record of it lies on the disk. Say how it went with
/// [`Intent::done`]; one that is dropped without is recorded as a failure.
#[must_use = "say how it went: `done`, or drop it to record a failure"]
pub struct Intent {
    app: App,
    /// The record of the outcome, until it is written.
    outcome: Option<Record>,
}

/// Records durably that `caller` is about to be handed a secret: call it once the caller is authorised,
/// before anything is unsealed. `project` is an id or empty, `target` names the thing
/// (`certificate/scs…`); never a secret in either.
///
/// ```ignore
/// let project = authz::require(app, caller, Action::CertExport, None).await?;
/// let intent = audit::intent(app, caller, Action::CertExport, "", &target).await?;
/// let key = sealing::open(tx, app, &owner, &record, "private_key", &sealed).await?;
/// intent.done();
/// ```
///
/// # Errors
/// `Unavailable` naming the audit, if the disk did not take the record within `audit.wait_ms`.
pub async fn intent(
    app: &App,
    caller: &Caller,
    action: Action,
    project: &str,
    target: &str,
) -> Result<Intent> {
    let record = record(app.now(), caller, action, project, target, Outcome::Intent);
    let outcome = Record { outcome: Outcome::Failure.name().to_owned(), ..record.clone() };
    let written = app.trail.durable(record.clone());
    let why = match tokio::time::timeout(app.settings.audit.wait(), written).await {
        Ok(Ok(())) => {
            app.audit.push(record);
            return Ok(Intent { app: app.clone(), outcome: Some(outcome) });
        }
        Ok(Err(failure)) => failure,
        Err(_elapsed) => Failure::Slow,
    };
    metrics::counter!("muster_audit_refused_total").increment(1);
    let detail = remarked(&outcome.detail, "error", "audit unavailable".into());
    tell(app, Record { detail, ..outcome });
    Err(Error::new(
        ErrorKind::Unavailable,
        "audit: the record could not be made durable, so nothing was handed out",
    )
    .with_source(why))
}

impl Intent {
    /// The secret was handed out.
    pub fn done(mut self) {
        if let Some(mut outcome) = self.outcome.take() {
            Outcome::Success.name().clone_into(&mut outcome.outcome);
            outcome.at = self.app.now();
            tell(&self.app, outcome);
        }
    }
}

impl Drop for Intent {
    fn drop(&mut self) {
        if let Some(mut outcome) = self.outcome.take() {
            outcome.at = self.app.now();
            tell(&self.app, outcome);
        }
    }
}

/// Records an outcome: soon in the trail and in the log.
fn tell(app: &App, outcome: Record) {
    app.audit.push(outcome.clone());
    if let Err(error) = app.trail.soon(outcome) {
        metrics::counter!("muster_audit_dropped_total").increment(1);
        tracing::error!(%error, "the outcome of an export was not recorded");
    }
}
