//! Revocation lists of the accounts' own authorities, for callers and, where the operator says so, for everybody.
//!
//! Who checks a certificate has no credentials, so the open list must cost nearly nothing: it lies signed in memory, is
//! looked after in the database only every few seconds, and is signed anew only after a revocation or once a day.

use super::{CertificateSettings, account, authorities};
use crate::app::App;
use crate::authz;
use crate::limits::{Limiter, network};
use bytes::Bytes;
use muster_model::id::DomainId;
use muster_model::{Action, Caller, Error, ErrorKind, Micros, Owner, Result};
use muster_store::certificates::authorities::{self as store, Authority};
use muster_store::{Tx, transact};
use muster_vault::pem;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};

/// How long a list holds, in seconds: a week.
const LIST_SECS: i64 = 7 * 24 * 3600;
/// Age at which it is signed anew though nothing was revoked, in seconds: a day, so that one which is fetched holds
/// for six days at least.
const AGE_SECS: i64 = 24 * 3600;
/// How long the open list is handed out without a look for new revocations, in seconds.
const LOOK_SECS: i64 = 10;
/// Open lists handed out to one address in a minute.
const OPEN_A_MINUTE: u32 = 120;
/// The longest address that goes into certificates.
const MAX_ADDRESS: usize = 200;
/// The kinds of authorities.
const KINDS: [&str; 3] = ["RSA", "EC", "SM2"];

/// An account and one of the kinds.
type List = (i64, &'static str);

/// The lists that lie in memory. One in an [`App`].
pub(crate) struct Lists {
    /// Where everybody fetches them, without a slash at the end.
    base: Option<String>,
    kept: RwLock<HashMap<List, Kept>>,
    /// One list at a time is made, however many ask for it.
    making: tokio::sync::Mutex<()>,
    open: Limiter<IpAddr>,
}

/// A list as it was signed.
#[derive(Clone)]
struct Kept {
    der: Bytes,
    revoked: i64,
    signed_at: Micros,
    looked_at: Micros,
}

impl Lists {
    pub(crate) fn new(settings: &CertificateSettings) -> Result<Self> {
        let base = settings.crl_address.as_deref().map(base).transpose()?;
        let making = tokio::sync::Mutex::new(());
        Ok(Self { base, kept: RwLock::default(), making, open: Limiter::new() })
    }

    /// The address of a list, if everybody may fetch it.
    pub(super) fn address(&self, domain: &DomainId, kind: &str) -> Option<String> {
        self.base.as_ref().map(|base| format!("{base}/crl/{domain}/{kind}.crl"))
    }

    fn get(&self, list: List) -> Option<Kept> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(&list).cloned()
    }

    fn put(&self, list: List, made: &Kept) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.insert(list, made.clone());
    }
}

/// A clock that was set back makes nothing fresh for ever.
fn within(since: Micros, secs: i64, now: Micros) -> bool {
    since <= now && now < since.plus_secs(secs)
}

/// What the setting must be to stand in a certificate.
fn base(address: &str) -> Result<String> {
    let wrong = |why: &str| Err(Error::invalid("certificates.crl_address", why));
    let rest = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"));
    let Some(rest) = rest else { return wrong("must start with http:// or https://") };
    if rest.is_empty() || rest.starts_with('/') {
        return wrong("must name a host");
    }
    if !rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&byte)) {
        return wrong("must be a host, a port and a path, without user, query or fragment");
    }
    if address.len() > MAX_ADDRESS {
        return wrong("must have at most 200 bytes");
    }
    Ok(address.trim_end_matches('/').to_owned())
}

/// The present revocation list of a root, in PEM.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound` for a kind that never issued.
pub async fn show(app: &App, caller: &Caller, kind: &str) -> Result<String> {
    authz::account(app, caller, Action::CertList)?;
    let absent = || Error::not_found(format_args!("authority {kind}"));
    let known = KINDS.into_iter().find(|known| *known == kind).ok_or_else(absent)?;
    let list = (account(app, caller)?, known);
    let list = current(app, list, &caller.domain_id).await?.ok_or_else(absent)?;
    Ok(pem::write("X509 CRL", &list.der).to_string())
}

