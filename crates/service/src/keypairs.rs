//! Key pairs for logging in to hosts: made, imported, looked at, bound; their private halves kept sealed and
//! handed out only to who may have them.
//!
//! A pair of scope `domain` is everybody's of its project, one of scope `user` its owner's alone: for anybody
//! else it does not exist. A user's own pair goes before one for everybody that has the same name.

mod access;
pub(crate) mod agents;
mod create;
mod fault;
mod generation;
mod order;
mod perform;
mod private_key;
mod settings;
mod tasks;
mod worker;

pub use access::{Opening, Stray, openings, strays};
pub use create::{Created, New, Protection, create, import_all};
pub use fault::Fault;
pub use order::{Auth, Server, associate, disassociate, may_bind};
pub use private_key::{Exported, clear, export, import_private_key};
pub use settings::{AlgorithmName, KeypairSettings, Rule};
pub use tasks::{delete_all_failed, delete_failed, failed_tasks, running_tasks, task};
pub use worker::{clear_ended, start};

pub use muster_store::keypairs::Keypair;
pub use muster_store::keypairs::bindings::Binding;
pub use muster_store::keypairs::tasks::{Operation, State, Task};
pub use muster_vault::ssh::Algorithm;

use crate::audit::Outcome;
use crate::authz::Item;
use crate::{App, Settings, audit, authz};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, ErrorKind, Owner, Result};
use muster_store::{Tx, keypairs as store, transact};
use std::collections::VecDeque;
use tokio::sync::Notify;

/// The one kind that OpenSSH knows.
pub const SSH: &str = "ssh";
/// The kind whose public half is a certificate.
pub const X509: &str = "x509";
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 255;
/// Pairs of one step where each has to be asked for.
const STEP: u32 = 500;
/// Accounts a pair is bound to that are shown.
const MAX_BINDINGS: u32 = 1_000;

/// What key pairs need while the product runs. One in an [`App`].
pub(crate) struct Keypairs {
    pub(crate) making: generation::Pool,
    ordered: Notify,
}

impl Keypairs {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self { making: generation::Pool::new(settings.keypairs.parallel), ordered: Notify::new() }
    }
}

/// A caller who was let in to a project's key pairs for one action.
struct Place<'a> {
    app: &'a App,
    caller: &'a Caller,
    action: Action,
    project: &'a ProjectId,
    key: i64,
    user: i64,
}

impl<'a> Place<'a> {
    /// For what concerns all pairs, or no certain one.
    async fn enter(
        app: &'a App,
        caller: &'a Caller,
        action: Action,
        project: &'a ProjectId,
    ) -> Result<Self> {
        let key = authz::require(app, caller, action, Some(project)).await?;
        Ok(Self::of(app, caller, action, project, key))
    }

    /// For what concerns pairs one by one: each is asked for when it is found.
    async fn enter_for_some(
        app: &'a App,
        caller: &'a Caller,
        action: Action,
        project: &'a ProjectId,
    ) -> Result<Self> {
        let key = authz::require_some(app, caller, action, Some(project)).await?;
        Ok(Self::of(app, caller, action, project, key))
    }

    fn of(
        app: &'a App,
        caller: &'a Caller,
        action: Action,
        project: &'a ProjectId,
        key: i64,
    ) -> Self {
        let directory = app.identity.directory();
        let user = directory.user(caller.user_id.as_str()).map_or(0, |user| user.key);
        Self { app, caller, action, project, key, user }
    }

    /// Whether policies let the caller perform an action on the pair of a name.
    fn may(&self, action: Action, name: &str) -> bool {
        authz::may(self.app, self.caller, action, Some(self.project), &Item::named(name))
    }

    /// The pair of a name, if the caller may do with it what it came for. One it may not even look at is not there.
    async fn permitted(&self, tx: &mut Tx, name: &str) -> Result<Option<Keypair>> {
        let Some(pair) = self.find(tx, name).await? else { return Ok(None) };
        if self.may(self.action, &pair.name) {
            return Ok(Some(pair));
        }
        let (project, target) = (self.project.as_str(), target(&pair.name));
        audit::note(self.app, self.caller, self.action, project, &target, Outcome::Denied);
        if self.may(Action::KeypairGet, &pair.name) {
            return Err(Error::forbidden(self.action));
        }
        Ok(None)
    }

    /// The pair named in a path: one that is not there is 404.
    async fn named(&self, tx: &mut Tx, name: &str) -> Result<Keypair> {
        self.permitted(tx, name).await?.ok_or_else(|| {
            Error::not_found(format_args!("key pair {}", shown(name))).with_source(Fault::NoKeypair)
        })
    }

    /// The pair named by a parameter of a body: one that is not there is that parameter's fault.
    async fn given(&self, tx: &mut Tx, parameter: String, name: &str) -> Result<Keypair> {
        self.permitted(tx, name).await?.ok_or_else(|| {
            let why = format_args!("there is no key pair {}", shown(name)).to_string();
            Error::invalid(parameter, why).with_source(Fault::NoKeypair)
        })
    }

    async fn find(&self, tx: &mut Tx, name: &str) -> Result<Option<Keypair>> {
        store::by_name(tx, self.key, self.user, name).await
    }

