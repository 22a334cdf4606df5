//! Certificates put where a program reads them: into folders of this machine the operator named, each with a program to
//! run afterwards (the reload of a web server, or what carries the files on to another host).
//!
//! A caller names a target and nothing else: paths and programs come from the configuration alone.

mod files;
mod hook;

use super::export::{closed, open};
use super::{permitted, target, wrong_state};
use crate::app::App;
use crate::audit;
use files::{CERTIFICATE, ENC_CERTIFICATE, ENC_KEY, File, KEY, Placed};
use muster_model::{Action, Caller, Error, ErrorKind, Result};
use muster_store::certificates::{Certificate, Status};
use muster_vault::x509::chain::Chain;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// Where certificates can be put, by name.
pub type Targets = BTreeMap<String, Target>;

/// A place where certificates are put.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The folder, which must be there: `fullchain.pem` and `privkey.pem` (0600), of a double certificate also
    /// `enc-fullchain.pem` and `enc-privkey.pem`.
    pub folder: PathBuf,
    /// A program and its arguments, run after the files were replaced, without a shell. If it fails, the files are put
    /// back as they were.
    #[serde(default)]
    pub hook: Vec<String>,
    /// How long it may take, in seconds; then it is killed with everything it started.
    #[serde(default = "usual_secs")]
    pub hook_secs: u64,
    /// The account whose certificates may go there; the first one where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

const fn usual_secs() -> u64 {
    30
}

/// Puts a certificate with its key into a target and runs its program. The record is on the disk before the key is
/// unsealed. What was there before stays when anything fails.
///
/// # Errors
/// `Forbidden` naming the action; `NotFound`; `Unsupported` where no target is configured; `Invalid` naming
/// `target_service` for one that is not there; `Conflict` for a certificate that is not valid now or whose key its owner
/// keeps; `Unavailable` naming the audit, or saying what the target did not do.
pub async fn push(app: &App, caller: &Caller, id: &str, name: &str) -> Result<()> {
    let mut tx = app.db.read().await?;
    let found = permitted(&mut tx, app, caller, Action::CertPush, id).await?;
    let place = find(app, caller, name)?;
    if !matches!(found.status_at(app.now()), Status::Issued | Status::Upload) {
        return Err(wrong_state(&found, app.now(), "only a valid certificate is put anywhere"));
    }
    let content = &found.content;
    if found.keys.key.is_none() || !content.envelope.is_empty() {
        return Err(Error::conflict(format!(
            "certificate {id} is without its private key here: its owner keeps it"
        )));
    }
    let record = target(id);
    let put = format!("{record}/target/{name}");
    let mut sealed = async |field, sealed: &Option<Vec<u8>>| {
        closed(&mut tx, app, caller, &record, field, sealed.clone()).await
    };
    let key = sealed("private_key", &found.keys.key).await?;
    let enc_key = sealed("enc_private_key", &found.keys.enc_key).await?;
    drop(tx);
    let intent = audit::intent(app, caller, Action::CertPush, "", &put).await?;
    let (key, enc_key) = (open(app, key).await?, open(app, enc_key).await?);
    let chain = |certificate: &str| Zeroizing::new(Chain::entire(certificate, &content.chain));
    let mut written = vec![(CERTIFICATE, Some(chain(&content.certificate))), (KEY, key)];
    if !content.enc_certificate.is_empty() {
        written.push((ENC_CERTIFICATE, Some(chain(&content.enc_certificate))));
        written.push((ENC_KEY, enc_key));
    }
    let written: Vec<File> =
        written.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
    // One at a time: what a failure puts back must be what was there.
    let _one = app.deploying.lock().await;
    let folder = place.folder.clone();
    let placed = blocking(app, move || Placed::put(&folder, &written)).await?;
    let placed = placed.map_err(|error| failed(name, &error))?;
    if let Err(why) = hook::run(place, name).await {
        let undone = blocking(app, move || placed.undo()).await?;
        // Once more, so that what runs is what lies there; what it says now is of no more use.
        let _ = hook::run(place, name).await;
        undone.map_err(|error| failed(name, &error))?;
        return Err(failed(name, &why));
    }
    blocking(app, move || placed.keep()).await?;
    intent.done();
    Ok(())
}

/// Whether the caller may put this certificate anywhere, and there is a target: asked before a request is looked at.
///
/// # Errors
/// `Forbidden` naming the action; `NotFound`; `Unsupported` where no target is configured.
pub async fn permit(app: &App, caller: &Caller, id: &str) -> Result<()> {
    let mut tx = app.db.read().await?;
    permitted(&mut tx, app, caller, Action::CertPush, id).await?;
    supported(app, caller).then_some(()).ok_or_else(unsupported)
}

/// The targets that have this certificate now, read from their folders.
pub async fn deployed(app: &App, caller: &Caller, found: &Certificate) -> Result<Vec<String>> {
    let text = Chain::entire(&found.content.certificate, &found.content.chain);
    if found.content.certificate.is_empty() {
        return Ok(Vec::new());
    }
    let own = own(app, caller).map(|(name, place)| (name.clone(), place.folder.clone()));
    let own: Vec<_> = own.collect();
    blocking(app, move || {
        let has = |folder: &Path| files::holds(folder, &text);
        own.into_iter().filter(|(_, folder)| has(folder)).map(|(name, _)| name).collect()
    })
    .await
}

/// Whether the caller's account has any target.
pub fn supported(app: &App, caller: &Caller) -> bool {
    own(app, caller).next().is_some()
}

fn own<'a>(app: &'a App, caller: &'a Caller) -> impl Iterator<Item = (&'a String, &'a Target)> {
    let first = app.identity.directory().first_domain().map(|domain| domain.id.clone());
    let first = first.is_some_and(|first| first == caller.domain_id);
    app.settings.certificates.targets.iter().filter(move |(_, place)| match &place.account {
        Some(account) => *account == caller.domain_name,
        None => first,
    })
}

fn find<'a>(app: &'a App, caller: &'a Caller, name: &str) -> Result<&'a Target> {
    if !supported(app, caller) {
        return Err(unsupported());
    }
    let found = own(app, caller).find(|(known, _)| *known == name);
    let absent =
        || Error::invalid("target_service", "Certificates cannot be pushed to this service.");
    found.map(|(_, place)| place).ok_or_else(absent)
}

fn unsupported() -> Error {
    let message = "pushing certificates is not supported: no target is configured";
    Error::new(ErrorKind::Unsupported, message)
}

fn failed(name: &str, why: &dyn std::fmt::Display) -> Error {
    tracing::warn!(target = name, %why, "a certificate was not put in place");
    Error::new(ErrorKind::Unavailable, format!("target {name}: {why}"))
}

async fn blocking<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    app.tasks.spawn_blocking(work).await.map_err(Error::internal)
}

impl Target {
    fn patience(&self) -> Duration {
        Duration::from_secs(self.hook_secs.max(1))
    }
}
