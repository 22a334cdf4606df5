//! A user acts as an agency: by a token or a temporary key, with what the agency has and nothing of its own.
//!
//! Both end with the agency, with any change of it or of its policies, with the user, its password and role, and when
//! the user may assume no agency any more. An agency assumes no other one.

use super::login::{DomainRef, ScopeRef, find_domain, find_scope};
use super::temporary::{self, TemporaryKey};
use super::tokens::{TokenInfo, claims};
use crate::app::App;
use crate::audit::{self, Outcome};
use crate::authz::{self, Item};
use muster_model::{Action, Assumer, Caller, Credential, Result, Role, Scope, UserId};
use muster_store::identity::{Agency, Domain, User};
use muster_store::transact;
use zeroize::Zeroizing;

/// An agency, as callers name one.
#[derive(Clone, Debug)]
pub struct AgencyRef {
    /// Its name.
    pub name: String,
    /// The account that lends.
    pub domain: DomainRef,
}

/// Issues a token that acts as an agency, whose text comes first.
///
/// # Errors
/// `Forbidden` naming the action; `NotFound` for an agency that is not there or does not trust the caller's account,
/// and for the scope.
pub async fn token(
    app: &App,
    caller: &Caller,
    named: &AgencyRef,
    scope: &ScopeRef,
) -> Result<(Zeroizing<String>, TokenInfo)> {
    let mut acting = assume(app, caller, named)?;
    let directory = app.identity.directory();
    if let Some(domain) = directory.domain_by_id(&acting.domain_id)
        && let Some(project) = find_scope(&directory, domain, scope)?
    {
        acting.scope = Scope::Project(project.id.clone());
    }
    let now = app.now();
    app.identity.rotate(&app.db, &app.vault, now, app.settings.token_secs).await?;
    let claims = claims(app, &acting, now, app.settings.token_secs, BY_AGENCY)?;
    let token = Zeroizing::new(app.identity.tokens().issue(&claims)?);
    record(app, caller, &acting, &format!("token/{}", hex::encode(claims.id))).await?;
    Ok((token, TokenInfo { caller: acting, issued: claims.issued, expires: claims.expires }))
}

/// `methods` of what was got by assuming an agency.
const BY_AGENCY: u8 = 3;

/// Makes a temporary key that acts as an agency in its whole account, for 900 to 86,400 seconds.
///
/// # Errors
/// Those of [`token`]; `Invalid` for another life.
pub async fn key(
    app: &App,
    caller: &Caller,
    named: &AgencyRef,
    secs: Option<i64>,
) -> Result<TemporaryKey> {
    let secs = temporary::life(secs, "auth.identity.assume_role.duration_seconds")?;
    let acting = assume(app, caller, named)?;
    let key = temporary::make(app, &acting, secs, BY_AGENCY).await?;
    record(app, caller, &acting, &format!("temporary_key/{}", key.access)).await?;
    Ok(key)
}

fn assume(app: &App, caller: &Caller, named: &AgencyRef) -> Result<Caller> {
    let directory = app.identity.directory();
    let domain = find_domain(&directory, &named.domain);
    let (DomainRef::Id(given) | DomainRef::Name(given)) = &named.domain;
    let path = format!("{}/{}", domain.map_or(given.as_str(), |it| it.id.as_str()), named.name);
    let refuse = || {
        let (action, target) = (Action::AgencyAssume, format!("agency/{path}"));
        audit::note(app, caller, action, "", &target, Outcome::Denied);
    };
    if caller.assumed_by.is_some() {
        refuse();
        return Err(muster_model::Error::forbidden(Action::AgencyAssume));
    }
    authz::account_on(app, caller, Action::AgencyAssume, &Item::named(&path))?;
    let trusted = directory.domain_by_id(&caller.domain_id).map(|own| own.key);
    let found = domain.and_then(|domain| {
        let is_it = |it: &&Agency| it.domain == domain.key && it.name == named.name;
        let agency = directory.agencies().find(is_it)?;
        let lasts = agency.expires_at.is_none_or(|end| app.now() < end);
        let user = directory.user(caller.user_id.as_str())?;
        (lasts && Some(agency.trusted) == trusted).then_some((agency, domain, user))
    });
    let Some((agency, domain, user)) = found else {
        refuse();
        return Err(super::agencies::absent(&named.name));
    };
    let own = directory.domain(user.domain).ok_or_else(|| super::agencies::absent(&named.name))?;
    let mut acting = acting(agency, domain, user, own, &caller.request_id)?;
    acting.address = caller.address;
    Ok(acting)
}

/// The caller that a user of an account is while it acts as an agency of another.
pub(super) fn acting(
    agency: &Agency,
    domain: &Domain,
    user: &User,
    own: &Domain,
    request_id: &str,
) -> Result<Caller> {
    Ok(Caller {
        domain_id: domain.id.clone(),
        domain_name: domain.name.clone(),
        user_id: UserId::parse(&agency.id)?,
        user_name: format!("{}/{}", domain.name, agency.name),
        assumed_by: Some(Assumer {
            domain_id: own.id.clone(),
            domain_name: own.name.clone(),
            user_id: user.id.clone(),
            user_name: user.name.clone(),
        }),
        role: Role::None,
        scope: Scope::Domain,
        credential: Credential::Token,
        address: None,
        request_id: request_id.to_owned(),
    })
}

/// In the account of the user, and in the one whose agency it is.
async fn record(app: &App, caller: &Caller, acting: &Caller, made: &str) -> Result<()> {
    let action = Action::AgencyAssume;
    let target = format!("agency/{}/{made}", acting.user_id);
    transact!(app.db, |tx| {
        audit::append(tx, app, caller, action, "", &target).await?;
        audit::append(tx, app, acting, action, "", &target).await
    })
}
