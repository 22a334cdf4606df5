//! Nothing of one account is there for another, and nothing of a project in the one beside it: every operation that
//! names a thing in its path is asked for it by the administrator of a second account, and by the owner in a second
//! project.

use crate::app::TestApp;
use crate::authz_coverage::Call;
use crate::client::Client;
use axum::Router;
use muster_http::{Needs, Operation, Verb};
use muster_service::identity::projects;
use serde_json::json;

/// What the first account has, by the names of path parameters: `("certificate_id", "scs…")`.
pub type Ids<'a> = &'a [(&'a str, &'a str)];

/// Asks every operation of the table for `ids` as a stranger, who must be told that nothing is there, in the owner's
/// project and in the stranger's own. So must the owner in another project of the account, where the path has one. What
/// the owner sees of them before and after must be the same. `calls` has bodies.
///
/// # Panics
/// If anything of it is otherwise, or if no operation names any of them.
pub async fn stranger_coverage<C: Clone + Into<Call>>(
    test: &TestApp,
    router: &Router,
    operations: &[Operation],
    calls: &[C],
    ids: Ids<'_>,
) {
    let calls: Vec<Call> = calls.iter().cloned().map(Into::into).collect();
    let owner = test.admin(router).await;
    let other = test.second_account("stranger").await;
    let stranger = test.client_of(router, &other).await;
    let rows = operations.iter().filter(|row| {
        row.is_served() && matches!(row.needs, Needs::Action(_)) && !uri(row, ids, "p").is_empty()
    });
    let rows: Vec<_> = rows.collect();
    assert!(!rows.is_empty(), "no operation names any of them");
    let own = test.credentials.project_id.as_str();
    let beside = projects::create(&test.app, &test.operator(), "beside", "").await;
    let beside = beside.expect("a second project").id.to_string();
    let within = test.client_in(router, &test.credentials, &beside).await;
    let before = seen(&owner, &rows, ids, own).await;
    for row in &rows {
        let body = calls.iter().find(|call| call.is_of(row)).map_or_else(|| json!({}), Call::body);
        let mut askers = vec![("a stranger", &stranger, own)];
        askers.push(("a stranger at home", &stranger, &other.project_id));
        // Where the project is the thing that is asked for, there is no other one to ask it in.
        let named = ids.iter().any(|(name, _)| *name == "project_id");
        if row.path.contains("{project_id}") && !named {
            askers.push(("its owner in another project", &within, &beside));
        }
        for (who, client, project) in askers {
            let path = uri(row, ids, project);
            let answer = client.send(row.verb.method(), &path, Some(&body)).await;
            let said = String::from_utf8_lossy(&answer.body);
            assert_eq!(answer.status, 404, "{} {path} as {who}: {said}", row.name);
        }
    }
    assert_eq!(seen(&owner, &rows, ids, own).await, before, "a stranger changed something");
}

/// What its owner reads of everything that can be read: of each of the things at least once.
async fn seen(owner: &Client, rows: &[&Operation], ids: Ids<'_>, project: &str) -> Vec<String> {
    let mut seen = Vec::new();
    for row in rows.iter().filter(|row| row.verb == Verb::Get && !row.once) {
        let path = uri(row, ids, project);
        let answer = owner.get(&path).await;
        let mut said = answer.json();
        // A refusal names its request, and each is another.
        if let Some(said) = said.as_object_mut() {
            said.remove("request_id");
        }
        seen.push(format!("{} {path}: {said}", answer.status));
    }
    for (name, id) in ids {
        let shown = |line: &String| {
            let path = line.split(' ').nth(1).unwrap_or_default().trim_end_matches(':');
            line.starts_with("200 ") && path.split('/').any(|piece| piece == *id)
        };
        assert!(seen.iter().any(shown), "its owner sees no {name} {id}");
    }
    seen
}

/// The path of an operation that names at least one thing, and no other than these; else empty.
fn uri(row: &Operation, ids: Ids<'_>, project: &str) -> String {
    let mut names = false;
    let piece = |piece: &str| {
        let Some(name) = piece.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return Some(piece.to_owned());
        };
        let found = ids.iter().find(|(known, _)| *known == name).map(|(_, id)| (*id).to_owned());
        names |= found.is_some();
        found.or_else(|| (name == "project_id").then(|| project.to_owned()))
    };
    let pieces: Option<Vec<_>> = row.path.split('/').map(piece).collect();
    pieces.filter(|_| names).map(|pieces| pieces.join("/")).unwrap_or_default()
}
