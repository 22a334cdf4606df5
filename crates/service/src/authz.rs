//! Whether a caller may do what it asks for. Asked by every service function before anything else.
//!
//! Rights come from policies: the one a user's role stands for, and those of its groups where they hold.
//! They are looked up at each request, so a change is in force at once for whoever holds a token.
//!
//! [`require`] and [`account`] ask about everything of a kind: who may not do it to some of it may not do it so. What is about one thing asks with the thing
//! ([`require_on`], [`account_on`]), so that policies can speak of it, its tags and its enterprise project.
//! What lists asks whether anything at all may be seen ([`require_some`], [`account_some`]) and then
//! for each thing ([`may`]).

use crate::app::App;
use crate::audit::{self, Outcome};
use crate::identity::builtin;
use crate::identity::rights::{self, Compiled, Grant, Place};
use muster_model::action::Access;
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Result, Role, Scope};
use muster_policy::Context;
use muster_policy::condition::same_key;
use std::sync::Arc;

/// A project's key inside the store.
pub type ProjectKey = i64;

/// The thing an action is about, as policies speak of it.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The end of its resource name: `scs1554192131150` of `scm:<region>:<account>:cert:scs1554192131150`; `*` stands
    /// for everything there is, nothing for what is yet to be.
    pub path: &'a str,
    /// The id of its enterprise project; `0` is the default one, empty where it has none.
    pub enterprise_project: &'a str,
    /// Its tags.
    pub tags: &'a [(String, String)],
}

impl<'a> Item<'a> {
    /// Everything of its kind.
    pub const ALL: Item<'static> = Item { path: "*", enterprise_project: "", tags: &[] };

    /// What is yet to be, in no enterprise project.
    pub const NEW: Item<'static> = Item { path: "", enterprise_project: "", tags: &[] };

    /// A thing without tags and enterprise project.
    pub const fn named(path: &'a str) -> Self {
        Self { path, enterprise_project: "", tags: &[] }
    }

    /// What a record names: nothing where it is everything of a kind.
    fn target(&self) -> &'a str {
        if self.path == Self::ALL.path { "" } else { self.path }
    }
}

/// Lets `caller` perform `action` in a project, and answers its key. `None` stands for the project of the
/// caller's own scope.
///
/// # Errors
/// `NotFound` for a project that is not the caller's to see, `Forbidden` naming the action, `Invalid` if
/// none is named by either. Refusals are audited.
pub async fn require(
    app: &App,
    caller: &Caller,
    action: Action,
    project: Option<&ProjectId>,
) -> Result<ProjectKey> {
    require_on(app, caller, action, project, &Item::ALL).await
}

/// [`require`] where the record is to name which part of everything is looked at, such as a kind of assets.
///
/// # Errors
/// Those of [`require`].
pub async fn require_part(
    app: &App,
    caller: &Caller,
    action: Action,
    project: Option<&ProjectId>,
    part: &str,
) -> Result<ProjectKey> {
    let ask = |asked: &str| allowed(app, caller, action, Some(asked), &Item::ALL);
    enter(app, caller, action, project, part, ask)
}

/// [`require`] for one thing in a project.
///
/// # Errors
/// Those of [`require`].
pub async fn require_on(
    app: &App,
    caller: &Caller,
    action: Action,
    project: Option<&ProjectId>,
    item: &Item<'_>,
) -> Result<ProjectKey> {
    let ask = |asked: &str| allowed(app, caller, action, Some(asked), item);
    enter(app, caller, action, project, item.target(), ask)
}

/// [`require`] for a list of things in a project: passes if the caller may see any. Each is then asked for
/// with [`may`].
///
/// # Errors
/// Those of [`require`].
pub async fn require_some(
    app: &App,
    caller: &Caller,
    action: Action,
    project: Option<&ProjectId>,
) -> Result<ProjectKey> {
    enter(app, caller, action, project, "", |asked| some(app, caller, action, Some(asked)))
}

fn enter(
    app: &App,
    caller: &Caller,
    action: Action,
    project: Option<&ProjectId>,
    target: &str,
    allowed: impl Fn(&str) -> bool,
) -> Result<ProjectKey> {
    let asked = match (project, &caller.scope) {
        (Some(project), _) | (None, Scope::Project(project)) => project,
        (None, Scope::Domain) => return Err(Error::invalid("project_id", "is required")),
    };
    let within = match &caller.scope {
        Scope::Project(scope) => scope == asked,
        Scope::Domain => true,
    };
    let directory = app.identity.directory();
    let found = directory.project(asked.as_str()).filter(|found| {
        within && directory.domain(found.domain).is_some_and(|domain| domain.id == caller.domain_id)
    });
    let Some(found) = found else {
        audit::note(app, caller, action, asked.as_str(), "project", Outcome::Denied);
        return Err(Error::not_found(format_args!("project {asked}")));
    };
    if !found.enabled || !allowed(asked.as_str()) {
        audit::note(app, caller, action, asked.as_str(), target, Outcome::Denied);
        return Err(Error::forbidden(action));
    }
    // Reads are recorded here, so that none is forgotten; what changes or exports records itself.
    if matches!(action.access(), Access::Read) && action != Action::AssetExport {
        audit::note(app, caller, action, asked.as_str(), target, Outcome::Success);
    }
    Ok(found.key)
}

