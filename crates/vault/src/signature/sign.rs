//! The client's side: signing a request the way the published SDKs do.

use super::authorization::{Authorization, Scope};
use super::{Refusal, Request, Scheme, SecretKey, canonical_request, date};
use muster_model::Micros;

/// How to sign.
pub struct Signer<'a> {
    /// The key.
    pub key: &'a SecretKey,
    /// The scheme.
    pub scheme: Scheme,
    /// Region and service, used by the V11 scheme only.
    pub scope: (&'a str, &'a str),
}

/// The two headers to add to the request: `X-Sdk-Date` and `Authorization`. Every header of `request`
/// is signed, the date among them; names with `_` are not, because proxies drop them.
///
/// # Errors
/// [`Refusal::HeaderMissing`] if a header occurs twice, [`Refusal::PayloadDiffers`] if a declared payload
/// hash is not the body's, [`Refusal::Mismatch`] if the secret yields no curve key.
pub fn sign(
    signer: &Signer<'_>,
    request: &Request<'_>,
    now: Micros,
) -> Result<[(&'static str, String); 2], Refusal> {
    let scheme = signer.scheme;
    let date = date::format(now);
    let mut headers: Vec<(&str, &[u8])> = request.headers.to_vec();
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("x-sdk-date"));
    headers.push(("x-sdk-date", date.as_bytes()));
    let request = Request { headers: &headers, ..*request };

    let mut names: Vec<_> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.retain(|name| !name.contains('_'));
    names.sort();
    let signed_text = names.join(";");
    let day = date.get(..8).unwrap_or_default();
    let scope_text = format!("{day}/{}/{}", signer.scope.0, signer.scope.1);
    let mut authorization = Authorization {
        scheme,
        access: signer.key.access(),
        scope: (scheme == Scheme::HmacSha256Derived)
            .then_some(Scope { date: day, text: &scope_text }),
        signed: names.iter().map(String::as_str).collect(),
        signed_text: &signed_text,
        signature: Vec::new(),
    };
    let canonical = canonical_request(&authorization, &request, true)?;
    let text = scheme.string_to_sign(date.as_bytes(), authorization.scope.as_ref(), &canonical);
    authorization.signature =
        signer.key.signature(scheme, &scope_text, &text).ok_or(Refusal::Mismatch)?;
    let credential = match authorization.scope {
        Some(scope) => format!("Credential={}/{}", authorization.access, scope.text),
        None => format!("Access={}", authorization.access),
    };
    let header = format!(
        "{} {credential}, SignedHeaders={signed_text}, Signature={}",
        scheme.word(),
        hex::encode(&authorization.signature)
    );
    Ok([("X-Sdk-Date", date), ("Authorization", header)])
}
