//! `POST /muster/agent/v1/report`

use crate::body;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use muster_http::{Failure, Json};
use muster_model::proof::{Proof, REPORT_PATH};
use muster_model::report::Reply;
use muster_service::{App, ingest};

pub(crate) async fn report(
    State(app): State<App>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<Reply>, Failure> {
    let proof = Proof::read(|name| headers.get(name).and_then(|value| value.to_str().ok()))?;
    // Proved before anything of it is unpacked.
    let agent = ingest::authenticate(&app, proof, "POST", REPORT_PATH, &bytes).await?;
    let report = body::read(&headers, &bytes)?;
    Ok(Json(ingest::report(&app, agent, report).await?))
}
