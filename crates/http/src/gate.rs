//! Before a handler runs: limits, and the proof of the caller.

use crate::caller::{Caller, Offered};
use crate::edge::MAX_BODY;
use crate::failure::Failure;
use crate::json::too_large;
use crate::operation::{Needs, Operation};
use crate::request::RequestInfo;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use muster_model::{Error, ErrorKind, Result};
use muster_service::App;
use muster_service::identity::signatures::{Signed, caller_of_signature, check_scope_headers};
use muster_service::identity::{temporary, validate_token};
use muster_service::limits::{Limiter, network};
use muster_vault::signature::{self, Authorization};
use muster_vault::token::Temporary;
use std::sync::Arc;

/// What stands before one operation.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) app: App,
    pub(crate) row: &'static Operation,
    /// Set where the vendor's limits on calls apply.
    pub(crate) calls: Option<Arc<Limiter<String>>>,
}

pub(crate) async fn enter(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    match gate.prove(request).await {
        Ok(request) => next.run(request).await,
        Err(error) => Failure(error).into_response(),
    }
}

impl Gate {
    async fn prove(&self, request: Request) -> Result<Request> {
        let (mut parts, body) = request.into_parts();
        let info = RequestInfo::of(&parts);
        let limits = self.app.settings.limits;
        self.count("address", &network(info.address).to_string(), limits.address)?;
        self.count("api", "", limits.api)?;
        if matches!(self.row.needs, Needs::Nothing | Needs::OwnProof(_)) {
            return Ok(Request::from_parts(parts, body));
        }
        if self.row.needs == Needs::Perhaps {
            let body = whole(body).await?;
            let proved = self.proved(&mut parts, Body::from(body.clone()), &info).await;
            let offered = proved.map(|(caller, _)| caller).map_err(Arc::new);
            parts.extensions.insert(Offered(offered));
            return Ok(Request::from_parts(parts, Body::from(body)));
        }
        let (caller, body) = self.proved(&mut parts, body, &info).await?;
        parts.extensions.insert(caller);
        Ok(Request::from_parts(parts, body))
    }

    async fn proved(
        &self,
        parts: &mut Parts,
        body: Body,
        info: &RequestInfo,
    ) -> Result<(Caller, Body)> {
        let (mut caller, body) = self.caller(parts, body, info).await?;
        caller.address = Some(info.address);
        self.count("user", caller.user_id.as_str(), self.app.settings.limits.user)?;
        self.check_scope(parts, &caller).await?;
        Ok((Caller(Arc::new(caller)), body))
    }

    /// By signature if the request carries one of ours, else by token.
    async fn caller(
        &self,
        parts: &Parts,
        body: Body,
        info: &RequestInfo,
    ) -> Result<(muster_model::Caller, Body)> {
        let given = text(&parts.headers, header::AUTHORIZATION.as_str());
        if let Some(authorization) = given.and_then(Authorization::parse) {
            let refuse = |refusal| Error::unauthenticated(format!("{REFUSED}{refusal}"));
            let authorization = authorization.map_err(refuse)?;
            let temporary = match text(&parts.headers, "x-security-token") {
                Some(token) => Some(temporary::open(&self.app, token, authorization.access).await?),
                None => None,
            };
            // A stranger's body is not worth reading.
            let known = temporary.is_some()
                || self.app.identity.directory().key(authorization.access).is_some();
            let body = if known { whole(body).await? } else { Bytes::new() };
            let caller = self.signed(parts, &authorization, &body, info, temporary.as_ref())?;
            return Ok((caller, Body::from(body)));
        }
        let token = text(&parts.headers, "x-auth-token")
            .ok_or_else(|| Error::unauthenticated(format!("{REFUSED}x-auth-token not found")))?;
        Ok((validate_token(&self.app, token, &info.request_id).await?.caller, body))
    }

    fn signed(
        &self,
        parts: &Parts,
        authorization: &Authorization<'_>,
        body: &[u8],
        info: &RequestInfo,
        temporary: Option<&Temporary>,
    ) -> Result<muster_model::Caller> {
        let mut headers: Vec<(&str, &[u8])> =
            parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        if let Some(authority) = parts.uri.authority()
            && !parts.headers.contains_key(header::HOST)
        {
            headers.push(("host", authority.as_str().as_bytes()));
        }
        let request = signature::Request {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or(""),
            headers: &headers,
            body,
        };
        let signed = Signed {
            address: info.address,
            request_id: &info.request_id,
            once: self.row.once,
            unsigned_payload: false,
            temporary,
        };
        caller_of_signature(&self.app, authorization, &request, signed)
    }

    /// Scope headers give no rights, but must agree with the credentials and with the path.
    async fn check_scope(&self, parts: &mut Parts, caller: &muster_model::Caller) -> Result<()> {
        let project = text(&parts.headers, "x-project-id").map(str::to_owned);
        let domain = text(&parts.headers, "x-domain-id");
        let temporary = parts.headers.contains_key("x-security-token");
        check_scope_headers(&self.app, caller, domain, project.as_deref(), temporary)?;
        let Some(project) = project else { return Ok(()) };
        let Ok(path) = RawPathParams::from_request_parts(parts, &()).await else { return Ok(()) };
        if path.iter().any(|(name, value)| name == "project_id" && value != project) {
            return Err(Error::invalid("X-Project-Id", "is not the project of the path"));
        }
        Ok(())
    }

    fn count(&self, policy: &str, name: &str, limit: u32) -> Result<()> {
        let Some(calls) = &self.calls else { return Ok(()) };
        let key = format!("{policy}/{}/{name}", self.row.name);
        if calls.admit(key, limit, self.app.now()) {
            return Ok(());
        }
        let message = format!(
            "The throttling threshold has been reached: policy {policy} over ratelimit,limit:{limit},\
             time:1 minute"
        );
        Err(Error::new(ErrorKind::RateLimited, message))
    }
}

/// The gateway's opening of every refusal of credentials.
const REFUSED: &str = "Incorrect IAM authentication information: ";

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|text| !text.is_empty())
}

async fn whole(body: Body) -> Result<Bytes> {
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|_| too_large())
}
