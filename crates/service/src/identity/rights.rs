//! What a caller's policies say of a request. Worked out beforehand as far as it does not depend on the
//! request, so that the common answer is a look into a table.

use muster_model::Action;
use muster_policy::{Context, Decision, Effect, Policy, Query, decide};
use muster_store::identity::policies::Reach;
use std::sync::Arc;

/// A policy with its answers about every action.
pub struct Compiled {
    /// Its name, for people.
    pub name: String,
    /// The policy itself.
    pub policy: Policy,
    answers: Vec<Answer>,
}

/// What a policy says of an action, whatever the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Nothing,
    Allow,
    Deny,
    /// It depends.
    Ask,
}

impl Compiled {
    pub(crate) fn new(name: &str, policy: Policy) -> Self {
        let answers = Action::ALL.iter().map(|action| answer(&policy, *action)).collect();
        Self { name: name.to_owned(), policy, answers }
    }

    fn answer(&self, action: Action) -> Answer {
        self.answers.get(action as usize).copied().unwrap_or(Answer::Nothing)
    }

    /// Whether it allows the action without looking at the request.
    #[cfg(test)]
    pub(crate) fn may(&self, action: Action) -> bool {
        self.answer(action) == Answer::Allow
    }
}

fn answer(policy: &Policy, action: Action) -> Answer {
    let names = action.names();
    let concerned = || policy.statements.iter().filter(|statement| statement.concerns(names));
    if concerned().any(|it| it.effect == Effect::Deny && it.is_unconditional()) {
        return Answer::Deny;
    }
    if concerned().next().is_none() {
        return Answer::Nothing;
    }
    let denies = concerned().any(|it| it.effect == Effect::Deny);
    let allows = concerned().any(|it| it.effect == Effect::Allow && it.is_unconditional());
    if allows && !denies { Answer::Allow } else { Answer::Ask }
}

/// A policy somebody has, and where.
#[derive(Clone)]
pub struct Grant {
    /// Where it holds.
    pub reach: Reach,
    /// The policy.
    pub policy: Arc<Compiled>,
}

/// Where a request wants to act.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// In a project, by its id; none for what belongs to the account itself.
    pub(crate) project: Option<&'a str>,
    /// The enterprise project of the thing; empty where it has none or there is no one thing.
    pub(crate) enterprise_project: &'a str,
}

impl Grant {
    fn holds_at(&self, place: Place<'_>) -> bool {
        match &self.reach {
            Reach::Domain => place.project.is_none(),
            Reach::Projects => place.project.is_some(),
            Reach::Project(id) => place.project == Some(id),
            Reach::EnterpriseProject(id) => place.enterprise_project == id,
        }
    }
}

/// Which policy decided, and how.
pub(crate) struct Verdict<'a> {
    pub(crate) decision: Decision,
    pub(crate) policy: Option<&'a Arc<Compiled>>,
}

/// Asks the policies that hold at a place. `resource` is made only if one of them wants to know. `whole` says that
/// the question is about everything of the kind at once.
pub(crate) fn ask<'a>(
    policies: impl Iterator<Item = &'a Arc<Compiled>>,
    action: Action,
    whole: bool,
    resource: &dyn Fn() -> String,
    context: &dyn Context,
) -> bool {
    let mut allowed = false;
    for policy in policies {
        match policy.answer(action) {
            Answer::Nothing => {}
            Answer::Allow => allowed = true,
            Answer::Deny => return false,
            Answer::Ask => {
                let resource = resource();
                let query = Query { actions: action.names(), resource: &resource, whole, context };
                match decide([&policy.policy], query) {
                    Decision::Denied(_) => return false,
                    Decision::Allowed(_) => allowed = true,
                    Decision::NotAllowed => {}
                }
            }
        }
    }
    allowed
}

/// Whether a role or a group's policies may allow the action on something in a project, or for the account
/// itself. What holds in an enterprise project only can allow some things there, and deny no others.
pub(crate) fn any(
    role: Option<&Arc<Compiled>>,
    grants: &[Grant],
    project: Option<&str>,
    action: Action,
) -> bool {
    let place = Place { project, enterprise_project: "" };
    let everywhere = grants.iter().filter(|grant| grant.holds_at(place));
    let mut may = false;
    for policy in role.into_iter().chain(everywhere.map(|grant| &grant.policy)) {
        match policy.answer(action) {
            Answer::Nothing => {}
            Answer::Deny => return false,
            Answer::Allow | Answer::Ask => may = true,
        }
    }
    let somewhere = grants.iter().filter(|it| matches!(it.reach, Reach::EnterpriseProject(_)));
    let allows = |it: &Grant| matches!(it.policy.answer(action), Answer::Allow | Answer::Ask);
    may || somewhere.into_iter().any(allows)
}

/// Whether what holds in an enterprise project alone denies the action on things there, or may do so.
pub(crate) fn some_denied(grants: &[Grant], action: Action) -> bool {
    let somewhere = grants.iter().filter(|it| matches!(it.reach, Reach::EnterpriseProject(_)));
    somewhere.map(|it| &it.policy).any(|it| match it.answer(action) {
        Answer::Nothing | Answer::Allow => false,
        Answer::Deny => true,
        Answer::Ask => {
            let mut statements = it.policy.statements.iter();
            statements.any(|it| it.effect == Effect::Deny && it.concerns(action.names()))
        }
    })
}

/// The same as [`ask`], said by which statement.
pub(crate) fn explain<'a>(
    policies: impl Iterator<Item = &'a Arc<Compiled>>,
    action: Action,
    whole: bool,
    resource: &str,
    context: &dyn Context,
) -> Verdict<'a> {
    let held: Vec<_> = policies.collect();
    let query = Query { actions: action.names(), resource, whole, context };
    let decision = decide(held.iter().map(|it| &it.policy), query);
    let policy = match decision {
        Decision::Allowed(place) | Decision::Denied(place) => held.get(place.policy),
        Decision::NotAllowed => None,
    };
    Verdict { decision, policy: policy.copied() }
}

/// The grants that hold at a place.
pub(crate) fn holding<'a>(
    grants: &'a [Grant],
    place: Place<'a>,
) -> impl Iterator<Item = &'a Arc<Compiled>> {
    grants.iter().filter(move |grant| grant.holds_at(place)).map(|grant| &grant.policy)
}
