//! `/v3.0/OS-AGENCY/agencies`: what the account lends, and to whom.

use axum::extract::State;
use axum::http::StatusCode;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::{Caller as Known, Error, ErrorKind};
use muster_service::App;
use muster_service::identity::agencies::{self, Draft, Duration};
use muster_service::identity::policies::{self, Subject};
use muster_service::identity::{Agency, DomainRef, Reach};
use serde::Deserialize;
use serde_json::{Value, json};

const DAY_SECS: i64 = 24 * 3600;

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let elsewhere =
        params.text("domain_id").is_some_and(|asked| asked != caller.domain_id.as_str());
    let (name, trusted) = (params.text("name"), params.text("trust_domain_id"));
    let found = agencies::list(&app, &caller)?;
    let found = found.iter().filter(|_| !elsewhere);
    let found = found.filter(|it| name.is_none_or(|name| it.name == name));
    let found = found.map(|it| body(&app, &caller, it));
    let found = found.filter(|it| trusted.is_none_or(|id| it["trust_domain_id"] == id));
    Ok(Json(json!({"agencies": found.collect::<Vec<_>>()})))
}

/// `duration` is said in hours, whatever it was given in.
fn body(app: &App, caller: &Known, agency: &Agency) -> Value {
    let directory = app.identity.directory();
    let trusted = directory.domain(agency.trusted);
    let life = agency.expires_at.map(|end| (end.0 - agency.created_at.0) / 1_000_000);
    let duration = life
        .map_or("FOREVER".to_owned(), |secs| ((secs + DAY_SECS - 1) / DAY_SECS * 24).to_string());
    json!({
        "id": agency.id,
        "name": agency.name,
        "domain_id": caller.domain_id,
        "trust_domain_id": trusted.map(|it| it.id.to_string()).unwrap_or_default(),
        "trust_domain_name": trusted.map(|it| it.name.clone()).unwrap_or_default(),
        "description": agency.description,
        "duration": duration,
        "expire_time": agency.expires_at.map(muster_model::Micros::iso),
        "create_time": agency.created_at.iso(),
    })
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let agency = agencies::get(&app, &caller, path.text("agency_id"))?;
    Ok(Json(json!({"agency": body(&app, &caller, &agency)})))
}

#[derive(Deserialize)]
pub(crate) struct Body {
    agency: Fields,
}

#[derive(Deserialize)]
struct Fields {
    name: Option<String>,
    domain_id: Option<String>,
    trust_domain_id: Option<String>,
    trust_domain_name: Option<String>,
    description: Option<String>,
    duration: Option<Value>,
}

impl Fields {
    fn draft(self) -> Draft {
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        let id = text(self.trust_domain_id).map(DomainRef::Id);
        Draft {
            trusted: id.or_else(|| text(self.trust_domain_name).map(DomainRef::Name)),
            description: self.description,
            duration: self.duration.as_ref().and_then(duration),
        }
    }
}

/// `FOREVER`, `ONEDAY`, or a number of days, which may be text.
fn duration(given: &Value) -> Option<Duration> {
    let days = match given {
        Value::Null => return None,
        Value::String(text) if text == "FOREVER" => return Some(Duration::Forever),
        Value::String(text) if text == "ONEDAY" => Some(1),
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    // A number nobody can mean is refused where its limits are known.
    Some(Duration::Days(days.unwrap_or(0)))
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Json(Body { agency }): Json<Body>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    if let Some(domain) = &agency.domain_id
        && domain != caller.domain_id.as_str()
    {
        let message = format!("Could not find domain: {domain}");
        return Err(Error::new(ErrorKind::NotFound, message).into());
    }
    let name = agency.name.clone().unwrap_or_default();
    let made = agencies::create(&app, &caller, &name, agency.draft()).await?;
    Ok((StatusCode::CREATED, Json(json!({"agency": body(&app, &caller, &made)}))))
}

pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(Body { agency }): Json<Body>,
) -> Result<Json<Value>, Failure> {
    let id = path.text("agency_id");
    let changed = agencies::update(&app, &caller, id, agency.draft()).await?;
    Ok(Json(json!({"agency": body(&app, &caller, &changed)})))
}

pub(crate) async fn delete(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<StatusCode, Failure> {
    agencies::delete(&app, &caller, path.text("agency_id")).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
pub(crate) struct Assignments {
    role_assignments: Vec<Assignment>,
}

#[derive(Deserialize)]
struct Assignment {
    agency_id: String,
    enterprise_project_id: String,
    role_id: String,
}

/// Several at once; those before one that is refused stay.
async fn set(
    app: &App,
    caller: &Caller,
    Assignments { role_assignments }: Assignments,
    given: bool,
) -> Result<StatusCode, Failure> {
    for it in role_assignments {
        let place = Reach::EnterpriseProject(it.enterprise_project_id).into();
        let subject = Subject::Agency(&it.agency_id);
        policies::set_assignment(app, caller, subject, &it.role_id, &place, given).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn give_in_enterprise_projects(
    State(app): State<App>,
    caller: Caller,
    Json(given): Json<Assignments>,
) -> Result<StatusCode, Failure> {
    set(&app, &caller, given, true).await
}

pub(crate) async fn take_in_enterprise_projects(
    State(app): State<App>,
    caller: Caller,
    Json(given): Json<Assignments>,
) -> Result<StatusCode, Failure> {
    set(&app, &caller, given, false).await
}
