//! What would happen if: which statement of which policy decides.

use super::rights::{self, Compiled, Place};
use super::users;
use crate::app::App;
use crate::authz::{self, Item};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Result};
use muster_policy::condition::same_key;
use muster_policy::{Context, Decision, Effect, Policy, Query, decide};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// Whose rights; the caller's own if none.
    pub user_id: Option<String>,
    /// A policy to be asked instead of a user's.
    pub policy: Option<serde_json::Value>,
    /// The action, `scm:cert:export`.
    pub action: String,
    /// In which project; none for what belongs to the account.
    pub project_id: Option<String>,
    /// The end of the resource's name; everything of its kind if none.
    pub resource: Option<String>,
    /// The resource's enterprise project.
    pub enterprise_project_id: Option<String>,
    /// Values of condition keys: `{"g:SourceIp": ["10.0.0.1"]}`. They go over what is known of the caller.
    pub context: BTreeMap<String, Vec<String>>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// `allowed`, `denied` (a statement says so) or `not_allowed` (none allows it).
    pub decision: &'static str,
    /// The resource name that was asked for.
    pub resource: String,
    /// The policy that decided.
    pub policy: Option<String>,
    /// Its statement, from 0.
    pub statement: Option<usize>,
    /// The statement's name, where it has one.
    pub sid: Option<String>,
    /// What the statement does.
    pub effect: Option<Effect>,
}

struct Told<'a> {
    told: &'a BTreeMap<String, Vec<String>>,
    known: Option<authz::Request<'a>>,
}

impl Context for Told<'_> {
    fn values(&self, key: &str) -> Vec<String> {
        let told = self.told.iter().find(|(name, _)| same_key(name, key));
        match (told, &self.known) {
            (Some((_, values)), _) => values.clone(),
            (None, Some(known)) => known.values(key),
            (None, None) => Vec::new(),
        }
    }
}

/// Says what would be decided, and by which statement. Nothing is done.
///
/// # Errors
/// `Forbidden` naming the action where another user's rights are asked for, `NotFound` for the user,
/// `Invalid` for an unknown action or a policy that cannot be read.
pub fn simulate(app: &App, caller: &Caller, question: &Question) -> Result<Answer> {
    let action = Action::named(&question.action).ok_or_else(|| {
        Error::invalid("action", format!("there is no action {:?}", question.action))
    })?;
    let path = question.resource.as_deref().unwrap_or("*");
    let enterprise_project = question.enterprise_project_id.as_deref().unwrap_or_default();
    let item = Item { path, enterprise_project, tags: &[] };
    // As lists and what is about no one thing ask.
    let whole = path == Item::ALL.path && enterprise_project.is_empty();
    if let Some(document) = &question.policy {
        authz::account(app, caller, Action::PolicySimulate)?;
        let text = match document {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let policy = Policy::parse(&text)?;
        let resource = authz::resource(app, caller, action, path);
        let context = Told { told: &question.context, known: None };
        let query =
            Query { actions: action.names(), resource: &resource, whole, context: &context };
        let decision = decide([&policy], query);
        return Ok(answer(decision, resource, Some(("policy", &policy))));
    }
    let own = question.user_id.as_deref().is_none_or(|id| id == caller.user_id.as_str());
    let asked = if own {
        authz::account(app, caller, Action::PolicySimulate)?;
        caller.clone()
    } else {
        let user = users::get(app, caller, question.user_id.as_deref().unwrap_or_default())?;
        Caller { user_id: user.id, user_name: user.name, role: user.role, ..caller.clone() }
    };
    let project = question.project_id.as_deref().map(ProjectId::parse).transpose()?;
    let project = project.as_ref().map(ProjectId::as_str);
    let directory = app.identity.directory();
    let grants = directory.grants(asked.user_id.as_str());
    let held = authz::held(asked.role, grants, Place { project, enterprise_project });
    let resource = authz::resource(app, &asked, action, path);
    let known = authz::Request { app, caller: &asked, project, item: &item };
    let context = Told { told: &question.context, known: Some(known) };
    let verdict = rights::explain(held, action, whole, &resource, &context);
    let decided = verdict.policy.map(|it: &Arc<Compiled>| (it.name.as_str(), &it.policy));
    Ok(answer(verdict.decision, resource, decided))
}

fn answer(decision: Decision, resource: String, policy: Option<(&str, &Policy)>) -> Answer {
    let (word, place) = match decision {
        Decision::Allowed(place) => ("allowed", Some(place)),
        Decision::Denied(place) => ("denied", Some(place)),
        Decision::NotAllowed => ("not_allowed", None),
    };
    let at = place.map(|place| place.statement);
    let statement = at.and_then(|at| policy?.1.statements.get(at));
    Answer {
        decision: word,
        resource,
        policy: place.and(policy).map(|(name, _)| name.to_owned()),
        statement: at,
        sid: statement.map(|it| it.sid.clone()).filter(|sid| !sid.is_empty()),
        effect: statement.map(|it| it.effect),
    }
}
