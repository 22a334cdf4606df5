//! Policies of the caller's account, and which group or agency has which where.

use super::{agencies, builtin, directory, groups};
use crate::app::App;
use crate::{audit, authz};
use muster_model::{Action, Caller, Error, ErrorKind, Result};
use muster_policy::Policy;
use muster_store::identity::Domain;
use muster_store::identity::policies::{self, Assignment, Holder, Reach, StoredPolicy};
use muster_store::{Tx, transact};
use muster_vault::random;

/// Policies an account may have, as the vendor has it.
const LIMIT: usize = 200;

/// A policy as it is shown, built-in or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its id.
    pub id: String,
    /// Its name in APIs.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// `BASE`, a service, or `CUSTOMED` for the account's own.
    pub catalog: String,
    /// Where it may be given: `AX`, `XA`, `AA`.
    pub kind: String,
    /// For people.
    pub description: String,
    /// The document.
    pub document: String,
    /// The account, of its own ones.
    pub domain_id: Option<String>,
    /// When it was made and last changed, of the account's own ones.
    pub times: Option<(muster_model::Micros, muster_model::Micros)>,
}

/// What a new policy is, or what an old one becomes.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where it may be given: `AX`, `XA`, `AA`.
    pub kind: &'a str,
    /// For people.
    pub description: &'a str,
    /// The document.
    pub document: &'a str,
}

/// What is to be changed of a policy; what is none stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes<'a> {
    /// Another name.
    pub name: Option<&'a str>,
    /// Another kind.
    pub kind: Option<&'a str>,
    /// Another description.
    pub description: Option<&'a str>,
    /// Another document.
    pub document: Option<&'a str>,
}

/// Who has or gets a policy, by its id.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A group.
    Group(&'a str),
    /// An agency: what was assumed before is void when its policies change.
    Agency(&'a str),
}

/// Where a policy is given, as callers say it.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// How far it reaches.
    pub reach: Reach,
    /// The account that was named, if one was.
    pub domain: Option<&'a str>,
}

impl From<Reach> for Place<'_> {
    fn from(reach: Reach) -> Self {
        Self { reach, domain: None }
    }
}

/// The built-in policies, then the account's own by name.
///
/// # Errors
/// `Forbidden` naming the action.
pub fn list(app: &App, caller: &Caller) -> Result<Vec<Shown>> {
    authz::account(app, caller, Action::PolicyList)?;
    Ok(all(app, caller))
}

fn all(app: &App, caller: &Caller) -> Vec<Shown> {
    let directory = app.identity.directory();
    let domain = directory.domain_by_id(&caller.domain_id).map(|domain| domain.key);
    let own = directory.policies().filter(|it| Some(it.domain) == domain);
    let own = own.map(|it| Shown {
        id: it.id.clone(),
        name: format!("custom_{}", it.name),
        title: it.name.clone(),
        catalog: "CUSTOMED".to_owned(),
        kind: it.kind.clone(),
        description: it.description.clone(),
        document: it.document.clone(),
        domain_id: Some(caller.domain_id.to_string()),
        times: Some((it.created_at, it.updated_at)),
    });
    let builtin = builtin::ALL.iter().map(|it| Shown {
        id: it.id.to_owned(),
        name: it.name.to_owned(),
        title: it.title.to_owned(),
        catalog: it.catalog.to_owned(),
        kind: "AA".to_owned(),
        description: it.title.to_owned(),
        document: it.document.to_owned(),
        domain_id: None,
        times: None,
    });
    builtin.chain(own).collect()
}

/// One policy, built-in or the account's own.
///
/// # Errors
/// `NotFound`; `Forbidden` naming the action.
pub fn get(app: &App, caller: &Caller, id: &str) -> Result<Shown> {
    list(app, caller)?.into_iter().find(|it| it.id == id).ok_or_else(|| absent(id))
}

