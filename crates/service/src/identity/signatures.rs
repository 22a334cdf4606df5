//! From a signed request to the caller behind it.

use super::{login, refused, temporary};
use crate::app::App;
use crate::limits::network;
use muster_model::{Caller, Credential, Error, Result};
use muster_vault::signature::{self, Authorization, Refusal, Request, SecretKey};
use muster_vault::token::Temporary;
use std::net::IpAddr;
use zeroize::Zeroizing;

/// What the edge knows of a signed request beside the request itself.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// The other end of the connection.
    pub address: IpAddr,
    /// The request's id.
    pub request_id: &'a str,
    /// The operation changes or hands out something: the signature is good once.
    pub once: bool,
    /// The operation takes a body that is not signed.
    pub unsigned_payload: bool,
    /// The key the security token of the request holds, as [`super::temporary::open`] found it.
    pub temporary: Option<&'a Temporary>,
}

/// The caller a signature stands for. Costs no query.
///
/// After more than five signatures in a row that do not hold, the key is locked for five minutes for the
/// address they came from: a stranger elsewhere cannot lock out the owner.
///
/// # Errors
/// `Unauthenticated` saying why.
pub fn caller_of_signature(
    app: &App,
    authorization: &Authorization<'_>,
    request: &Request<'_>,
    signed: Signed<'_>,
) -> Result<Caller> {
    let now = app.now();
    let access = authorization.access;
    let origin = (access.to_owned(), network(signed.address));
    if app.identity.locks.is_locked(&origin, now) {
        return Err(refused("AK access failed to reach the limit, forbidden"));
    }
    let verify = |secret: &SecretKey| {
        let verified =
            signature::verify(authorization, request, secret, now, signed.unsigned_payload);
        let verified = verified.map_err(|refusal| {
            if refusal == Refusal::Mismatch {
                app.identity.locks.failed(origin.clone(), now);
            }
            refused(refusal)
        })?;
        app.identity.locks.succeeded(&origin);
        Ok::<_, Error>(verified)
    };
    let once = |verified: &signature::Verified| {
        if signed.once && !app.identity.replay.admit(verified, now) {
            return Err(refused("the signature was used already"));
        }
        Ok(())
    };
    if let Some(key) = signed.temporary {
        let secret = Zeroizing::new(key.secret.as_bytes().to_vec());
        let verified = verify(&SecretKey::new(access, secret))?;
        let caller = temporary::caller(app, key, signed.request_id)?;
        return once(&verified).map(|()| caller);
    }
    let directory = app.identity.directory();
    let Some(key) = directory.key(access) else {
        return Err(refused(format_args!("ak {access} not exist")));
    };
    let verified = verify(&key.secret)?;
    let user = directory.user_by_key(key.user).filter(|user| user.enabled && key.active);
    let Some((user, domain)) = user.and_then(|user| Some((user, directory.domain(user.domain)?)))
    else {
        return Err(refused(format_args!("ak {access} is inactive")));
    };
    once(&verified)?;
    app.identity.used(access, key.last_used, now);
    let mut caller = login::caller(user, domain, signed.request_id);
    caller.credential = Credential::AccessKey(access.to_owned());
    Ok(caller)
}

/// Checks the scope a request claims in headers that need not be signed: it gives no rights, but one that
/// disagrees with the credentials is refused.
///
/// # Errors
/// `Unauthenticated` for another account, an unknown project, or a security token where nothing was signed with its key.
pub fn check_scope_headers(
    app: &App,
    caller: &Caller,
    domain: Option<&str>,
    project: Option<&str>,
    security_token: bool,
) -> Result<()> {
    if security_token && caller.credential == Credential::Token {
        return Err(refused("a security token goes with a signature by its key"));
    }
    if domain.is_some_and(|domain| domain != caller.domain_id.as_str()) {
        return Err(refused("X-Domain-Id is not the account of the credentials"));
    }
    let directory = app.identity.directory();
    let foreign = |project: &str| {
        let found = directory.project(project).and_then(|found| directory.domain(found.domain));
        found.is_none_or(|domain| domain.id != caller.domain_id)
    };
    if project.is_some_and(foreign) {
        return Err::<(), Error>(refused("X-Project-Id is no project of the credentials' account"));
    }
    Ok(())
}
