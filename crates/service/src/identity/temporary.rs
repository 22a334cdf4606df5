//! Temporary access keys: made of a token, they end by themselves, and with the password and the rights they came from.

use super::refused;
use super::tokens::{TokenInfo, caller_of, claims, validate_token};
use crate::app::App;
use crate::audit;
use muster_model::{Action, Caller, Credential, Error, Micros, Result};
use muster_store::transact;
use muster_vault::token::{Refusal, Temporary};
use zeroize::Zeroizing;

/// Shortest life of a temporary key, in seconds, and the usual one.
pub const SHORTEST_SECS: i64 = 900;
/// Longest life of a temporary key, in seconds: a day.
pub const LONGEST_SECS: i64 = 24 * 3600;
/// `methods` of a temporary key made of a token.
const BY_TOKEN: u8 = 2;

/// A temporary key as it is handed out, once. No `Debug`.
pub struct TemporaryKey {
    /// The access key.
    pub access: String,
    /// Its secret.
    pub secret: Zeroizing<String>,
    /// What has to go with every request that it signs.
    pub security_token: Zeroizing<String>,
    /// When it ends.
    pub expires: Micros,
}

/// Makes a temporary key with the reach of a token: the one named, which must be the caller's own, or the one the caller
/// came with.
///
/// # Errors
/// `Invalid` naming the parameter, for a caller without a token and for a life that is not 15 minutes to a day;
/// `Unauthenticated` for a token that does not hold; `NotFound` for somebody else's.
pub async fn issue(
    app: &App,
    caller: &Caller,
    token: Option<&str>,
    secs: Option<i64>,
) -> Result<TemporaryKey> {
    let secs = life(secs, "auth.identity.token.duration_seconds")?;
    let caller = match (token, &caller.credential) {
        (Some(token), _) => {
            let TokenInfo { caller: of, .. } =
                validate_token(app, token, &caller.request_id).await?;
            // An agency's token belongs to the user behind it.
            if (&of.user_id, &of.assumed_by) != (&caller.user_id, &caller.assumed_by) {
                return Err(Error::not_found("the token"));
            }
            Caller { address: caller.address, ..of }
        }
        (None, Credential::Token) => caller.clone(),
        (None, _) => {
            return Err(Error::invalid("auth.identity.token.id", "is required without a token"));
        }
    };
    let key = make(app, &caller, secs, BY_TOKEN).await?;
    let target = format!("temporary_key/{}", key.access);
    transact!(app.db, |tx| audit::append(tx, app, &caller, Action::TokenCreate, "", &target)
        .await)?;
    Ok(key)
}

/// The life that was asked for, in seconds, or the usual one.
pub(super) fn life(secs: Option<i64>, parameter: &'static str) -> Result<i64> {
    let secs = secs.unwrap_or(SHORTEST_SECS);
    if (SHORTEST_SECS..=LONGEST_SECS).contains(&secs) {
        return Ok(secs);
    }
    Err(Error::invalid(parameter, format!("must be {SHORTEST_SECS} to {LONGEST_SECS}")))
}

/// Makes a key with the reach of `caller`. Its caller records that.
pub(super) async fn make(
    app: &App,
    caller: &Caller,
    secs: i64,
    methods: u8,
) -> Result<TemporaryKey> {
    let now = app.now();
    app.identity.rotate(&app.db, &app.vault, now, app.settings.token_secs).await?;
    let key = Temporary::generate(claims(app, caller, now, secs, methods)?)?;
    let security_token = Zeroizing::new(app.identity.tokens().issue_temporary(&key)?);
    let Temporary { claims, access, secret } = key;
    Ok(TemporaryKey { access, secret, security_token, expires: claims.expires })
}

/// The temporary key in a security token, if it is that of this access key.
///
/// # Errors
/// `Unauthenticated` saying why: it cannot be read, has ended, or belongs to another key.
pub async fn open(app: &App, security_token: &str, access: &str) -> Result<Temporary> {
    let now = app.now();
    let mut opened = app.identity.tokens().open_temporary(security_token, now);
    if matches!(opened, Err(Refusal::UnknownKey))
        && app.identity.look_for_keys(&app.db, &app.vault, now).await?
    {
        opened = app.identity.tokens().open_temporary(security_token, now);
    }
    let key = opened.map_err(|refusal| match refusal {
        Refusal::Undecipherable | Refusal::UnknownKey => refused("the security token is unknown"),
        Refusal::Expired(at) => {
            refused(format_args!("the securitytoken has expired, expires_at: {}", at.iso()))
        }
    })?;
    if key.access != access {
        return Err(refused("the security token is that of another access key"));
    }
    Ok(key)
}

/// Whom a temporary key stands for.
///
/// # Errors
/// `Unauthenticated`, if the user, its password or its rights are no longer what they were.
pub(super) fn caller(app: &App, key: &Temporary, request_id: &str) -> Result<Caller> {
    let caller = caller_of(app, &key.claims, request_id).ok_or_else(|| {
        refused("the temporary key is void: the user, its password or its rights changed")
    })?;
    Ok(Caller { credential: Credential::AccessKey(key.access.clone()), ..caller })
}
