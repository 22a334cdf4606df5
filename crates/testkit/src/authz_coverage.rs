//! No operation answers without credentials, none across accounts, and none to a role it is not for.
//!
//! Driven by an API's own table, so that an operation added there is covered by itself: it fails until it
//! refuses whom it must, and until a sound call shows that the refusals are not for another fault.

use crate::app::TestApp;
use crate::client::{Answer, Client};
use axum::Router;
use muster_http::{Needs, Operation, Verb};
use muster_model::Action;
use muster_model::action::Access;
use muster_vault::token::TEXT_LEN;
use serde_json::{Value, json};

/// A project nobody has.
const FOREIGN: &str = "00000000000000000000000000000000";

/// A sound request for an operation whose own path does not say enough. Made from `(name, body)`, or from
/// `(name, path, body)`, where `path` is the whole path with its query, or, from `?` on, what follows the
/// table's path. `{project_id}` stands for the project.
#[derive(Clone, Debug)]
pub struct Call {
    name: String,
    path: String,
    body: Value,
}

impl From<(&str, Value)> for Call {
    fn from((name, body): (&str, Value)) -> Self {
        Self { name: name.to_owned(), path: String::new(), body }
    }
}

impl From<(&str, &str, Value)> for Call {
    fn from((name, path, body): (&str, &str, Value)) -> Self {
        Self { name: name.to_owned(), path: path.to_owned(), body }
    }
}

impl Call {
    pub(crate) fn is_of(&self, row: &Operation) -> bool {
        self.name == row.name
    }

    pub(crate) fn body(&self) -> Value {
        self.body.clone()
    }
}

/// Asks every operation of the table in the wrong ways and once in the right one. `router` is the API's own
/// within the edge; `calls` has a sound request for each operation that needs a query or a body.
///
/// # Panics
/// If an operation answers when it must not, or refuses in another form than the vendors', or if its sound
/// call is not sound.
pub async fn authz_coverage<C: Clone + Into<Call>>(
    test: &TestApp,
    router: &Router,
    operations: &[Operation],
    calls: &[C],
) {
    let calls: Vec<Call> = calls.iter().cloned().map(Into::into).collect();
    for call in &calls {
        let known = operations.iter().any(|row| row.name == call.name);
        assert!(known, "{} is no operation of this table", call.name);
    }
    let asking = Asking {
        anonymous: Client::anonymous(router),
        forged: Client::with_token(router, "A".repeat(TEXT_LEN)),
        admin: test.admin(router).await,
        reader: test.reader(router).await,
        own: test.credentials.project_id.clone(),
    };
    for row in operations {
        // A row that shares its path with a served one is answered by that.
        let shared = !row.is_served()
            && operations
                .iter()
                .any(|other| other.is_served() && other.path == row.path && other.verb == row.verb);
        // What an API proves in a way of its own has tests of its own.
        let here = !matches!(row.needs, Needs::Nothing | Needs::Perhaps | Needs::OwnProof(_));
        if here && !shared {
            asking.cover(row, calls.iter().find(|call| call.name == row.name)).await;
        }
    }
}

struct Asking {
    anonymous: Client,
    forged: Client,
    admin: Client,
    reader: Client,
    own: String,
}

impl Asking {
    async fn cover(&self, row: &Operation, call: Option<&Call>) {
        let name = row.name;
        let ask = async |client: &Client, project: &str| {
            let body = call.map_or_else(|| json!({}), |call| call.body.clone());
            let uri = uri(row, call.map_or("", |call| &call.path), project);
            let answer = client.send(row.verb.method(), &uri, Some(&body)).await;
            check_form(row, &answer);
            answer
        };
        let anonymous = ask(&self.anonymous, &self.own).await.status;
        assert_eq!(anonymous, 401, "{name} answers without credentials");
        let forged = ask(&self.forged, &self.own).await.status;
        assert_eq!(forged, 401, "{name} takes a made-up token");
        if !row.is_served() {
            let status = ask(&self.admin, &self.own).await.status;
            assert_eq!(status, 501, "{name} is not served and does not say so");
            return;
        }
        let Needs::Action(action) = row.needs else { return };
        if row.path.contains("{project_id}") {
            let status = ask(&self.admin, FOREIGN).await.status;
            assert_eq!(status, 404, "{name} of a foreign project");
        }
        let reader = ask(&self.reader, &self.own).await;
        check_reader(row, action, &reader);
        let admin = ask(&self.admin, &self.own).await;
        let sound = !matches!(admin.status, 400 | 401 | 403);
        assert!(sound, "{name} wants a sound call in the test: {}", admin.json());
    }
}

/// A reader may look, and is told by name what it may not do.
fn check_reader(row: &Operation, action: Action, answer: &Answer) {
    if action.access() == Access::Read {
        assert_ne!(answer.status, 403, "{} is kept from readers", row.name);
        return;
    }
    assert_eq!(answer.status, 403, "{} as a reader", row.name);
    let message = answer.json().to_string();
    assert!(message.contains(action.name()), "{}: {message} does not name {action}", row.name);
}

fn uri(row: &Operation, path: &str, project: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some(("", query)) => (row.path, format!("?{query}")),
        Some((path, query)) => (path, format!("?{query}")),
        None if path.is_empty() => (row.path, String::new()),
        None => (path, String::new()),
    };
    let pieces = path.split('/').map(|piece| match piece {
        "{project_id}" => project,
        piece if piece.starts_with('{') => "0a0a0a0a",
        piece => piece,
    });
    pieces.collect::<Vec<_>>().join("/") + &query
}

/// Whatever is refused is JSON with texts, and names the request as its header does.
fn check_form(row: &Operation, answer: &Answer) {
    // What answers HEAD has no body.
    if answer.status < 400 || row.verb == Verb::Head {
        return;
    }
    let body = answer.json();
    let texts = ["error_code", "error_msg"]
        .map(|key| body.get(key).and_then(Value::as_str).unwrap_or_default());
    assert!(texts.iter().all(|text| !text.is_empty()), "{}: {body}", row.name);
    assert_eq!(answer.header("content-type"), "application/json", "{}", row.name);
    assert_eq!(answer.header("x-request-id").len(), 32, "{}", row.name);
}
