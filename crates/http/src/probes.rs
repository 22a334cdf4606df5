//! What load balancers and monitors ask: `/healthz`, `/readyz`, `/metrics`. Open to everybody, and saying
//! nothing of anybody.

use crate::json::Json;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use muster_service::App;
use serde_json::json;
use std::sync::Arc;

/// Renders the metrics in the Prometheus text form.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// The three routes.
pub fn probes(app: App, metrics: Metrics) -> Router {
    Router::new()
        .route("/healthz", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/readyz", get(move || ready(app.clone())))
        .route(
            "/metrics",
            get(move || async move {
                ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics())
            }),
        )
}

/// Ready while the database answers and no stop is under way.
async fn ready(app: App) -> impl IntoResponse {
    if app.stop.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "stopping"})));
    }
    match app.db.read().await {
        Ok(_) => (StatusCode::OK, Json(json!({"status": "ready"}))),
        Err(error) => {
            tracing::warn!(?error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"status": "database unavailable"})))
        }
    }
}
