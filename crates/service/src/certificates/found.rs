//! Certificates that the roll call found on hosts, managed here or not.

use super::account;
use crate::app::App;
use crate::authz;
use muster_model::{Action, Caller, Result};
use muster_store::assets;

pub use muster_store::assets::Found;

/// What sites of the account's hosts serve now, the first to end first; matched with the account's own certificates by
/// SHA-256.
///
/// # Errors
/// `Forbidden` naming the action: it takes the right to see certificates and hosts' assets both.
pub async fn found(app: &App, caller: &Caller) -> Result<Vec<Found>> {
    authz::account(app, caller, Action::CertList)?;
    authz::account(app, caller, Action::AssetList)?;
    assets::certificates(&mut app.db.read().await?, account(app, caller)?).await
}
