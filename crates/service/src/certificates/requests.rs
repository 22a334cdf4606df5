//! Certificate requests: made here with a key, or uploaded.

use super::making::{self, algorithm};
use super::{REQUEST, account, check_name, export, next_id, owner};
use crate::app::App;
use crate::authz::{self, Item};
use crate::{audit, limits, sealing};
use muster_model::{Action, Caller, Error, ErrorKind, Page, Paging, Result};
use muster_store::certificates::requests as store;
use muster_store::{Tx, transact};
use muster_vault::x509::name::{Subject, check_domain};
use muster_vault::x509::{PrivateKey, request};
use zeroize::Zeroizing;

pub use store::Request;

/// Names one request may ask for.
const MAX_NAMES: usize = 100;
/// Longest request in characters.
const MAX_REQUEST: usize = export::MAX_REQUEST;

/// What a request is made for.
#[derive(Clone, Debug, Default)]
pub struct New {
    /// For people.
    pub name: String,
    /// The first domain.
    pub main_domain: String,
    /// Further names, separated by `;`.
    pub sans: String,
    /// `RSA_2048` ...
    pub algorithm: String,
    /// `PERSONAL` or `ENTERPRISE`, which needs the rest.
    pub usage: String,
    /// Two letters.
    pub country: String,
    /// Province.
    pub province: String,
    /// City.
    pub city: String,
    /// Company.
    pub company: String,
}

/// Makes a key and a request for it.
///
/// # Errors
/// `Forbidden` naming the action, `Invalid` naming the field, `Unavailable` when too many keys are being made.
pub async fn create(app: &App, caller: &Caller, new: &New) -> Result<Request> {
    authz::account_on(app, caller, Action::CsrCreate, &Item::NEW)?;
    let algorithm = algorithm("private_key_algo", &new.algorithm)?;
    let names = check(new)?;
    let key = making::key(app, algorithm).await?;
    let subject = Subject {
        country: new.country.clone(),
        province: new.province.clone(),
        city: new.city.clone(),
        organization: new.company.clone(),
        unit: String::new(),
        common_name: new.main_domain.clone(),
    };
    let csr = request::Request::write(&key, &subject, &names)?;
    let pem = key.to_pem()?;
    store_new(app, caller, new, csr, Some(&pem)).await
}

/// Stores a request somebody made elsewhere, with its key if it is given.
///
/// # Errors
/// `Forbidden` naming the action, `Invalid` naming the field: unreadable, not signed by its key, another key.
pub async fn upload(
    app: &App,
    caller: &Caller,
    name: &str,
    csr: &str,
    private_key: Option<Zeroizing<String>>,
) -> Result<Request> {
    authz::account_on(app, caller, Action::CsrCreate, &Item::NEW)?;
    check_name(name)?;
    if csr.len() > MAX_REQUEST {
        return Err(Error::invalid("csr", "must have at most 16384 characters"));
    }
    let read = request::Request::from_pem(csr).map_err(|flaw| flaw.of("csr"))?;
    if let Some(pem) = &private_key {
        let key = PrivateKey::from_pem(pem).map_err(|flaw| flaw.of("private_key"))?;
        if key.public() != read.public.bits {
            return Err(Error::invalid("private_key", "does not match the request"));
        }
    }
    let first = read.names.first().cloned();
    let main_domain = Some(read.subject.common_name).filter(|name| !name.is_empty()).or(first);
    let main_domain = main_domain.ok_or_else(|| {
        Error::invalid("csr", "names no domain: neither common name nor subjectAltName")
    })?;
    let others: Vec<_> = read.names.into_iter().filter(|name| *name != main_domain).collect();
    let usage = if read.subject.organization.is_empty() { "PERSONAL" } else { "ENTERPRISE" };
    let new = New {
        name: name.to_owned(),
        main_domain,
        sans: others.join(";"),
        algorithm: read.public.kind(),
        usage: usage.to_owned(),
        country: read.subject.country,
        province: read.subject.province,
        city: read.subject.city,
        company: read.subject.organization,
    };
    let pem = private_key.as_ref();
    store_new(app, caller, &new, csr.to_owned(), pem).await
}

async fn store_new(
    app: &App,
    caller: &Caller,
    new: &New,
    csr: String,
    key: Option<&Zeroizing<String>>,
) -> Result<Request> {
    let domain = account(app, caller)?;
    transact!(app.db, |tx| {
        let now = app.now();
        let id = next_id(tx, REQUEST, now).await?;
        let sealed_key = match key {
            None => None,
            Some(key) => {
                let (owner, record) = (owner(caller), target(&id));
                let key = key.as_bytes();
                Some(sealing::seal(tx, app, &owner, &record, "private_key", key).await?)
            }
        };
        let request = Request {
            key: 0,
            id: id.clone(),
            domain,
            name: new.name.clone(),
            csr: csr.clone(),
            main_domain: new.main_domain.clone(),
            sans: new.sans.clone(),
            algorithm: new.algorithm.clone(),
            usage: new.usage.clone(),
            country: new.country.clone(),
            province: new.province.clone(),
            city: new.city.clone(),
            company: new.company.clone(),
            sealed_key,
            created_at: now,
            updated_at: now,
        };
        store::create(tx, &request).await?;
        audit::append(tx, app, caller, Action::CsrCreate, "", &target(&id)).await?;
        Ok(request)
    })
}

