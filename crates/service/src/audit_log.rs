//! Reading the audit log.

use crate::{App, authz};
use muster_model::{Action, Caller, Page, Paging, Result};
use muster_store::audit::{self, Filter};
pub use muster_store::audit::{Entry, Record};

/// Entries of the caller's account, newest first.
///
/// # Errors
/// `Forbidden` naming the action.
pub async fn list(
    app: &App,
    caller: &Caller,
    action: Option<String>,
    paging: Paging,
) -> Result<Page<Entry>> {
    authz::account(app, caller, Action::AuditList)?;
    let filter =
        Filter { domain_id: Some(caller.domain_id.to_string()), action, ..Filter::default() };
    audit::list(&mut app.db.read().await?, &filter, paging).await
}
