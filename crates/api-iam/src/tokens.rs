//! `/v3/auth/tokens`: tokens by password, and whose they are.

use crate::assumed::AssumeRole;
use crate::auth::{Entry, entries};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use muster_http::{Caller, Failure, Json, Offered, Origin, Params};
use muster_model::{Error, ErrorKind, Scope};
use muster_service::App;
use muster_service::identity::{
    DomainRef, Login, ProjectRef, ScopeRef, TokenInfo, UserRef, assume, inspect_token, issue_token,
};
use request::{Named, Request};
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

mod request;

const SUBJECT: HeaderName = HeaderName::from_static("x-subject-token");

#[derive(Serialize)]
struct Token {
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<Vec<Entry>>,
    expires_at: String,
    issued_at: String,
    methods: [&'static str; 1],
    roles: [Value; 1],
    user: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    assumed_by: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Value>,
}

fn body(app: &App, info: &TokenInfo, params: &Params) -> Json<Value> {
    let caller = &info.caller;
    let domain = json!({"id": caller.domain_id, "name": caller.domain_name});
    let project = match &caller.scope {
        Scope::Project(id) => {
            let directory = app.identity.directory();
            let name = directory.project(id.as_str()).map(|found| found.name.clone());
            Some(json!({"id": id, "name": name.unwrap_or_default(), "domain": domain.clone()}))
        }
        Scope::Domain => None,
    };
    let token = Token {
        // Any value that is not empty counts.
        catalog: params.text("nocatalog").is_none().then(|| entries(app, &caller.scope)),
        expires_at: info.expires.iso(),
        issued_at: info.issued.iso(),
        methods: [if caller.assumed_by.is_some() { "assume_role" } else { "password" }],
        roles: [json!({"id": "0", "name": caller.role.name()})],
        user: json!({
            "id": caller.user_id,
            "name": caller.user_name,
            "domain": domain.clone(),
            "password_expires_at": "",
        }),
        assumed_by: caller.assumed_by.as_ref().map(|by| {
            json!({"user": {
                "id": by.user_id,
                "name": by.user_name,
                "domain": {"id": by.domain_id, "name": by.domain_name},
                "password_expires_at": "",
            }})
        }),
        domain: project.is_none().then_some(domain),
        project,
    };
    Json(json!({"token": token}))
}

pub(crate) async fn create(
    State(app): State<App>,
    origin: Origin,
    offered: Offered,
    params: Params,
    Json(request): Json<Request>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<Value>), Failure> {
    let (token, info) = if request.auth.identity.methods == ["assume_role"] {
        let caller = offered.caller()?;
        let named = AssumeRole::named(request.auth.identity.assume_role.as_ref())?;
        assume::token(&app, caller, &named, &scope(request.auth.scope)?).await?
    } else {
        issue_token(&app, login(request, &origin)?).await?
    };
    let body = body(&app, &info, &params);
    Ok((StatusCode::CREATED, [(SUBJECT, token.to_string())], body))
}

pub(crate) async fn validate(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    params: Params,
) -> Result<([(HeaderName, String); 1], Json<Value>), Failure> {
    let subject = headers.get(SUBJECT).and_then(|value| value.to_str().ok());
    let subject = subject.ok_or_else(|| Error::invalid("X-Subject-Token", "is required"))?;
    let info = inspect_token(&app, &caller, subject).await?;
    Ok(([(SUBJECT, subject.to_owned())], body(&app, &info, &params)))
}

fn login(request: Request, origin: &Origin) -> Result<Login, Error> {
    let identity = request.auth.identity;
    if identity.methods != ["password"] {
        let methods = identity.methods.join(", ");
        let message =
            format!("auth.identity.methods: password and assume_role are supported, not {methods}");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let missing = |what: &'static str| move || Error::invalid(what, "is a required property");
    let user = identity.password.ok_or_else(missing("auth.identity.password"))?.user;
    let named = match (user.id, user.name) {
        (Some(id), _) => UserRef::Id(id),
        (None, Some(name)) => {
            let domain = user.domain.and_then(domain_ref);
            let domain = domain.ok_or_else(missing("auth.identity.password.user.domain"))?;
            UserRef::Name(name, domain)
        }
        (None, None) => return Err(missing("auth.identity.password.user.name")()),
    };
    Ok(Login {
        user: named,
        password: Zeroizing::new(user.password),
        scope: scope(request.auth.scope)?,
        address: origin.0.address,
        request_id: origin.0.request_id.clone(),
    })
}

fn scope(scope: Option<request::Scope>) -> Result<ScopeRef, Error> {
    let missing = |what: &'static str| Error::invalid(what, "is a required property");
    let Some(scope) = scope else { return Ok(ScopeRef::Unsaid) };
    Ok(match (scope.project, scope.domain) {
        (None, None) => ScopeRef::Unsaid,
        (Some(Named { id: Some(id), .. }), _) => ScopeRef::Project(ProjectRef::Id(id)),
        (Some(Named { name: Some(name), .. }), _) => ScopeRef::Project(ProjectRef::Name(name)),
        (Some(_), _) => return Err(missing("auth.scope.project.id")),
        (None, Some(domain)) => {
            ScopeRef::Domain(domain_ref(domain).ok_or_else(|| missing("auth.scope.domain.id"))?)
        }
    })
}

fn domain_ref(named: Named) -> Option<DomainRef> {
    match named {
        Named { id: Some(id), .. } => Some(DomainRef::Id(id)),
        Named { name: Some(name), .. } => Some(DomainRef::Name(name)),
        Named { id: None, name: None } => None,
    }
}
