//! From a token to the caller behind it.

use super::refused;
use crate::app::App;
use crate::authz;
use muster_model::{Action, Caller, Credential, Error, ErrorKind, Micros, Result, Scope};
use muster_vault::token::{Claims, Refusal};

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

pub(super) fn caller_of(app: &App, claims: &Claims, request_id: &str) -> Option<Caller> {
    let directory = app.identity.directory();
    let user = directory.user_by_key(claims.user)?;
    let domain = directory.domain(claims.domain).filter(|domain| domain.key == user.domain)?;
    if !user.enabled || user.version != claims.version {
        return None;
    }
    let scope = match claims.project {
        None => Scope::Domain,
        Some(key) => {
            let project = directory.project_by_key(key)?;
            (project.enabled && project.domain == domain.key).then_some(())?;
            Scope::Project(project.id.clone())
        }
    };
    Some(Caller {
        domain_id: domain.id.clone(),
        domain_name: domain.name.clone(),
        user_id: user.id.clone(),
        user_name: user.name.clone(),
        role: user.role,
        scope,
        credential: Credential::Token,
        address: None,
        request_id: request_id.to_owned(),
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
    if info.caller.user_id != caller.user_id {
        authz::account(app, caller, Action::TokenValidate)?;
    }
    Ok(info)
}
