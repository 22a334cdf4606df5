//! Asking policies.

use crate::document::{Effect, Policy};

/// What a request knows of itself and of what it is about.
pub trait Context {
    /// The values of a condition key such as `g:SourceIp` or `g:ResourceTag/tier`; none if the request
    /// does not have it. Asked only where a condition wants to know.
    fn values(&self, key: &str) -> Vec<String>;
}

/// A request that knows nothing.
impl Context for () {
    fn values(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// The action, by every name it goes under: `scm:cert:export` is also `scm:cert:download`.
    pub actions: &'a [&'a str],
    /// The resource, `service:region:account:type:path`. A list, or what does not exist yet, has the path
    /// `*`: only statements about all resources of the type cover it.
    pub resource: &'a str,
    /// Whether the question is about everything of the type at once: a statement that denies any of it denies it, and
    /// one that allows must make no difference between things.
    pub whole: bool,
    /// Everything conditions may ask.
    pub context: &'a dyn Context,
}

/// A statement, by the places of its policy and its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which policy, from 0.
    pub policy: usize,
    /// Which of its statements, from 0.
    pub statement: usize,
}

/// What policies say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This statement allows, and none denies.
    Allowed(Place),
    /// This statement denies.
    Denied(Place),
    /// No statement allows.
    NotAllowed,
}

impl Decision {
    /// Whether it may be done.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

/// Asks policies: the first statement that denies decides, else the first that allows.
pub fn decide<'a>(policies: impl IntoIterator<Item = &'a Policy>, query: Query<'_>) -> Decision {
    let mut decision = Decision::NotAllowed;
    for (policy, document) in policies.into_iter().enumerate() {
        for (statement, it) in document.statements.iter().enumerate() {
            if it.effect == Effect::Allow && decision.is_allowed() {
                continue;
            }
            let holds = it.concerns(query.actions)
                && match (query.whole, it.effect) {
                    (false, _) => {
                        it.covers(query.resource)
                            && it.conditions.iter().all(|condition| condition.met(query.context))
                    }
                    (true, Effect::Allow) => {
                        it.covers_all(query.resource)
                            && it.conditions.iter().all(|condition| {
                                !condition.is_of_the_thing() && condition.met(query.context)
                            })
                    }
                    (true, Effect::Deny) => {
                        it.covers_some(query.resource)
                            && it.conditions.iter().all(|condition| {
                                condition.is_of_the_thing() || condition.met(query.context)
                            })
                    }
                };
            if holds {
                let place = Place { policy, statement };
                match it.effect {
                    Effect::Deny => return Decision::Denied(place),
                    Effect::Allow => decision = Decision::Allowed(place),
                }
            }
        }
    }
    decision
}
