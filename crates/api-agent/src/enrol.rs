//! `POST /muster/agent/v1/enrol`

use crate::body;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use muster_http::{Failure, Json, RequestInfo};
use muster_model::report::{EnrolReply, EnrolRequest};
use muster_service::{App, enrol};
use std::sync::Arc;

pub(crate) async fn enrol(
    State(app): State<App>,
    Extension(info): Extension<Arc<RequestInfo>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Result<Json<EnrolReply>, Failure> {
    let request: EnrolRequest = body::read(&headers, &bytes)?;
    Ok(Json(enrol::enrol(&app, &request, &info.request_id, Some(info.address)).await?))
}
