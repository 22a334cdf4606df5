//! Request signatures of the published SDKs: five schemes, one canonical form.
//!
//! ```text
//! canonical = METHOD \n URI \n query \n headers \n signed header names \n payload hash
//! signed    = SCHEME \n X-Sdk-Date [\n V11 scope] \n hex(hash(canonical))
//! ```
//! Sans I/O: [`verify`] takes what was received, a [`SecretKey`] and the time. The rules it keeps beside
//! the signature itself: `x-sdk-date` is among the signed headers and at most 15 minutes off; a declared
//! payload hash counts only if its header is signed and must be the body's; an unsigned payload is taken
//! only where the caller of this function allows it.

mod authorization;
mod canonical;
mod date;
mod key;
mod scheme;
mod sign;

pub use authorization::Authorization;
pub use key::SecretKey;
pub use scheme::Scheme;
pub use sign::{Signer, sign};

use muster_model::Micros;
use std::fmt;

/// Difference between the client's clock and ours that is let pass, in seconds.
pub const SKEW_SECS: i64 = 15 * 60;

/// What a client puts in place of the payload's hash when it does not sign the payload.
const UNSIGNED: &[u8] = b"UNSIGNED-PAYLOAD";

/// A request as it was received.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `GET`, `POST` ...
    pub method: &'a str,
    /// Path as on the wire, still percent-encoded.
    pub path: &'a str,
    /// Query as on the wire without the `?`, empty if there is none.
    pub query: &'a str,
    /// Headers in any case and order; of HTTP/2, `host` made from the authority.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The raw body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The one value of a header. Two of them are as good as none: which one was signed?
    fn header(&self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value.trim_ascii())
    }
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The `Authorization` header does not follow any of the five schemes.
    Malformed,
    /// A signed header is missing or repeated.
    HeaderMissing,
    /// `X-Sdk-Date` is not signed, not there, or not `YYYYMMDDTHHMMSSZ`.
    DateUnusable,
    /// Off by more than [`SKEW_SECS`].
    Expired,
    /// The payload is not signed where it has to be.
    UnsignedPayload,
    /// The declared hash of the payload is not the payload's.
    PayloadDiffers,
    /// The signature is not the one this secret makes.
    Mismatch,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the Authorization header is malformed",
            Self::HeaderMissing => "a signed header is missing or repeated",
            Self::DateUnusable => "x-sdk-date must be a signed header of the form YYYYMMDDTHHMMSSZ",
            Self::Expired => "calc ak sk signature fail:signature expired",
            Self::UnsignedPayload => "the payload must be signed",
            Self::PayloadDiffers => "the declared payload hash is not the payload's",
            Self::Mismatch => "verify aksk signature fail",
        })
    }
}

impl std::error::Error for Refusal {}

/// A signature that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Names the signed content (access key, scheme, date, canonical request), whatever form the
    /// signature over it had: for [`crate::replay::ReplayGuard`].
    pub fingerprint: [u8; 16],
    /// The client's date.
    pub signed_at: Micros,
}

/// Checks a signature. `unsigned_payload` says whether the operation takes a body that is not signed.
///
/// # Errors
/// A [`Refusal`].
pub fn verify(
    authorization: &Authorization<'_>,
    request: &Request<'_>,
    key: &SecretKey,
    now: Micros,
    unsigned_payload: bool,
) -> Result<Verified, Refusal> {
    let scheme = authorization.scheme;
    if !authorization.signs("x-sdk-date") {
        return Err(Refusal::DateUnusable);
    }
    let date = request.header("x-sdk-date").ok_or(Refusal::DateUnusable)?;
    let signed_at = date::parse(date).ok_or(Refusal::DateUnusable)?;
    if now.secs().abs_diff(signed_at.secs()) > SKEW_SECS.unsigned_abs() {
        return Err(Refusal::Expired);
    }
    if authorization.scope.is_some_and(|scope| !date.starts_with(scope.date.as_bytes())) {
        return Err(Refusal::Mismatch);
    }
    for canonical in canonical_forms(authorization, request, unsigned_payload)? {
        let text = scheme.string_to_sign(date, authorization.scope.as_ref(), &canonical);
        if key.verifies(authorization, &text) {
            let fingerprint = fingerprint(authorization.access, &text);
            return Ok(Verified { fingerprint, signed_at });
        }
    }
    Err(Refusal::Mismatch)
}

/// The canonical request a signature stands over, for error messages and tests.
///
/// # Errors
/// As [`verify`], but for the date and the signature.
pub fn canonical_request(
    authorization: &Authorization<'_>,
    request: &Request<'_>,
    unsigned_payload: bool,
) -> Result<Vec<u8>, Refusal> {
    canonical_forms(authorization, request, unsigned_payload).map(|mut forms| forms.swap_remove(0))
}

/// Every canonical form the clients may have made of this request, the usual one first.
fn canonical_forms(
    authorization: &Authorization<'_>,
    request: &Request<'_>,
    unsigned_payload: bool,
) -> Result<Vec<Vec<u8>>, Refusal> {
    let head = canonical::headers(authorization, request)?;
    let payloads = payloads(authorization, request, unsigned_payload)?;
    let uri = canonical::uri(request.path);
    let mut forms = Vec::with_capacity(1);
    for query in canonical::queries(request.query) {
        for payload in &payloads {
            forms.push([request.method.as_bytes(), &uri, &query, &head, payload].join(&b'\n'));
        }
    }
    Ok(forms)
}

/// The payload hashes the client may have signed. One, but for an empty body whose header declares
/// something: some SDKs honour the header then, some do not.
fn payloads(
    authorization: &Authorization<'_>,
    request: &Request<'_>,
    unsigned_payload: bool,
) -> Result<Vec<Vec<u8>>, Refusal> {
    let scheme = authorization.scheme;
    let real = scheme.hash_hex(request.body).into_bytes();
    let name = scheme.content_header();
    let declared = match request.header(name) {
        Some(declared) if authorization.signs(name) => declared,
        _ => return Ok(vec![real]),
    };
    if declared == UNSIGNED {
        return match (request.body.is_empty(), unsigned_payload) {
            (true, _) => Ok(vec![declared.to_vec(), real]),
            (false, true) => Ok(vec![declared.to_vec()]),
            (false, false) => Err(Refusal::UnsignedPayload),
        };
    }
    if declared.eq_ignore_ascii_case(&real) {
        Ok(vec![declared.to_vec()])
    } else {
        Err(Refusal::PayloadDiffers)
    }
}

fn fingerprint(access: &str, text: &[u8]) -> [u8; 16] {
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    digest.update(access.as_bytes());
    digest.update(&[0]);
    digest.update(text);
    let mut fingerprint = [0; 16];
    for (to, from) in fingerprint.iter_mut().zip(digest.finish().as_ref()) {
        *to = *from;
    }
    fingerprint
}
