//! No operation answers without credentials, none across accounts, and none to a role it is not for.
//!
//! Driven by an API's own table, so that an operation added there is covered by itself.

use crate::app::TestApp;
use crate::client::{Answer, Client};
use axum::Router;
use muster_http::{Needs, Operation};
use muster_model::action::Access;
use muster_vault::token::TEXT_LEN;
use serde_json::{Value, json};

/// A project nobody has.
const FOREIGN: &str = "00000000000000000000000000000000";

/// Asks every operation of the table in the wrong ways. `router` is the API's own within the edge; `bodies`
/// gives a sound body for operations that read theirs before they ask for the right.
///
/// # Panics
/// If an operation answers when it must not, or refuses in another form than the vendors'.
pub async fn authz_coverage(
    test: &TestApp,
    router: &Router,
    operations: &[Operation],
    bodies: &[(&str, Value)],
) {
    let (admin, reader) = (test.admin(router).await, test.reader(router).await);
    let own = &test.credentials.project_id;
    for row in operations {
        let empty = json!({});
        let body =
            bodies.iter().find(|(name, _)| *name == row.name).map_or(&empty, |(_, body)| body);
        let ask = async |client: &Client, project: &str| {
            let answer = client.send(row.verb.method(), &path(row, project), Some(body)).await;
            check_form(row, &answer);
            answer.status
        };
        // A row that shares its path with a served one is answered by that.
        let shared = !row.is_served()
            && operations
                .iter()
                .any(|other| other.is_served() && other.path == row.path && other.verb == row.verb);
        if row.needs == Needs::Nothing || shared {
            continue;
        }
        let anonymous = ask(&Client::anonymous(router), own).await;
        assert_eq!(anonymous, 401, "{} answers without credentials", row.name);
        let forged = Client::with_token(router, "A".repeat(TEXT_LEN));
        assert_eq!(ask(&forged, own).await, 401, "{} takes a made-up token", row.name);
        if !row.is_served() {
            assert!(ask(&admin, own).await >= 400, "{} pretends to be served", row.name);
            continue;
        }
        let Needs::Action(action) = row.needs else { continue };
        if row.path.contains("{project_id}") {
            let status = ask(&admin, FOREIGN).await;
            assert!(refused(status), "{} answers {status} for a foreign project", row.name);
        }
        if action.access() != Access::Read {
            let status = ask(&reader, own).await;
            assert!(refused(status), "{} answers {status} to a reader", row.name);
        }
    }
}

/// The refusals vendors give for what is not allowed or not there: HSS says 400 for both.
fn refused(status: u16) -> bool {
    matches!(status, 400 | 403 | 404)
}

fn path(row: &Operation, project: &str) -> String {
    let pieces = row.path.split('/').map(|piece| match piece {
        "{project_id}" => project,
        piece if piece.starts_with('{') => "0a0a0a0a",
        piece => piece,
    });
    pieces.collect::<Vec<_>>().join("/")
}

/// Whatever is refused is JSON with texts, and names the request as its header does.
fn check_form(row: &Operation, answer: &Answer) {
    if answer.status < 400 {
        return;
    }
    let body = answer.json();
    let texts = ["error_code", "error_msg"]
        .map(|key| body.get(key).and_then(Value::as_str).unwrap_or_default());
    assert!(texts.iter().all(|text| !text.is_empty()), "{}: {body}", row.name);
    assert_eq!(answer.header("content-type"), "application/json", "{}", row.name);
    assert_eq!(answer.header("x-request-id").len(), 32, "{}", row.name);
}
