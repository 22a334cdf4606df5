//! The outermost layer of every listener: names the request, bounds it, counts and logs it, and makes
//! sure that whatever leaves is JSON of a form the vendors' clients can read.

use crate::failure::Unrendered;
use crate::gateway;
use crate::json::too_large;
use crate::request::RequestInfo;
use crate::{ApiError, gateway::Gateway};
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use futures_util::FutureExt;
use muster_model::{Error, ErrorKind};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Largest body in bytes: the vendor's limit for signed requests, kept for all.
pub const MAX_BODY: usize = 12 * 1024 * 1024;
/// How long a request may take, its body's arrival included, until its answer begins.
const PATIENCE: Duration = Duration::from_secs(120);
/// Below this path bodies may have any size and take any time; the handlers there bound both.
const STREAMED: &str = "/uploads/";
/// Longest URI in bytes.
const MAX_URI: usize = 32 * 1024;

/// Puts the edge around the merged routers of all APIs.
pub fn edge(router: Router) -> Router {
    router
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(pass))
}

async fn pass(mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let info = Arc::new(RequestInfo::new(request.headers(), request.extensions()));
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(Arc::clone(&info));
    let too_long = request.uri().path_and_query().is_some_and(|uri| uri.as_str().len() > MAX_URI);
    let streamed = request.uri().path().starts_with(STREAMED);
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let mut response = if too_long {
        gateway::answer(StatusCode::URI_TOO_LONG, "APIGW.0201", "Request URI too large.", &info)
    } else if !streamed && announced.is_some_and(|length| length > MAX_BODY as u64) {
        Gateway::render(&too_large(), &info)
    } else {
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
        let patience = if streamed { Duration::MAX } else { PATIENCE };
        match tokio::time::timeout(patience, answer).await {
            Ok(Ok(response)) => complete(response, &info),
            // The panic itself was logged where it happened; its client still gets an answer.
            Ok(Err(_)) => Gateway::render(&Error::internal("a handler panicked"), &info),
            Err(_) => gateway::answer(
                StatusCode::GATEWAY_TIMEOUT,
                "APIGW.0201",
                "Backend timeout.",
                &info,
            ),
        }
    };
    if let Ok(id) = HeaderValue::from_str(&info.request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    log(&method, route.as_ref(), &info, &response, began);
    response
}

/// What the router itself answers has no body: give it the gateway's.
fn complete(response: Response, info: &RequestInfo) -> Response {
    if let Some(unrendered) = response.extensions().get::<Unrendered>() {
        // A route outside any API's table failed: nobody rendered it.
        return if response.headers().contains_key(header::CONTENT_TYPE) {
            response
        } else {
            let error = Arc::clone(&unrendered.0);
            Gateway::render(&error, info)
        };
    }
    if response.headers().contains_key(header::CONTENT_TYPE) {
        return response;
    }
    match response.status() {
        StatusCode::NOT_FOUND => gateway::unknown_path(info),
        StatusCode::METHOD_NOT_ALLOWED => gateway::unknown_method(info),
        StatusCode::PAYLOAD_TOO_LARGE => Gateway::render(&too_large(), info),
        _ => response,
    }
}

/// One line a request; a failure with its cause. Neither query nor headers: they may hold secrets.
fn log(
    method: &axum::http::Method,
    route: Option<&MatchedPath>,
    info: &RequestInfo,
    response: &Response,
    began: Instant,
) {
    let route = route.map_or("", MatchedPath::as_str);
    let status = response.status().as_u16();
    let us = began.elapsed().as_micros();
    let id = info.request_id.as_str();
    metrics::counter!("muster_http_requests_total", "status" => class(status)).increment(1);
    metrics::histogram!("muster_http_request_seconds").record(began.elapsed().as_secs_f64());
    match response.extensions().get::<Unrendered>() {
        Some(Unrendered(error)) if matches!(error.kind(), ErrorKind::Internal) => {
            tracing::error!(id, %method, route, status, us, ?error, "failed");
        }
        Some(Unrendered(error)) => {
            tracing::info!(id, %method, route, status, us, error = error.message(), "refused");
        }
        None => tracing::debug!(id, %method, route, status, us, "served"),
    }
}

const fn class(status: u16) -> &'static str {
    match status {
        0..400 => "ok",
        400..500 => "refused",
        _ => "failed",
    }
}
