//! What keys open, as the inventory found it.

use super::{Keypair, Place};
use crate::{App, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Result};
use muster_store::keypairs as store;
use muster_store::keypairs::found::{Account, accounts};
use serde::Deserialize;
use std::collections::HashSet;

/// Accounts looked at to answer what one pair opens.
const MAX_OPENINGS: u32 = 1_000;
/// Accounts read at a time in the search for keys nobody manages.
const BATCH: u32 = 1_000;

/// A key in the evidence of an account, as the collector writes it.
#[derive(Deserialize)]
struct Evidence {
    #[serde(default)]
    authorized_keys: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    fingerprint: String,
    #[serde(default)]
    algorithm: String,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    comment: String,
    #[serde(default)]
    path: String,
}

/// An account a key opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Id of the host.
    pub host_id: String,
    /// Its name.
    pub host_name: String,
    /// Name of the container of that host, or empty.
    pub container: String,
    /// The account.
    pub account: String,
    /// The file the key stands in.
    pub path: String,
    /// Names of the options beside it, which narrow what it opens.
    pub options: Vec<String>,
}

/// A key that opens an account and belongs to no pair of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// `SHA256:...`
    pub fingerprint: String,
    /// `ssh-ed25519` ...
    pub algorithm: String,
    /// What stands behind it: mostly whose it is.
    pub comment: String,
    /// What it opens.
    pub opening: Opening,
}

fn keys_of(account: &Account) -> Vec<Found> {
    let read = serde_json::from_str::<Evidence>(&account.evidence);
    read.map(|evidence| evidence.authorized_keys).unwrap_or_default()
}

fn opening(account: &Account, found: &Found) -> Opening {
    Opening {
        host_id: account.host_id.clone(),
        host_name: account.host_name.clone(),
        container: account.container.clone(),
        account: account.name.clone(),
        path: found.path.clone(),
        options: found.options.clone(),
    }
}

/// A pair, and the accounts of the project's hosts its key was found to open: at most a thousand.
///
/// # Errors
/// `NotFound`; those of [`authz::require`] and of the database.
pub async fn openings(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    name: &str,
) -> Result<(Keypair, Vec<Opening>)> {
    authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let place = Place::enter_for_some(app, caller, Action::KeypairGet, project).await?;
    let mut tx = app.db.read().await?;
    let pair = place.named(&mut tx, name).await?;
    // A fingerprint stands in JSON as it is.
    let found = accounts(&mut tx, place.key, &pair.sha256, MAX_OPENINGS, 0).await?;
    let mut openings = Vec::new();
    for account in &found {
        let keys = keys_of(account);
        let own = keys.iter().filter(|key| key.fingerprint == pair.sha256);
        openings.extend(own.map(|key| opening(account, key)));
    }
    Ok((pair, openings))
}

/// Keys found on the project's hosts that belong to none of its pairs, at most `limit` from `offset` on.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn strays(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    limit: u32,
    offset: u32,
) -> Result<Vec<Stray>> {
    authz::require(app, caller, Action::AssetList, Some(project)).await?;
    let place = Place::enter(app, caller, Action::KeypairList, project).await?;
    let mut tx = app.db.read().await?;
    let managed: HashSet<String> =
        store::fingerprints(&mut tx, place.key).await?.into_iter().collect();
    let (mut strays, mut skipped, mut read) = (Vec::new(), 0, 0);
    let enough = usize::try_from(limit).unwrap_or(usize::MAX);
    loop {
        let batch = accounts(&mut tx, place.key, "\"authorized_keys\"", BATCH, read).await?;
        for account in &batch {
            for key in keys_of(account) {
                if managed.contains(&key.fingerprint) {
                    continue;
                }
                if skipped < offset {
                    skipped += 1;
                    continue;
                }
                let opening = opening(account, &key);
                let Found { fingerprint, algorithm, comment, .. } = key;
                strays.push(Stray { fingerprint, algorithm, comment, opening });
                if strays.len() == enough {
                    return Ok(strays);
                }
            }
        }
        let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        if count < BATCH {
            return Ok(strays);
        }
        read = read.saturating_add(count);
    }
}
