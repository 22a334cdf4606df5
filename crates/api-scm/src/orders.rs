//! Ordering, applying for, cancelling certificates.

use crate::tags::WireTag;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::Error;
use muster_service::App;
use muster_service::certificates::orders::{self, Application, NewOrder};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(crate) struct Buy {
    cert_brand: String,
    cert_type: String,
    domain_type: String,
    effective_time: i64,
    domain_numbers: i64,
    order_number: i64,
    agree_privacy_protection: bool,
    #[serde(default)]
    primary_domain_type: Option<String>,
    #[serde(default)]
    wildcard_domain_number: Option<i64>,
    #[serde(default)]
    enterprise_project_id: Option<String>,
    #[serde(default)]
    tags: Option<Vec<WireTag>>,
}

pub(crate) async fn buy(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Buy>,
) -> Result<Json<Value>, Failure> {
    agreed(body.agree_privacy_protection)?;
    let primary = i64::from(body.primary_domain_type.as_deref() == Some("WILDCARD_DOMAIN"));
    let wildcards = match body.domain_type.as_str() {
        "WILDCARD" => 1,
        _ => body.wildcard_domain_number.unwrap_or(0).saturating_add(primary),
    };
    let new = NewOrder {
        brand: body.cert_brand,
        cert_type: body.cert_type,
        domain_type: body.domain_type,
        years: body.effective_time,
        names: body.domain_numbers,
        wildcards,
        count: body.order_number,
        enterprise_project_id: body.enterprise_project_id,
        tags: body.tags.unwrap_or_default().into_iter().map(WireTag::into).collect(),
    };
    let (order_id, ids) = orders::order(&app, &caller, &new).await?;
    let cert: Vec<_> = ids.iter().map(|id| json!({"cert_id": id})).collect();
    Ok(Json(json!({"order_id": order_id, "cert": cert})))
}

/// Everything optional may also be null.
#[derive(Deserialize)]
pub(crate) struct Apply {
    domain: String,
    applicant_name: String,
    applicant_phone: String,
    applicant_email: String,
    agree_privacy_protection: bool,
    domain_method: String,
    sans: Option<String>,
    csr: Option<String>,
    company_name: Option<String>,
    company_unit: Option<String>,
    company_province: Option<String>,
    company_city: Option<String>,
    country: Option<String>,
    contact_name: Option<String>,
    contact_phone: Option<String>,
    contact_email: Option<String>,
    key_algorithm: Option<String>,
}

pub(crate) async fn apply(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Apply>,
) -> Result<Json<Value>, Failure> {
    agreed(body.agree_privacy_protection)?;
    let given = Application {
        main_domain: body.domain,
        sans: body.sans.unwrap_or_default(),
        csr: body.csr.unwrap_or_default(),
        company: body.company_name.unwrap_or_default(),
        unit: body.company_unit.unwrap_or_default(),
        province: body.company_province.unwrap_or_default(),
        city: body.company_city.unwrap_or_default(),
        country: body.country.unwrap_or_default(),
        applicant_name: body.applicant_name,
        applicant_phone: body.applicant_phone,
        applicant_email: body.applicant_email,
        contact_name: body.contact_name.unwrap_or_default(),
        contact_phone: body.contact_phone.unwrap_or_default(),
        contact_email: body.contact_email.unwrap_or_default(),
        domain_method: body.domain_method,
        algorithm: body.key_algorithm.unwrap_or_default(),
    };
    orders::apply(&app, &caller, path.text("certificate_id"), &given).await?;
    Ok(Json(json!({"request_info": "success"})))
}

pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let id = path.text("certificate_id");
    orders::cancel(&app, &caller, id).await?;
    Ok(Json(json!({"cert_id": id, "message": "success"})))
}

pub(crate) async fn unsubscribe(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    orders::unsubscribe(&app, &caller, path.text("cert_id")).await?;
    Ok(Json(json!({"unsubscribe_results": "success"})))
}

fn agreed(agreed: bool) -> muster_model::Result<()> {
    if agreed { Ok(()) } else { Err(Error::invalid("agree_privacy_protection", "must be true")) }
}