/// Adds a policy.
///
/// # Errors
/// `Forbidden` naming the action; `Invalid` naming the place in the document; `Conflict` for a taken name or
/// the two hundred and first policy.
pub async fn create(app: &App, caller: &Caller, draft: Draft<'_>) -> Result<Shown> {
    authz::account(app, caller, Action::PolicyUpdate)?;
    check(draft)?;
    let directory = app.identity.directory();
    let domain = directory.domain_by_id(&caller.domain_id).map(|domain| domain.key);
    let domain = domain.ok_or_else(|| Error::not_found("the account"))?;
    if directory.policies().filter(|it| it.domain == domain).count() >= LIMIT {
        return Err(Error::conflict(format!(
            "the account has {LIMIT} policies, the most it may have"
        )));
    }
    let (id, now) = (random::id()?, app.now());
    let new = StoredPolicy {
        key: 0,
        id: id.clone(),
        domain,
        name: draft.name.to_owned(),
        kind: draft.kind.to_owned(),
        description: draft.description.to_owned(),
        document: draft.document.to_owned(),
        created_at: now,
        updated_at: now,
    };
    transact!(app.db, |tx| {
        policies::create(tx, &new).await?;
        finish(tx, app, caller, &id).await
    })?;
    shown(app, caller, &id).await
}

/// Changes a policy of the account. What it says is in force when this returns.
///
/// # Errors
/// Those of [`create`]; `NotFound`, also for a built-in one.
pub async fn update(app: &App, caller: &Caller, id: &str, changes: Changes<'_>) -> Result<Shown> {
    authz::account(app, caller, Action::PolicyUpdate)?;
    transact!(app.db, |tx| {
        let mut it = find(tx, app, caller, id).await?;
        let parts = [
            (changes.name, &mut it.name),
            (changes.kind, &mut it.kind),
            (changes.description, &mut it.description),
            (changes.document, &mut it.document),
        ];
        for (new, part) in parts {
            if let Some(new) = new {
                new.clone_into(part);
            }
        }
        let (name, kind) = (it.name.as_str(), it.kind.as_str());
        let (description, document) = (it.description.as_str(), it.document.as_str());
        check(Draft { name, kind, description, document })?;
        it.updated_at = app.now();
        policies::update(tx, &it).await?;
        finish(tx, app, caller, id).await
    })?;
    shown(app, caller, id).await
}

/// Removes a policy of the account.
///
/// # Errors
/// `Forbidden` naming the action; `NotFound`, also for a built-in one; `Conflict` while a group or an agency has it.
pub async fn delete(app: &App, caller: &Caller, id: &str) -> Result<()> {
    authz::account(app, caller, Action::PolicyUpdate)?;
    transact!(app.db, |tx| {
        let it = find(tx, app, caller, id).await?;
        policies::delete(tx, &it).await?;
        finish(tx, app, caller, id).await
    })?;
    app.identity.reload(&app.db, &app.vault).await
}

/// Gives a group or an agency a policy somewhere, or takes it away. In force when this returns.
///
/// # Errors
/// `Forbidden` naming the action; `NotFound` for the subject, the policy, the project, or what is to be taken.
pub async fn set_assignment(
    app: &App,
    caller: &Caller,
    subject: Subject<'_>,
    policy: &str,
    place: &Place<'_>,
    given: bool,
) -> Result<()> {
    authz::account(app, caller, Action::PolicyAssign)?;
    check_place(app, caller, place)?;
    if !all(app, caller).iter().any(|it| it.id == policy) {
        return Err(absent(policy));
    }
    transact!(app.db, |tx| {
        let (holder, named) = match subject {
            Subject::Group(id) => {
                (Holder::Group(groups::find(tx, app, caller, id).await?.key), format!("group/{id}"))
            }
            Subject::Agency(id) => {
                let key = agencies::touch(tx, app, caller, id).await?;
                (Holder::Agency(key), format!("agency/{id}"))
            }
        };
        let (policy, reach) = (policy.to_owned(), place.reach.clone());
        let it = Assignment { holder, policy, reach };
        if given {
            policies::assign(tx, &it, app.now()).await?;
        } else if !policies::withdraw(tx, &it).await? {
            return Err(absent(&it.policy));
        }
        directory::bump(tx, app.now()).await?;
        let verb = if given { "assign" } else { "withdraw" };
        let target = format!("{named}/{verb}/policy/{}", it.policy);
        audit::append(tx, app, caller, Action::PolicyAssign, "", &target).await
    })?;
    app.identity.reload(&app.db, &app.vault).await
}

