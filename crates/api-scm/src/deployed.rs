//! Where certificates are deployed.

use axum::extract::State;
use muster_http::{Caller, Failure, Json};
use muster_model::Error;
use muster_service::{App, certificates};
use serde::Deserialize;
use serde_json::{Value, json};

/// Most certificates of one call.
const MOST: usize = 50;

#[derive(Deserialize)]
pub(crate) struct Body {
    certificate_ids: Vec<String>,
    service_names: Vec<String>,
}

/// There is no CDN, WAF or ELB here, so the answer is truly that nothing is deployed to one.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Json<Value>, Failure> {
    if body.certificate_ids.len() > MOST {
        return Err(Error::invalid("certificate_ids", "must be at most 50").into());
    }
    let known = ["CDN", "WAF", "ELB", "ALL"];
    if !body.service_names.iter().all(|name| known.contains(&name.as_str())) {
        return Err(Error::invalid("service_names", "must be CDN, WAF, ELB or ALL").into());
    }
    let mut results = Vec::new();
    for id in &body.certificate_ids {
        let found = certificates::show(&app, &caller, id).await?;
        results.push(json!({
            "certificate_id": found.id, "total_num": 0, "deployed_resources": [],
        }));
    }
    Ok(Json(json!({"results": results})))
}