    /// Whether a pair of the project exists for the caller.
    fn may_see(&self, pair: &Keypair) -> bool {
        pair.owner.is_none_or(|owner| owner == self.user)
    }

    fn owner(&self) -> Owner {
        Owner::Project(self.project.clone())
    }
}

/// A name as far as it is worth repeating.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// What the private half of a pair is sealed as.
fn record_of(pair_id: &str) -> String {
    format!("keypair/{pair_id}")
}

/// The field of [`record_of`].
const PRIVATE_KEY: &str = "private_key";

/// What a pair is called in the audit log.
fn target(name: &str) -> String {
    format!("keypair/{}", shown(name))
}

/// A page of key pairs, and where its neighbours begin.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The pairs, oldest first.
    pub rows: Vec<Keypair>,
    /// Where the next page begins; none at the end.
    pub next: Option<i64>,
    /// Where the page before begins; none at the front.
    pub previous: Option<i64>,
}

/// The caller's pairs and those for everybody, from the pair with the number `from` on.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    from: Option<i64>,
    limit: u32,
) -> Result<Listed> {
    let place = Place::enter_for_some(app, caller, Action::KeypairList, project).await?;
    let mut tx = app.db.read().await?;
    if !authz::may(app, caller, Action::KeypairList, Some(project), &Item::ALL) {
        return of_some(&mut tx, &place, from, limit).await;
    }
    let start = from.unwrap_or(0);
    let mut rows =
        store::list(&mut tx, place.key, place.user, start, limit.saturating_add(1)).await?;
    let next = if rows.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
        rows.pop().map(|pair| pair.key)
    } else {
        None
    };
    let previous = match from {
        Some(from) => store::page_before(&mut tx, place.key, place.user, from, limit).await?,
        None => None,
    };
    Ok(Listed { rows, next, previous })
}

/// [`list`] where the caller may see only some: every one is asked for.
async fn of_some(tx: &mut Tx, place: &Place<'_>, from: Option<i64>, limit: u32) -> Result<Listed> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut listed, mut before) = (Listed::default(), VecDeque::new());
    let mut after = 0;
    loop {
        let step = store::list(tx, place.key, place.user, after, STEP).await?;
        let Some(last) = step.last() else { break };
        after = last.key + 1;
        for pair in step.into_iter().filter(|pair| place.may(place.action, &pair.name)) {
            if from.is_some_and(|from| pair.key < from) {
                before.push_back(pair.key);
                if before.len() > limit {
                    before.pop_front();
                }
            } else if listed.rows.len() < limit {
                listed.rows.push(pair);
            } else {
                listed.next = Some(pair.key);
                listed.previous = before.pop_front();
                return Ok(listed);
            }
        }
    }
    listed.previous = before.pop_front();
    Ok(listed)
}

/// One pair.
///
/// # Errors
/// `NotFound`; those of [`authz::require`] and of the database.
pub async fn get(app: &App, caller: &Caller, project: &ProjectId, name: &str) -> Result<Keypair> {
    let place = Place::enter_for_some(app, caller, Action::KeypairGet, project).await?;
    place.named(&mut app.db.read().await?, name).await
}

/// The accounts a pair was bound to here.
///
/// # Errors
/// As [`get`].
pub async fn bindings(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    name: &str,
) -> Result<Vec<Binding>> {
    let place = Place::enter_for_some(app, caller, Action::KeypairGet, project).await?;
    let mut tx = app.db.read().await?;
    let pair = place.named(&mut tx, name).await?;
    store::bindings::of_pair(&mut tx, pair.key, MAX_BINDINGS).await
}

/// Changes the description.
///
/// # Errors
/// `Invalid` for one longer than 255 characters, `NotFound`; those of [`authz::require`] and of the database.
pub async fn describe(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    name: &str,
    description: &str,
) -> Result<()> {
    let place = Place::enter_for_some(app, caller, Action::KeypairUpdate, project).await?;
    if description.chars().count() > MAX_DESCRIPTION || description.contains('\0') {
        return Err(Error::invalid("keypair.description", "must have at most 255 characters"));
    }
    let now = app.now();
    transact!(app.db, |tx| {
        let pair = place.named(tx, name).await?;
        store::set_description(tx, pair.key, description, now).await?;
        let target = target(name);
        audit::append(tx, app, caller, Action::KeypairUpdate, project.as_str(), &target).await
    })
}

/// Removes a pair with its private half. The hosts it is bound to keep its key, and show it as one that nobody
/// manages.
///
/// # Errors
/// `Conflict` while a task is about to bind it, `NotFound`; those of [`authz::require`] and of the database.
pub async fn delete(app: &App, caller: &Caller, project: &ProjectId, name: &str) -> Result<()> {
    let place = Place::enter_for_some(app, caller, Action::KeypairDelete, project).await?;
    transact!(app.db, |tx| {
        let pair = place.named(tx, name).await?;
        if store::tasks::binds_pair(tx, pair.key).await? {
            return Err(Error::new(ErrorKind::Conflict, "a task is about to bind this key pair"));
        }
        store::delete(tx, pair.key).await?;
        let target = target(name);
        audit::append(tx, app, caller, Action::KeypairDelete, project.as_str(), &target).await
    })
}
