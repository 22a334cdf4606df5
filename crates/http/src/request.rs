//! What the edge knows of a request before anything else does.

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Name, origin and target of a request: for the log, the error body and the audit record.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// 32 hexadecimal digits, made here; also the `X-Request-Id` of the answer.
    pub request_id: String,
    /// The `Host` header, empty if there is none.
    pub host: String,
    /// The other end of the connection.
    pub address: IpAddr,
    /// The caller's first `X-Language` or `Accept-Language` is Chinese.
    pub chinese: bool,
}

impl RequestInfo {
    pub(crate) fn new(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let text =
            |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let language = match text("x-language") {
            "" => text(header::ACCEPT_LANGUAGE.as_str()),
            language => language,
        };
        Self {
            request_id: uuid::Uuid::new_v4().simple().to_string(),
            host: text(header::HOST.as_str()).to_owned(),
            address: extensions
                .get::<ConnectInfo<SocketAddr>>()
                .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip()),
            chinese: language.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("zh")),
        }
    }

    /// The information [`crate::edge`] attached, or a fresh one for a router that runs without it.
    pub(crate) fn of(parts: &Parts) -> Arc<Self> {
        parts
            .extensions
            .get::<Arc<Self>>()
            .cloned()
            .unwrap_or_else(|| Arc::new(Self::new(&parts.headers, &parts.extensions)))
    }
}

/// The request's [`RequestInfo`] as an extractor.
#[derive(Clone, Debug)]
pub struct Origin(pub Arc<RequestInfo>);

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(RequestInfo::of(parts)))
    }
}
