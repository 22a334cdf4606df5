//! Requests against a router, without a network.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use muster_model::Clock;
use muster_model::time::ManualClock;
use muster_vault::signature::{Request as Signable, Scheme, SecretKey, Signer, sign};
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;

/// Who asks.
#[derive(Clone)]
enum Proof {
    Nothing,
    Token(String),
    Key(Arc<SecretKey>, Scheme, ManualClock),
}

/// A caller of a router.
#[derive(Clone)]
pub struct Client {
    router: Router,
    proof: Proof,
    headers: Vec<(String, String)>,
}

/// What came back.
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null if it is empty.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).expect("a body of JSON")
    }

    /// A header's text, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a header of text"))
    }
}

impl Client {
    /// Somebody without credentials.
    pub fn anonymous(router: &Router) -> Self {
        Self { router: router.clone(), proof: Proof::Nothing, headers: Vec::new() }
    }

    /// Somebody with a token.
    pub fn with_token(router: &Router, token: String) -> Self {
        Self { proof: Proof::Token(token), ..Self::anonymous(router) }
    }

    /// Somebody who signs, by HMAC-SHA256.
    pub fn with_key(router: &Router, key: SecretKey, clock: ManualClock) -> Self {
        let proof = Proof::Key(Arc::new(key), Scheme::HmacSha256, clock);
        Self { proof, ..Self::anonymous(router) }
    }

    /// The same who signs by another scheme.
    #[must_use]
    pub fn signing_by(mut self, scheme: Scheme) -> Self {
        if let Proof::Key(_, by, _) = &mut self.proof {
            *by = scheme;
        }
        self
    }

    /// The same with one more header, which is not signed.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// GET.
    pub async fn get(&self, uri: &str) -> Answer {
        self.send(Method::GET, uri, None).await
    }

    /// POST of JSON.
    pub async fn post(&self, uri: &str, body: &Value) -> Answer {
        self.send(Method::POST, uri, Some(body)).await
    }

    /// Any request.
    pub async fn send(&self, method: Method, uri: &str, body: Option<&Value>) -> Answer {
        self.send_request(self.request(&method, uri, body)).await
    }

    /// The request as it would be sent: to be altered, or sent twice.
    pub fn request(&self, method: &Method, uri: &str, body: Option<&Value>) -> Request<Body> {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let mut request = Request::builder()
            .method(method.clone())
            .uri(uri)
            .header("host", "muster.test")
            .header("content-type", "application/json");
        match &self.proof {
            Proof::Nothing => {}
            Proof::Token(token) => request = request.header("x-auth-token", token),
            Proof::Key(key, scheme, clock) => {
                let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
                let headers = [
                    ("host", b"muster.test".as_slice()),
                    ("content-type", b"application/json".as_slice()),
                ];
                let signable = Signable {
                    method: method.as_str(),
                    path,
                    query,
                    headers: &headers,
                    body: &body,
                };
                let signer = Signer { key, scheme: *scheme, scope: ("muster", "hss") };
                let signed = sign(&signer, &signable, clock.now()).expect("a signature");
                for (name, value) in signed {
                    request = request.header(name, value);
                }
            }
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(body)).expect("a request")
    }

    /// Sends a request that was made by [`Client::request`].
    pub async fn send_request(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}
