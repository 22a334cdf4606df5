//! Listing certificates.

use crate::time;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params};
use muster_model::{Error, Micros, Paging};
use muster_service::App;
use muster_service::certificates::{self, Certificate, Filter, Order, SortKey, Status, deploy};
use serde::Serialize;
use serde_json::{Value, json};

/// Rows of a page where nobody says.
const USUAL: i64 = 10;
/// Most rows of a page. The contract knows 10, 20 and 50.
const MOST: i64 = 50;

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    domain: &'a str,
    sans: &'a str,
    signature_algorithm: &'a str,
    deploy_support: bool,
    #[serde(rename = "type")]
    cert_type: &'a str,
    brand: &'a str,
    expire_time: String,
    domain_type: &'a str,
    validity_period: i32,
    status: &'static str,
    domain_count: i32,
    wildcard_count: i32,
    description: &'a str,
    domain_id: &'a str,
    enterprise_project_id: &'a str,
}

impl<'a> Row<'a> {
    fn new(it: &'a Certificate, domain_id: &'a str, deploy_support: bool, now: Micros) -> Self {
        Self {
            id: &it.id,
            name: &it.name,
            domain: &it.main_domain,
            sans: &it.sans,
            signature_algorithm: &it.content.signature_algorithm,
            deploy_support,
            cert_type: &it.product.cert_type,
            brand: &it.product.brand,
            expire_time: time::text(it.content.not_after),
            domain_type: &it.product.domain_type,
            validity_period: small(it.product.validity_months),
            status: it.status_at(now).name(),
            domain_count: small(it.product.domain_count),
            wildcard_count: small(it.product.wildcard_count),
            description: &it.description,
            domain_id,
            enterprise_project_id: &it.enterprise_project_id,
        }
    }
}

/// A number of the contract's 32 bits.
pub(crate) fn small(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let deploys = deploy::supported(&app, &caller);
    let (filter, order) = (filter(&params, deploys, app.now())?, order(&params)?);
    let page = certificates::list(&app, &caller, &filter, order, paging(&params)?).await?;
    let (now, domain) = (app.now(), caller.domain_id.as_str());
    let rows: Vec<_> = page.rows.iter().map(|row| Row::new(row, domain, deploys, now)).collect();
    Ok(Json(json!({"certificates": rows, "total_count": small(page.total)})))
}

pub(crate) fn paging(params: &Params) -> muster_model::Result<Paging> {
    let limit = params.int("limit", 1..=MOST)?.unwrap_or(USUAL);
    let offset = params.int("offset", 0..=2_000_000)?.unwrap_or(0);
    let narrow = |number: i64| u32::try_from(number).map_err(Error::internal);
    Ok(Paging { limit: narrow(limit)?, offset: narrow(offset)? })
}

fn order(params: &Params) -> muster_model::Result<Order> {
    let by = match params.text("sort_key") {
        None | Some("certUpdateTime") => SortKey::Updated,
        Some("certExpiredTime") => SortKey::Expiry,
        Some("certStatus") => SortKey::Status,
        Some(_) => {
            let why = "must be certExpiredTime, certStatus or certUpdateTime";
            return Err(Error::invalid("sort_key", why));
        }
    };
    let ascending = match params.text("sort_dir") {
        None | Some("DESC") => false,
        Some("ASC") => true,
        Some(_) => return Err(Error::invalid("sort_dir", "must be ASC or DESC")),
    };
    Ok(Order { by, ascending })
}

fn filter(params: &Params, deploys: bool, now: Micros) -> muster_model::Result<Filter> {
    // All can be deployed or none; nothing is shared between accounts.
    let nothing = params.flag("deploy_support")?.is_some_and(|wanted| wanted && !deploys);
    params.flag("owned_by_self")?;
    let status = match params.text("status") {
        None | Some("ALL") => None,
        Some(name) => Some(known(name)?),
    };
    let project = params.text("enterprise_project_id").filter(|id| *id != "all");
    let ends_from = params.int("expired_days_since", 0..=36_500)?;
    Ok(Filter {
        status: status.flatten(),
        nothing: nothing || status == Some(None),
        enterprise_project_id: project.map(str::to_owned),
        content: params.text("content").map(str::to_owned),
        ends_from: ends_from.map(|days| now.plus_secs(-days * 86_400)),
        ..Filter::default()
    })
}

/// A status by the contract's word; none for one that no certificate of ours ever has.
fn known(name: &str) -> muster_model::Result<Option<Status>> {
    const NEVER: [&str; 5] = [
        "CANCELCHECKING",
        "REVOKING",
        "CANCLEREVOKING",
        "SUPPLEMENTCHECKING",
        "CANCELSUPPLEMENTING",
    ];
    match Status::from_name(name) {
        Some(status) => Ok(Some(status)),
        None if NEVER.contains(&name) => Ok(None),
        None => {
            Err(Error::invalid("status", "must be ALL or a status of the contract, such as ISSUED"))
        }
    }
}
