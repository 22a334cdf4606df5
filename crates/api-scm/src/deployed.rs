//! Where certificates are deployed.

use crate::push::SERVICE;
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

/// There is no CDN, WAF or ELB here; a target counts while the certificate lies in its folder.
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Body>,
) -> Result<Json<Value>, Failure> {
    if body.certificate_ids.len() > MOST {
        return Err(Error::invalid("certificate_ids", "must be at most 50").into());
    }
    let known = ["CDN", "WAF", "ELB", "ALL", SERVICE];
    if !body.service_names.iter().all(|name| known.contains(&name.as_str())) {
        return Err(Error::invalid("service_names", "must be CDN, WAF, ELB, HOST or ALL").into());
    }
    let mut results = Vec::new();
    for id in &body.certificate_ids {
        let found = certificates::show(&app, &caller, id).await?;
        let asked = body.service_names.iter().any(|name| name == "ALL" || name == SERVICE);
        let there = certificates::deploy::deployed(&app, &caller, &found);
        let there = if asked { there.await? } else { Vec::new() };
        let resources: Vec<_> =
            there.iter().map(|name| json!({"resource_id": name, "resource_name": name})).collect();
        let deployed = (!there.is_empty()).then(|| {
            json!({
                "service": SERVICE, "resource_num": there.len(), "resource_location": "",
                "region_resources": [{
                    "region_id": app.settings.region, "is_error": false, "resources": resources,
                }],
            })
        });
        results.push(json!({
            "certificate_id": found.id,
            "total_num": there.len(),
            "deployed_resources": deployed.into_iter().collect::<Vec<_>>(),
        }));
    }
    Ok(Json(json!({"results": results})))
}