/// Lets `caller` perform an action that concerns the account and no one project.
///
/// # Errors
/// `Forbidden` naming the action. The refusal is audited.
pub fn account(app: &App, caller: &Caller, action: Action) -> Result<()> {
    account_on(app, caller, action, &Item::ALL)
}

/// [`account`] for one thing of the account.
///
/// # Errors
/// `Forbidden` naming the action. The refusal is audited.
pub fn account_on(app: &App, caller: &Caller, action: Action, item: &Item<'_>) -> Result<()> {
    finish(app, caller, action, item.target(), allowed(app, caller, action, None, item))
}

/// [`account`] for a list of things: passes if the caller may see any. Each is then asked for with [`may`].
///
/// # Errors
/// `Forbidden` naming the action. The refusal is audited.
pub fn account_some(app: &App, caller: &Caller, action: Action) -> Result<()> {
    finish(app, caller, action, "", some(app, caller, action, None))
}

fn finish(app: &App, caller: &Caller, action: Action, target: &str, allowed: bool) -> Result<()> {
    if allowed {
        // Looking at oneself leaves no record.
        if matches!(action.access(), Access::Read) && action != Action::IdentityShow {
            audit::note(app, caller, action, "", target, Outcome::Success);
        }
        return Ok(());
    }
    audit::note(app, caller, action, "", target, Outcome::Denied);
    Err(Error::forbidden(action))
}

/// Whether `caller` may perform `action` on one thing, for the items of a list. Leaves no record. `project`
/// is none for what belongs to the account itself.
pub fn may(
    app: &App,
    caller: &Caller,
    action: Action,
    project: Option<&ProjectId>,
    item: &Item<'_>,
) -> bool {
    allowed(app, caller, action, project.map(ProjectId::as_str), item)
}

fn allowed(
    app: &App,
    caller: &Caller,
    action: Action,
    project: Option<&str>,
    item: &Item<'_>,
) -> bool {
    // Everybody may look at who it is itself.
    if action == Action::IdentityShow {
        return true;
    }
    let directory = app.identity.directory();
    let grants = directory.grants(caller.user_id.as_str());
    let place = Place { project, enterprise_project: item.enterprise_project };
    let request = Request { app, caller, project, item };
    let resource = || resource(app, caller, action, item.path);
    let whole = item.path == Item::ALL.path;
    if whole && rights::some_denied(grants, action) {
        return false;
    }
    rights::ask(held(caller.role, grants, place), action, whole, &resource, &request)
}

/// Whether there may be anything the caller may see.
pub(crate) fn some(app: &App, caller: &Caller, action: Action, project: Option<&str>) -> bool {
    let directory = app.identity.directory();
    let grants = directory.grants(caller.user_id.as_str());
    rights::any(builtin::of_role(caller.role), grants, project, action)
}

/// Policies of the role and of the groups.
pub(crate) fn held<'a>(
    role: Role,
    grants: &'a [Grant],
    place: Place<'a>,
) -> impl Iterator<Item = &'a Arc<Compiled>> {
    builtin::of_role(role).into_iter().chain(rights::holding(grants, place))
}

/// The resource name: `service:region:account:type:path`.
pub(crate) fn resource(app: &App, caller: &Caller, action: Action, path: &str) -> String {
    let mut parts = action.name().split(':');
    let (service, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let path = if path.is_empty() { Item::ALL.path } else { path };
    format!("{service}:{}:{}:{kind}:{path}", app.settings.region, caller.domain_id)
}

/// What a request tells conditions.
pub(crate) struct Request<'a> {
    pub(crate) app: &'a App,
    pub(crate) caller: &'a Caller,
    pub(crate) project: Option<&'a str>,
    pub(crate) item: &'a Item<'a>,
}

impl Context for Request<'_> {
    fn values(&self, key: &str) -> Vec<String> {
        let caller = self.caller;
        let value = |name: &str, value: &dyn Fn() -> Option<String>| {
            same_key(name, key).then(value).flatten()
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let found = value("g:SourceIp", &|| caller.address.map(|it| it.to_string()))
            .or_else(|| value("g:CurrentTime", &|| Some(self.app.now().iso())))
            .or_else(|| value("g:EnterpriseProjectId", &|| some(self.item.enterprise_project)))
            .or_else(|| value("g:ProjectId", &|| self.project.and_then(some)))
            .or_else(|| value("g:UserName", &|| some(&caller.user_name)))
            .or_else(|| value("g:UserId", &|| some(caller.user_id.as_str())))
            .or_else(|| value("g:DomainName", &|| some(&caller.domain_name)))
            .or_else(|| value("g:DomainId", &|| some(caller.domain_id.as_str())));
        let tags = self.item.tags.iter();
        let tags = tags.filter(|(name, _)| same_key(&format!("g:ResourceTag/{name}"), key));
        found.into_iter().chain(tags.map(|(_, value)| value.clone())).collect()
    }
}

/// What the built-in roles may do.
pub fn allows(role: Role, action: Action) -> bool {
    rights::ask(builtin::of_role(role).into_iter(), action, true, &String::new, &())
}