/// The revocation list of an account's root for everybody, in DER; `file` is `RSA.crl`, `EC.crl` or `SM2.crl`. Asks for
/// no action: it says only what all who meet the certificates must learn, serial numbers and when they were revoked.
///
/// # Errors
/// `NotFound` where the operator opened no lists and for what never issued; `RateLimited` for an address that asks too
/// often.
pub async fn open(app: &App, address: IpAddr, domain: &str, file: &str) -> Result<Bytes> {
    let lists = &app.revocations;
    let absent = || Error::not_found("the revocation list");
    let kind = file.strip_suffix(".crl").and_then(|kind| KINDS.into_iter().find(|it| *it == kind));
    let (Some(kind), Some(_)) = (kind, &lists.base) else { return Err(absent()) };
    if !lists.open.admit(network(address), OPEN_A_MINUTE, app.now()) {
        let message = format!("more than {OPEN_A_MINUTE} revocation lists a minute");
        return Err(Error::new(ErrorKind::RateLimited, message));
    }
    let domain = DomainId::parse(domain).map_err(|_| absent())?;
    let account = app.identity.directory().domain_by_id(&domain).map(|it| it.key);
    let list = (account.ok_or_else(absent)?, kind);
    if let Some(kept) = lists.get(list)
        && within(kept.looked_at, LOOK_SECS, app.now())
    {
        return Ok(kept.der);
    }
    current(app, list, &domain).await?.map(|kept| kept.der).ok_or_else(absent)
}

/// The list as it must be now, signed anew if the one in memory is not that. None where nothing was issued.
async fn current(app: &App, list: List, domain: &DomainId) -> Result<Option<Kept>> {
    let (account, kind) = list;
    let _one = app.revocations.making.lock().await;
    let mut tx = app.db.read().await?;
    let Some(authority) = store::get(&mut tx, account, kind).await? else { return Ok(None) };
    let now = app.now();
    if let Some(mut kept) = app.revocations.get(list)
        && within(kept.signed_at, AGE_SECS, now)
        && store::count_revoked(&mut tx, authority.key).await? == kept.revoked
    {
        kept.looked_at = now;
        app.revocations.put(list, &kept);
        return Ok(Some(kept));
    }
    drop(tx);
    let owner = Owner::Domain(domain.clone());
    let kept = transact!(app.db, |tx| sign(tx, app, &owner, authority.clone()).await)?;
    app.revocations.put(list, &kept);
    Ok(Some(kept))
}

async fn sign(tx: &mut Tx, app: &App, owner: &Owner, authority: Authority) -> Result<Kept> {
    let root = authorities::open(tx, app, owner, authority).await?;
    let number = u64::try_from(store::next_list(tx, root.key).await?).map_err(Error::internal)?;
    let mut revoked: Vec<(Vec<u8>, Micros)> = Vec::new();
    for (serial, at) in store::revoked(tx, root.key).await? {
        revoked.push((hex::decode(serial).map_err(Error::internal)?, at));
    }
    let now = app.now();
    let der = root.issuer().revocations(number, &revoked, now, now.plus_secs(LIST_SECS))?;
    let revoked = i64::try_from(revoked.len()).map_err(Error::internal)?;
    Ok(Kept { der: der.into(), revoked, signed_at: now, looked_at: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_a_certificate_can_hold() {
        for (address, kept) in [
            ("http://pki.example", "http://pki.example"),
            ("https://pki.example:8443/muster/", "https://pki.example:8443/muster"),
            ("http://[2001:db8::1]:80", "http://[2001:db8::1]:80"),
        ] {
            assert_eq!(base(address).unwrap(), kept);
        }
        let long = format!("http://{}", "a".repeat(200));
        for address in [
            "pki.example",
            "ldap://pki.example",
            "http://",
            "http:///a",
            "http://a/?b",
            "http://ä.example",
            &long,
        ] {
            let error = base(address).unwrap_err();
            assert_eq!(error.parameter(), Some("certificates.crl_address"), "{address}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_fresh() {
        let at = Micros::from_secs;
        assert!(within(at(100), 10, at(109)));
        assert!(!within(at(100), 10, at(110)));
        assert!(!within(at(100), 10, at(99)));
    }
}
