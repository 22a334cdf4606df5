//! Reading the audit log.

use crate::audit::ADDRESS;
use crate::{App, authz};
use muster_model::{Action, Caller, Page, Paging, Result};
use muster_store::audit;
pub use muster_store::audit::{Entry, Filter, Record};
use serde_json::{Value, json};

/// Which page of the log.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// So many after so many, and how many there are in all.
    Page(Paging),
    /// So many before this place: for walking through all of them while others are added.
    Before(i64, u32),
}

/// Entries of the caller's account that the filter wants, newest first. The total of [`Part::Before`] is what it
/// answers.
///
/// # Errors
/// `Forbidden` naming the action.
pub async fn list(app: &App, caller: &Caller, filter: Filter, part: Part) -> Result<Page<Entry>> {
    authz::account(app, caller, Action::AuditList)?;
    let filter = Filter { domain_id: Some(caller.domain_id.to_string()), ..filter };
    let mut tx = app.db.read().await?;
    match part {
        Part::Page(paging) => audit::list(&mut tx, &filter, paging).await,
        Part::Before(seq, limit) => {
            let rows = audit::before(&mut tx, &filter, seq, limit).await?;
            Ok(Page { total: i64::try_from(rows.len()).unwrap_or(i64::MAX), rows })
        }
    }
}

/// From where it was asked; empty for what the product or the operator on its machine did.
fn address(record: &Record) -> String {
    let detail: Value = serde_json::from_str(&record.detail).unwrap_or_default();
    let address = detail.get(ADDRESS).and_then(Value::as_str);
    address.unwrap_or_default().to_owned()
}

/// A record as readers of the log and of its trail see it; a trail adds the node it is of.
#[must_use]
pub fn view(seq: u64, record: &Record, hash: &[u8]) -> Value {
    json!({
        "seq": seq,
        "at": record.at.iso(),
        "user_name": record.user_name,
        "user_id": record.user_id,
        "credential": record.credential,
        "address": address(record),
        "action": record.action,
        "target": record.target,
        "project_id": record.project_id,
        "outcome": record.outcome,
        "request_id": record.request_id,
        "detail": record.detail,
        "hash": hex::encode(hash),
    })
}