/// The policies a group or an agency has somewhere.
///
/// # Errors
/// `Forbidden` naming the action; `NotFound` for the subject or the project.
pub fn assigned(
    app: &App,
    caller: &Caller,
    subject: Subject<'_>,
    place: &Place<'_>,
) -> Result<Vec<Shown>> {
    authz::account(app, caller, Action::PolicyList)?;
    check_place(app, caller, place)?;
    let directory = app.identity.directory();
    let own =
        |key| directory.domain(key).is_some_and(|domain: &Domain| domain.id == caller.domain_id);
    let holder = match subject {
        Subject::Group(id) => {
            let found = directory.group(id).filter(|found| own(found.domain));
            Holder::Group(found.ok_or_else(|| groups::absent(id))?.key)
        }
        Subject::Agency(id) => {
            let found = directory.agencies().find(|it| it.id == id && own(it.domain));
            Holder::Agency(found.ok_or_else(|| agencies::absent(id))?.key)
        }
    };
    let ids: Vec<_> = directory.assignments(holder).filter(|it| it.reach == place.reach).collect();
    let has = |it: &Shown| ids.iter().any(|assigned| assigned.policy == it.id);
    Ok(all(app, caller).into_iter().filter(has).collect())
}

/// Every assignment to a group of the caller's account, with the group's id.
///
/// # Errors
/// `Forbidden` naming the action.
pub fn assignments(app: &App, caller: &Caller) -> Result<Vec<(String, Assignment)>> {
    authz::account(app, caller, Action::PolicyList)?;
    let directory = app.identity.directory();
    let domain = directory.domain_by_id(&caller.domain_id).map(|domain| domain.key);
    let groups = directory.groups().filter(|group| Some(group.domain) == domain);
    let of_group = |group: &muster_store::identity::groups::Group| {
        let id = group.id.clone();
        let held: Vec<_> = directory.assignments(Holder::Group(group.key)).cloned().collect();
        held.into_iter().map(move |it| (id.clone(), it))
    };
    Ok(groups.flat_map(of_group).collect())
}

fn check_place(app: &App, caller: &Caller, place: &Place<'_>) -> Result<()> {
    if let Some(domain) = place.domain
        && domain != caller.domain_id.as_str()
    {
        return Err(Error::new(ErrorKind::NotFound, format!("Could not find domain: {domain}")));
    }
    let Reach::Project(id) = &place.reach else { return Ok(()) };
    let directory = app.identity.directory();
    let domain = directory.project(id).and_then(|project| directory.domain(project.domain));
    if domain.is_some_and(|domain| domain.id == caller.domain_id) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::NotFound, format!("Could not find project: {id}")))
}

fn check(draft: Draft<'_>) -> Result<()> {
    let plain = |text: &str| !text.chars().any(|c| c.is_control() || "<>".contains(c));
    if draft.name.trim().is_empty() || draft.name.chars().count() > 64 || !plain(draft.name) {
        return Err(Error::invalid("display_name", "must be 1 to 64 characters without < and >"));
    }
    if draft.description.chars().count() > 256 || !plain(draft.description) {
        return Err(Error::invalid(
            "description",
            "must be at most 256 characters without < and >",
        ));
    }
    if !["AX", "XA", "AA"].contains(&draft.kind) {
        return Err(Error::invalid("type", "must be AX, XA or AA"));
    }
    Policy::parse(draft.document).map(drop)
}

async fn shown(app: &App, caller: &Caller, id: &str) -> Result<Shown> {
    app.identity.reload(&app.db, &app.vault).await?;
    all(app, caller).into_iter().find(|it| it.id == id).ok_or_else(|| absent(id))
}

fn absent(id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("Could not find role: {id}"))
}

async fn find(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<StoredPolicy> {
    let directory = app.identity.directory();
    let found = policies::by_id(tx, id).await?.filter(|it| {
        directory.domain(it.domain).is_some_and(|domain| domain.id == caller.domain_id)
    });
    found.ok_or_else(|| absent(id))
}

async fn finish(tx: &mut Tx, app: &App, caller: &Caller, id: &str) -> Result<()> {
    directory::bump(tx, app.now()).await?;
    let target = format!("policy/{id}");
    audit::append(tx, app, caller, Action::PolicyUpdate, "", &target).await
}
