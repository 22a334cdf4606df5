//! From a token to the caller behind it.

use super::{assume, login, refused};
use crate::app::App;
use crate::authz;
use muster_model::{Action, Caller, Error, ErrorKind, Micros, Result, Scope};
use muster_vault::random;
use muster_vault::token::{Assumed, Claims, Refusal};

/// A token's caller and life.
#[derive(Clone, Debug)]
pub struct TokenInfo {
    /// Whose it is, with its scope.
    pub caller: Caller,
    /// When it was issued.
    pub issued: Micros,
    /// When it ends.
    pub expires: Micros,
}

/// The caller a token stands for. Costs no query.
///
/// # Errors
/// `Unauthenticated` saying why: it cannot be read, has ended, or the password, the rights, the user or
/// the project are no longer what they were.
pub async fn validate_token(app: &App, token: &str, request_id: &str) -> Result<TokenInfo> {
    let now = app.now();
    let mut opened = app.identity.tokens().open(token, now);
    if opened == Err(Refusal::UnknownKey)
        && app.identity.look_for_keys(&app.db, &app.vault, now).await?
    {
        opened = app.identity.tokens().open(token, now);
    }
    let claims = opened.map_err(|refusal| match refusal {
        Refusal::Undecipherable | Refusal::UnknownKey => refused("decrypt token fail"),
        Refusal::Expired(at) => refused(format_args!("token expires, expires_at: {}", at.iso())),
    })?;
    let caller = caller_of(app, &claims, request_id).ok_or_else(|| {
        refused("the token is void: the user, its password or its rights changed")
    })?;
    Ok(TokenInfo { caller, issued: claims.issued, expires: claims.expires })
}

/// Whom claims stand for: nobody, if anything they came from is no longer what it was.
pub(super) fn caller_of(app: &App, claims: &Claims, request_id: &str) -> Option<Caller> {
    let directory = app.identity.directory();
    let user = directory.user_by_key(claims.user)?;
    if !user.enabled || user.version != claims.version {
        return None;
    }
    let domain = directory.domain(claims.domain)?;
    let mut caller = match claims.agency {
        None => {
            (domain.key == user.domain).then_some(())?;
            login::caller(user, domain, request_id)
        }
        Some(Assumed { agency, version }) => {
            let agency = directory.agencies().find(|it| it.key == agency)?;
            let lasts = agency.expires_at.is_none_or(|end| app.now() < end);
            let same = agency.version == version && agency.domain == domain.key;
            (lasts && same && agency.trusted == user.domain).then_some(())?;
            let own = directory.domain(user.domain)?;
            let assumes = login::caller(user, own, request_id);
            // Whether it may assume this one was asked when it did; that it still may any is asked each time.
            authz::some(app, &assumes, Action::AgencyAssume, None).then_some(())?;
            assume::acting(agency, domain, user, own, request_id).ok()?
        }
    };
    if let Some(key) = claims.project {
        let project = directory.project_by_key(key)?;
        (project.enabled && project.domain == domain.key).then_some(())?;
        caller.scope = Scope::Project(project.id.clone());
    }
    Some(caller)
}

/// The claims of a token or key with the reach of `caller`.
pub(super) fn claims(
    app: &App,
    caller: &Caller,
    now: Micros,
    secs: i64,
    methods: u8,
) -> Result<Claims> {
    let directory = app.identity.directory();
    let gone = || Error::internal("a caller without a user");
    let (user, agency) = match &caller.assumed_by {
        None => (&caller.user_id, None),
        Some(assumer) => {
            let id = caller.user_id.as_str();
            let agency = directory.agencies().find(|it| it.id == id).ok_or_else(gone)?;
            let (agency, version) = (agency.key, agency.version);
            (&assumer.user_id, Some(Assumed { agency, version }))
        }
    };
    let user = directory.user(user.as_str()).ok_or_else(gone)?;
    let project = match &caller.scope {
        Scope::Domain => None,
        Scope::Project(id) => Some(directory.project(id.as_str()).ok_or_else(gone)?.key),
    };
    Ok(Claims {
        user: user.key,
        version: user.version,
        domain: directory.domain_by_id(&caller.domain_id).ok_or_else(gone)?.key,
        project,
        issued: now,
        expires: now.plus_secs(secs),
        methods,
        id: *random::bytes()?,
        agency,
    })
}

/// Tells `caller` whose token `subject` is: its own, or anybody's of its account with the right to.
///
/// # Errors
/// `NotFound` for a token that does not hold or is of another account, `Forbidden` naming the action.
pub async fn inspect_token(app: &App, caller: &Caller, subject: &str) -> Result<TokenInfo> {
    let absent = || Error::new(ErrorKind::NotFound, "X-Subject-Token is invalid in the request");
    let info = match validate_token(app, subject, &caller.request_id).await {
        Ok(info) => info,
        Err(error) if error.kind() == ErrorKind::Unauthenticated => return Err(absent()),
        Err(error) => return Err(error),
    };
    if info.caller.domain_id != caller.domain_id {
        return Err(absent());
    }
    let of = &info.caller;
    if (&of.user_id, &of.assumed_by) != (&caller.user_id, &caller.assumed_by) {
        authz::account(app, caller, Action::TokenValidate)?;
    }
    Ok(info)
}
