//! A signed body: its caller and its parameters.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use muster_http::{Failure, Origin};
use muster_model::{Caller, Error, ErrorKind};
use muster_service::App;
use muster_service::sca::keys::{Proof, prove};
use serde::de::DeserializeOwned;

/// Largest body in bytes: a few parameters.
const MAX_BODY: usize = 64 * 1024;
/// Longest header that names a key or is a signature.
const MAX_HEADER: usize = 256;

/// Parameters whose signature was checked.
pub(crate) struct Signed<T> {
    /// Who signed.
    pub(crate) caller: Caller,
    /// What was signed.
    pub(crate) parameters: T,
    /// Names this very request: equal for the same one sent again.
    pub(crate) once: Vec<u8>,
}

impl<T: DeserializeOwned> FromRequest<App> for Signed<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let Ok(Origin(info)) =
            <Origin as FromRequestParts<App>>::from_request_parts(&mut parts, app).await;
        let body = whole(body).await?;
        let access = header(&parts.headers, "accessKeyId")?;
        let signature = header(&parts.headers, "signature")?;
        let algorithm = parts.headers.get("signatureAlgorithm").and_then(|it| it.to_str().ok());
        let proof = Proof {
            access,
            signature,
            algorithm,
            body: &body,
            address: info.address,
            request_id: &info.request_id,
        };
        let caller = prove(app, &proof).await?;
        let parameters = muster_http::json::decode(&body)?;
        let once = [access, "\0", signature].concat().into_bytes();
        Ok(Self { caller, parameters, once })
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Error> {
    let given = headers.get(name).and_then(|value| value.to_str().ok());
    let fits = given.filter(|text| !text.is_empty() && text.len() <= MAX_HEADER);
    fits.ok_or_else(|| Error::unauthenticated(format!("the header {name} is missing or too long")))
}

async fn whole(body: Body) -> Result<axum::body::Bytes, Error> {
    to_bytes(body, MAX_BODY).await.map_err(|_| {
        Error::new(ErrorKind::TooLarge, format!("a body may have at most {MAX_BODY} bytes"))
    })
}