/// A page of the account's requests, newest first.
///
/// # Errors
/// `Forbidden` naming the action.
pub async fn list(
    app: &App,
    caller: &Caller,
    name: Option<&str>,
    algorithm: Option<&str>,
    paging: Paging,
) -> Result<Page<Request>> {
    authz::account(app, caller, Action::CsrList)?;
    let domain = account(app, caller)?;
    store::list(&mut app.db.read().await?, domain, name, algorithm, paging).await
}

/// One request.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, also for another account's.
pub async fn show(app: &App, caller: &Caller, id: &str) -> Result<Request> {
    authz::account_on(app, caller, Action::CsrList, &Item::named(id))?;
    find(&mut app.db.read().await?, account(app, caller)?, id).await
}

/// Renames a request.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Invalid` for a name that is none.
pub async fn rename(app: &App, caller: &Caller, id: &str, name: &str) -> Result<Request> {
    authz::account_on(app, caller, Action::CsrCreate, &Item::named(id))?;
    check_name(name)?;
    let domain = account(app, caller)?;
    transact!(app.db, |tx| {
        let mut found = find(tx, domain, id).await?;
        name.clone_into(&mut found.name);
        found.updated_at = app.now();
        store::update(tx, &found).await?;
        audit::append(tx, app, caller, Action::CsrCreate, "", &target(id)).await?;
        Ok(found)
    })
}

/// Removes a request with its key.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<()> {
    authz::account_on(app, caller, Action::CsrDelete, &Item::named(id))?;
    let domain = account(app, caller)?;
    transact!(app.db, |tx| {
        let found = find(tx, domain, id).await?;
        store::delete(tx, found.key).await?;
        audit::append(tx, app, caller, Action::CsrDelete, "", &target(id)).await
    })
}

/// The private key of a request. Its record is on the disk before anything is unsealed.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Conflict` where the customer keeps the key, `RateLimited`,
/// `Unavailable` naming the audit.
pub async fn private_key(app: &App, caller: &Caller, id: &str) -> Result<Zeroizing<String>> {
    authz::account_on(app, caller, Action::CsrExport, &Item::named(id))?;
    limits::admit_secret(app, caller, 1)?;
    let mut tx = app.db.read().await?;
    let found = find(&mut tx, account(app, caller)?, id).await?;
    let absent = || {
        let message = format!("certificate request {id} was uploaded without its private key");
        Error::new(ErrorKind::Conflict, message)
    };
    let record = target(id);
    let sealed = found.sealed_key;
    let closed = export::closed(&mut tx, app, caller, &record, "private_key", sealed).await?;
    let closed = Some(closed.ok_or_else(absent)?);
    drop(tx);
    let intent = audit::intent(app, caller, Action::CsrExport, "", &record).await?;
    let key = export::open(app, closed).await?;
    let key = key.ok_or_else(absent)?;
    intent.done();
    Ok(key)
}

fn target(id: &str) -> String {
    format!("certificate_request/{id}")
}

async fn find(tx: &mut Tx, domain: i64, id: &str) -> Result<Request> {
    let found = store::get(tx, domain, id).await?;
    found.ok_or_else(|| Error::not_found(format_args!("certificate request {id}")))
}

/// Checks what was said and answers every name asked for, the first domain in front.
fn check(new: &New) -> Result<Vec<String>> {
    check_name(&new.name)?;
    let organised = match new.usage.as_str() {
        "PERSONAL" => false,
        "ENTERPRISE" => true,
        _ => return Err(Error::invalid("usage", "must be PERSONAL or ENTERPRISE")),
    };
    let parts: [(&'static str, &str); 4] = [
        ("company_country", &new.country),
        ("company_province", &new.province),
        ("company_city", &new.city),
        ("company_name", &new.company),
    ];
    for (parameter, text) in parts {
        if organised && text.is_empty() {
            return Err(Error::invalid(parameter, "is required with usage ENTERPRISE"));
        }
        if text.chars().count() > 63 {
            return Err(Error::invalid(parameter, "must have at most 63 characters"));
        }
    }
    let country = new.country.as_bytes();
    if !country.is_empty() && (country.len() != 2 || !country.iter().all(u8::is_ascii_uppercase)) {
        return Err(Error::invalid("company_country", "must be two capital letters"));
    }
    names("domain_name", "sans", &new.main_domain, &new.sans)
}

/// The names of a first domain and others separated by `;`, each once.
pub(super) fn names(
    main: &'static str,
    others: &'static str,
    main_domain: &str,
    sans: &str,
) -> Result<Vec<String>> {
    check_domain(main_domain).map_err(|flaw| flaw.of(main))?;
    // A common name has no room for more (X.520).
    if main_domain.len() > 64 {
        return Err(Error::invalid(main, "must have at most 64 characters"));
    }
    let mut names = vec![main_domain.to_owned()];
    for name in sans.split(';').map(str::trim).filter(|name| !name.is_empty()) {
        check_domain(name).map_err(|flaw| flaw.of(others))?;
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    if names.len() > MAX_NAMES {
        return Err(Error::invalid(others, "must be at most 100 names"));
    }
    Ok(names)
}
