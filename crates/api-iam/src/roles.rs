//! `/v3/roles` and `/v3.0/OS-ROLE/roles`: built-in policies, and those an account writes.

use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_service::App;
use muster_service::identity::policies::{self, Changes, Draft, Shown};
use serde::Deserialize;
use serde_json::{Value, json};

/// Largest page the vendor gives.
const MAX_PER_PAGE: i64 = 300;

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (name, title) = (params.text("name"), params.text("display_name"));
    let (catalog, kind) = (params.text("catalog"), params.text("permission_type"));
    // With the account's id the vendor lists the account's own.
    let own = params.text("domain_id");
    let found: Vec<_> = policies::list(&app, &caller)?;
    let found = found
        .iter()
        .filter(|it| match own {
            Some(asked) => it.domain_id.as_deref() == Some(asked),
            None => true,
        })
        .filter(|it| name.is_none_or(|name| it.name == name))
        .filter(|it| title.is_none_or(|title| it.title.contains(title)))
        .filter(|it| catalog.is_none_or(|catalog| it.catalog == catalog))
        .filter(|it| match kind {
            Some("role") => it.catalog == "BASE",
            Some("policy") => it.catalog != "BASE",
            _ => true,
        });
    page(&app, &params, &found.collect::<Vec<_>>(), "/v3/roles")
}

pub(crate) async fn list_custom(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let found = policies::list(&app, &caller)?;
    let found: Vec<_> = found.iter().filter(|it| it.domain_id.is_some()).collect();
    page(&app, &params, &found, "/v3.0/OS-ROLE/roles")
}

fn page(app: &App, params: &Params, found: &[&Shown], path: &str) -> Result<Json<Value>, Failure> {
    let page = params.int("page", 1..=1_000_000)?.unwrap_or(1);
    let per_page = params.int("per_page", 1..=MAX_PER_PAGE)?.unwrap_or(MAX_PER_PAGE);
    let total = found.len();
    let skipped = usize::try_from((page - 1).saturating_mul(per_page)).unwrap_or(usize::MAX);
    let taken = usize::try_from(per_page).unwrap_or(usize::MAX);
    let shown: Vec<_> = found.iter().skip(skipped).take(taken).map(|it| body(app, it)).collect();
    let itself = format!("{}{path}", app.settings.endpoint);
    let links = json!({"self": itself, "previous": null, "next": null});
    Ok(Json(json!({"roles": shown, "links": links, "total_number": total})))
}

/// A role on the wire. Its policy is an object, as it was handed in.
pub(crate) fn body(app: &App, it: &Shown) -> Value {
    let itself = format!("{}/v3/roles/{}", app.settings.endpoint, it.id);
    let policy: Value = serde_json::from_str(&it.document).unwrap_or_default();
    let mut role = json!({
        "id": it.id,
        "name": it.name,
        "display_name": it.title,
        "description": it.description,
        "description_cn": it.description,
        "catalog": it.catalog,
        "type": it.kind,
        "domain_id": it.domain_id,
        "policy": policy,
        "links": {"self": itself, "previous": null, "next": null},
    });
    if let (Some((made, changed)), Some(role)) = (it.times, role.as_object_mut()) {
        role.insert("created_time".to_owned(), made.millis().to_string().into());
        role.insert("updated_time".to_owned(), changed.millis().to_string().into());
    }
    role
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let found = policies::get(&app, &caller, path.text("role_id"))?;
    Ok(Json(json!({"role": body(&app, &found)})))
}

#[derive(Deserialize)]
pub(crate) struct Body {
    role: Fields,
}

#[derive(Deserialize)]
struct Fields {
    display_name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    description: Option<String>,
    policy: Option<Value>,
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(Body { role }): Json<Body>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let document = role.policy.map(|policy| policy.to_string()).unwrap_or_default();
    let draft = Draft {
        name: role.display_name.as_deref().unwrap_or_default(),
        kind: role.kind.as_deref().unwrap_or_default(),
        description: role.description.as_deref().unwrap_or_default(),
        document: &document,
    };
    let made = policies::create(&app, &caller, draft).await?;
    Ok((StatusCode::CREATED, Json(json!({"role": body(&app, &made)}))))
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(Body { role }): Json<Body>,
) -> Result<Json<Value>, Failure> {
    let document = role.policy.map(|policy| policy.to_string());
    let changes = Changes {
        name: role.display_name.as_deref(),
        kind: role.kind.as_deref(),
        description: role.description.as_deref(),
        document: document.as_deref(),
    };
    let changed = policies::update(&app, &caller, path.text("role_id"), changes).await?;
    Ok(Json(json!({"role": body(&app, &changed)})))
}

/// 200, as the vendor's page has it.
pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    policies::delete(&app, &caller, path.text("role_id")).await?;
    Ok(StatusCode::OK)
}
