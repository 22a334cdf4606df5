//! Looking at certificates.

use super::{Certificate, Filter, Order, account, item, permitted, tags};
use crate::app::App;
use crate::authz::{self, Item};
use muster_model::{Action, Caller, Page, Paging, Result};
use muster_store::certificates as store;

/// Rows of one step where each has to be asked for.
const STEP: u32 = 500;

/// A page of the account's certificates: of those the caller may see.
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
    authz::account_some(app, caller, Action::CertList)?;
    let (domain, now) = (account(app, caller)?, app.now());
    let mut tx = app.db.read().await?;
    if authz::may(app, caller, Action::CertList, None, &Item::ALL) {
        return store::list(&mut tx, domain, filter, order, paging, now).await;
    }
    // Only some: every one is asked for, and only those count.
    let mut page = Page { total: 0, rows: Vec::new() };
    let mut step = Paging { limit: STEP, offset: 0 };
    loop {
        let rows = store::list(&mut tx, domain, filter, order, step, now).await?.rows;
        if rows.is_empty() {
            return Ok(page);
        }
        step.offset += STEP;
        for row in rows {
            let tags = tags::pairs(&mut tx, row.key).await?;
            if !authz::may(app, caller, Action::CertList, None, &item(&row, &tags)) {
                continue;
            }
            page.total += 1;
            let wanted = page.total > i64::from(paging.offset);
            if wanted && page.rows.len() < paging.limit as usize {
                page.rows.push(row);
            }
        }
    }
}

/// One certificate.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, also for another account's.
pub async fn show(app: &App, caller: &Caller, id: &str) -> Result<Certificate> {
    permitted(&mut app.db.read().await?, app, caller, Action::CertShow, id).await
}
