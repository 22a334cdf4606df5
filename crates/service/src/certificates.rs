//! Certificates of an account: imported, ordered, issued, handed out.
//!
//! A certificate belongs to the account, whatever project its caller works in. Its keys are sealed as
//! `private_key` and `enc_private_key` of `certificate/scs…`.

pub mod authorities;
pub mod channels;
pub mod deploy;
pub mod expiry;
pub mod export;
pub mod import;
pub mod orders;
pub mod requests;
pub mod revocations;
pub mod tags;

mod found;
mod issue;
mod list;
mod making;
mod notices;

pub use channels::MailSettings;
pub use found::{Found, found};
pub use list::{list, show};
pub use muster_store::certificates::{Certificate, Filter, Order, SortKey, Status, TagRule};
pub use notices::{Notice, set_notices};

use crate::app::App;
use crate::audit;
use crate::authz::{self, Item};
use muster_model::{Action, Caller, Error, ErrorKind, Micros, Owner, Result};
use muster_store::certificates::{self as store, authorities as revoking};
use muster_store::{Tx, meta, transact};
use serde::{Deserialize, Serialize};

/// What an operator may set of certificates.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct CertificateSettings {
    /// Issue what is applied for at once, instead of waiting for somebody to approve it.
    pub approve: bool,
    /// Where everybody reaches this server's `/crl/`, `http://host`: issued certificates name the revocation list
    /// there, and it is handed out without credentials. None: neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl_address: Option<String>,
    /// Where notices of expiry are POSTed, `https://host/path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// The mail server notices are sent by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailSettings>,
    /// The syslog notices are sent to: `udp://host:514`, `tcp://host:601`, `unix:/dev/log`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub syslog: Option<String>,
    /// Where certificates can be put, by name.
    #[serde(skip_serializing_if = "deploy::Targets::is_empty")]
    pub targets: deploy::Targets,
}

impl Default for CertificateSettings {
    fn default() -> Self {
        Self {
            approve: true,
            crl_address: None,
            webhook: None,
            mail: None,
            syslog: None,
            targets: deploy::Targets::new(),
        }
    }
}

/// Letters in front of a certificate's id.
const CERTIFICATE: &str = "scs";
/// Letters in front of a request's id.
const REQUEST: &str = "csr";
/// Name of the default enterprise project.
const DEFAULT_PROJECT: &str = "0";

/// Removes a certificate with its keys and tags. One of our own authority is revoked by it.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Conflict` while it is applied for.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<()> {
    transact!(app.db, |tx| {
        let found = permitted(tx, app, caller, Action::CertDelete, id).await?;
        if matches!(found.status, Status::Checking | Status::CheckingOrg | Status::Issuing) {
            return Err(wrong_state(&found, app.now(), "cancel the application first"));
        }
        if let (Some(authority), Status::Issued) = (found.authority, found.status) {
            revoking::revoke(tx, authority, &found.content.serial, app.now()).await?;
        }
        store::delete(tx, found.key).await?;
        audit::append(tx, app, caller, Action::CertDelete, "", &target(id)).await
    })
}

/// The key of the caller's account.
fn account(app: &App, caller: &Caller) -> Result<i64> {
    let domain = app.identity.directory().domain_by_id(&caller.domain_id).map(|domain| domain.key);
    domain.ok_or_else(|| Error::not_found("the account"))
}

/// Under whose key its secrets are sealed.
fn owner(caller: &Caller) -> Owner {
    Owner::Domain(caller.domain_id.clone())
}

/// What a certificate is called in the audit log and where its keys are sealed.
fn target(id: &str) -> String {
    format!("certificate/{id}")
}

/// A certificate the caller may perform `action` on. One it may not even look at is not there.
async fn permitted(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    action: Action,
    id: &str,
) -> Result<Certificate> {
    let absent = || Error::not_found(format_args!("certificate {id}"));
    let Some(found) = store::get(tx, account(app, caller)?, id).await? else {
        authz::account_some(app, caller, action)?;
        return Err(absent());
    };
    // Who may do it to every one need not be asked by the tags of this one.
    let tags = match authz::may(app, caller, action, None, &Item::ALL) {
        true => Vec::new(),
        false => tags::pairs(tx, found.key).await?,
    };
    let item = item(&found, &tags);
    if !authz::may(app, caller, Action::CertShow, None, &item)
        && !authz::may(app, caller, action, None, &item)
    {
        authz::account_some(app, caller, action)?;
        return Err(absent());
    }
    authz::account_on(app, caller, action, &item)?;
    Ok(found)
}

/// A certificate as policies speak of it.
fn item<'a>(it: &'a Certificate, tags: &'a [(String, String)]) -> Item<'a> {
    Item { path: &it.id, enterprise_project: &it.enterprise_project_id, tags }
}

/// A certificate that is yet to be, as policies speak of it.
fn new_item(enterprise_project: &str) -> Item<'_> {
    Item { enterprise_project, ..Item::NEW }
}

/// An operation that the certificate's status does not allow.
fn wrong_state(found: &Certificate, now: Micros, hint: &str) -> Error {
    let status = found.status_at(now).name();
    Error::new(ErrorKind::Conflict, format!("certificate {} is {status}: {hint}", found.id))
}

/// A new id: the letters and the time in milliseconds, or one more than the last where that is taken.
async fn next_id(tx: &mut Tx, letters: &str, now: Micros) -> Result<String> {
    let name = format!("last_id/{letters}");
    let last = meta::get(tx, &name).await?;
    let last = last.and_then(|bytes| Some(i64::from_be_bytes(bytes.try_into().ok()?)));
    let next = now.millis().max(last.map_or(0, |last| last + 1));
    meta::put(tx, &name, &next.to_be_bytes(), now).await?;
    Ok(format!("{letters}{next:013}"))
}

/// `0`, or a UUID.
fn enterprise_project(given: Option<&str>) -> Result<String> {
    let given = given.filter(|given| !given.is_empty()).unwrap_or(DEFAULT_PROJECT);
    let uuid = given.len() == 36
        && given.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || byte.is_ascii_lowercase(),
        });
    if given == DEFAULT_PROJECT || uuid {
        return Ok(given.to_owned());
    }
    Err(Error::invalid("enterprise_project_id", "must be 0 or a UUID in lower case"))
}

/// 3 to 63 letters, digits, `_`, `-` and `.`.
fn check_name(name: &str) -> Result<()> {
    let fits = (3..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if fits {
        Ok(())
    } else {
        Err(Error::invalid("name", "must be 3 to 63 letters, digits, _ - or ."))
    }
}
