//! Looking at certificates.

use super::{Certificate, Filter, Order, account, permitted, tags};
use crate::app::App;
use crate::authz::{self, Item};
use muster_model::{Action, Caller, Error, Page, Paging, Result};
use muster_store::certificates::{self as store, Brief};

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
    let all = store::briefs(&mut tx, domain, filter, order, now).await?;
    let mut tags = tags::by_certificate(&mut tx, domain).await?;
    let mut may = |it: &Brief| {
        let tags = tags::pairs_of(tags.remove(&it.key).unwrap_or_default());
        let project = it.enterprise_project_id.as_str();
        let item = Item { path: &it.id, enterprise_project: project, tags: &tags };
        authz::may(app, caller, Action::CertList, None, &item)
    };
    let seen: Vec<i64> = all.into_iter().filter(|it| may(it)).map(|it| it.key).collect();
    let paged = seen.iter().skip(paging.offset as usize).take(paging.limit as usize);
    let keys: Vec<i64> = paged.copied().collect();
    let total = i64::try_from(seen.len()).map_err(Error::internal)?;
    Ok(Page { total, rows: store::by_keys(&mut tx, &keys).await? })
}

/// One certificate.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, also for another account's.
pub async fn show(app: &App, caller: &Caller, id: &str) -> Result<Certificate> {
    permitted(&mut app.db.read().await?, app, caller, Action::CertShow, id).await
}
