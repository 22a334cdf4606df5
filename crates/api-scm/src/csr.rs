//! `/v3/scm/csr`: certificate requests.

use crate::certificates::list::{paging, small};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_service::App;
use muster_service::certificates::requests::{self, New, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    name: &'a str,
    /// Not in the answer to its making.
    #[serde(skip_serializing_if = "Option::is_none")]
    csr: Option<&'a str>,
    domain_name: &'a str,
    sans: &'a str,
    private_key_algo: &'a str,
    usage: &'a str,
    company_country: &'a str,
    company_province: &'a str,
    company_city: &'a str,
    company_name: &'a str,
    create_time: i64,
    update_time: i64,
}

impl<'a> Shown<'a> {
    fn whole(it: &'a Request) -> Self {
        Self { csr: Some(&it.csr), ..Self::made(it) }
    }

    fn made(it: &'a Request) -> Self {
        Self {
            id: &it.id,
            name: &it.name,
            csr: None,
            domain_name: &it.main_domain,
            sans: &it.sans,
            private_key_algo: &it.algorithm,
            usage: &it.usage,
            company_country: &it.country,
            company_province: &it.province,
            company_city: &it.city,
            company_name: &it.company,
            create_time: it.created_at.millis(),
            update_time: it.updated_at.millis(),
        }
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (name, algorithm) = (params.text("name"), params.text("private_key_algo"));
    let page = requests::list(&app, &caller, name, algorithm, paging(&params)?).await?;
    let rows: Vec<_> = page.rows.iter().map(Shown::whole).collect();
    Ok(Json(json!({"csr_list": rows, "total": small(page.total)})))
}

#[derive(Deserialize)]
pub(crate) struct Create {
    name: String,
    domain_name: String,
    private_key_algo: String,
    usage: String,
    sans: Option<String>,
    company_country: Option<String>,
    company_province: Option<String>,
    company_city: Option<String>,
    company_name: Option<String>,
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Create>,
) -> Result<Response, Failure> {
    let new = New {
        name: body.name,
        main_domain: body.domain_name,
        sans: body.sans.unwrap_or_default(),
        algorithm: body.private_key_algo,
        usage: body.usage,
        country: body.company_country.unwrap_or_default(),
        province: body.company_province.unwrap_or_default(),
        city: body.company_city.unwrap_or_default(),
        company: body.company_name.unwrap_or_default(),
    };
    let made = requests::create(&app, &caller, &new).await?;
    Ok(Json(Shown::made(&made)).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Upload {
    name: String,
    csr: String,
    private_key: Option<Zeroizing<String>>,
}

pub(crate) async fn upload(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Upload>,
) -> Result<Json<Value>, Failure> {
    let key = body.private_key.filter(|key| !key.is_empty());
    let made = requests::upload(&app, &caller, &body.name, &body.csr, key).await?;
    Ok(Json(json!({"id": made.id, "name": made.name, "create_time": made.created_at.millis()})))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Response, Failure> {
    let found = requests::show(&app, &caller, path.text("id")).await?;
    Ok(Json(Shown::whole(&found)).into_response())
}

#[derive(Deserialize)]
pub(crate) struct Rename {
    name: String,
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Rename>,
) -> Result<Response, Failure> {
    let found = requests::rename(&app, &caller, path.text("id"), &body.name).await?;
    Ok(Json(Shown::whole(&found)).into_response())
}

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    requests::delete(&app, &caller, path.text("id")).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize)]
struct Key<'a> {
    private_key: &'a str,
}

pub(crate) async fn private_key(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Response, Failure> {
    let key = requests::private_key(&app, &caller, path.text("id")).await?;
    let mut response = Json(Key { private_key: &key }).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
