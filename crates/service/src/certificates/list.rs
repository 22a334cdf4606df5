//! Looking at certificates.

use super::{Certificate, Filter, Order, account, find};
use crate::app::App;
use crate::authz;
use muster_model::{Action, Caller, Page, Paging, Result};
use muster_store::certificates as store;

/// A page of the account's certificates.
///
/// # Errors
/// `Forbidden` naming the action.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &Filter,
    order: Order,
    paging: Paging,
) -> Result<Page<Certificate>> {
    authz::account(app, caller, Action::CertList)?;
    let domain = account(app, caller)?;
    store::list(&mut app.db.read().await?, domain, filter, order, paging, app.now()).await
}

/// One certificate.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, also for another account's.
pub async fn show(app: &App, caller: &Caller, id: &str) -> Result<Certificate> {
    authz::account(app, caller, Action::CertShow)?;
    find(&mut app.db.read().await?, account(app, caller)?, id).await
}
