//! Showing a certificate.

use super::list::small;
use crate::time;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_service::certificates::deploy;
use muster_service::certificates::orders::Application;
use muster_service::{App, certificates};
use serde_json::{Value, json};

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let it = certificates::show(&app, &caller, path.text("certificate_id")).await?;
    let (product, content) = (&it.product, &it.content);
    let said: Application = serde_json::from_str(&it.application).unwrap_or_default();
    let several = match (product.domain_type.as_str(), it.main_domain.starts_with("*.")) {
        ("MULTI_DOMAIN", true) => "primary_wildcard",
        ("MULTI_DOMAIN", false) => "primary_single",
        _ => "",
    };
    Ok(Json(json!({
        "id": it.id,
        "status": it.status_at(app.now()).name(),
        "order_id": product.order_id,
        "name": it.name,
        "type": product.cert_type,
        "brand": product.brand,
        "push_support": if deploy::supported(&app, &caller) { "ON" } else { "OFF" },
        "revoke_reason": it.revoke_reason,
        "signature_algorithm": content.signature_algorithm,
        "issue_time": time::text(content.issued_at),
        "not_before": time::text(content.not_before),
        "not_after": time::text(content.not_after),
        "validity_period": small(product.validity_months),
        "validation_method": said.domain_method,
        "domain_type": product.domain_type,
        "multi_domain_type": several,
        "domain": it.main_domain,
        "sans": it.sans,
        "domain_count": small(product.domain_count),
        "wildcard_count": small(product.wildcard_count),
        "fingerprint": content.fingerprint,
        "shared": false,
        "application_info": {
            "country": said.country,
            "company_name": said.company,
            "company_province": said.province,
            "company_city": said.city,
            "applicant_name": said.applicant_name,
            "applicant_phone": said.applicant_phone,
            "applicant_email": said.applicant_email,
            "contact_name": said.contact_name,
            "contact_phone": said.contact_phone,
            "contact_email": said.contact_email,
        },
        "description": it.description,
        "enterprise_project_id": it.enterprise_project_id,
        // The account's own authority asks nobody for a proof of the domain.
        "authentification": [],
    })))
}
