//! Artifacts: an address to put one to, and the putting.

use crate::envelope::Answer;
use crate::signed::Signed;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use muster_http::{Failure, Params, PathParams};
use muster_service::App;
use muster_service::sca::uploads::{self, Claim};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Announcement {
    file_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Announced {
    file_id: String,
    temporary_signature: TemporarySignature,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TemporarySignature {
    signed_url: String,
    actual_signed_request_headers: Headers,
}

#[derive(Serialize)]
struct Headers {
    #[serde(rename = "Content-Type")]
    content_type: &'static str,
    #[serde(rename = "Host")]
    host: String,
}

pub(crate) async fn announce(
    State(app): State<App>,
    signed: Signed<Announcement>,
) -> Result<Answer<Announced>, Failure> {
    let name = &signed.parameters.file_name;
    let ticket = uploads::announce(&app, &signed.caller, None, name, &signed.once).await?;
    let endpoint = &app.settings.endpoint;
    let host = endpoint.split_once("://").map_or(endpoint.as_str(), |(_, host)| host);
    Ok(Answer(Announced {
        file_id: ticket.file_id,
        temporary_signature: TemporarySignature {
            signed_url: format!("{endpoint}{}", ticket.uri),
            actual_signed_request_headers: Headers {
                content_type: "application/octet-stream",
                host: host.to_owned(),
            },
        },
    }))
}

pub(crate) async fn receive(
    State(app): State<App>,
    path: PathParams,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Failure> {
    let number = |name: &str| params.text(name).and_then(|text| text.parse::<i64>().ok());
    let claim = Claim {
        file_id: path.text("file_id"),
        expires: number("expires").unwrap_or_default(),
        max: number("max").and_then(|max| u64::try_from(max).ok()).unwrap_or_default(),
        signature: params.text("signature").unwrap_or_default(),
    };
    let length = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    uploads::receive(&app, claim, length, body.into_data_stream()).await?;
    Ok(StatusCode::OK)
}
