//! What the containers of an image may run: learned while the image was new, and corrected by people.

use crate::{App, audit, authz};
use muster_model::container::MAX_ALLOWED;
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Page, Paging, Result};
use muster_store::{Tx, events as store, transact};
use serde::{Deserialize, Serialize};
pub use store::{Learned, Program, Reach};

/// Longest path of a program, bytes: the kernel's own limit.
const MAX_PATH: usize = 4_096;

/// When programs are learned: `[guard]` of the configuration.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardSettings {
    /// How long an image is learned from when it is first seen on a protected host, hours, 1 to 720.
    pub learn_hours: i64,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self { learn_hours: 24 }
    }
}

impl GuardSettings {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// `Invalid` naming the key.
    pub fn check(&self) -> Result<()> {
        if !(1..=720).contains(&self.learn_hours) {
            return Err(Error::invalid("guard.learn_hours", "must be 1 to 720"));
        }
        Ok(())
    }
}

/// Whether the containers of an image are held to its programs.
#[derive(Clone, Copy, Debug)]
pub struct Blocking {
    /// Are they?
    pub on: bool,
    /// Does the image's learning end with it? Else it begins when that ends by itself.
    pub now: bool,
}

/// The images of a project whose programs are learned or known, by id.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn images(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    paging: Paging,
) -> Result<Page<Learned>> {
    let project = authz::require(app, caller, Action::EventList, Some(project)).await?;
    store::learned_images(&mut app.db.read().await?, project, paging).await
}

/// The programs of an image, by path.
///
/// # Errors
/// `NotFound` for an image of which none was learned; those of [`authz::require`] and of the database.
pub async fn list(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    image: &str,
    paging: Paging,
) -> Result<Page<Program>> {
    let project = authz::require(app, caller, Action::EventList, Some(project)).await?;
    let programs = store::programs(&mut app.db.read().await?, project, image, paging).await?;
    programs.ok_or_else(|| Error::not_found("image"))
}

/// Lets the containers of an image run a program from now on. Events that it has made stay.
///
/// # Errors
/// `Invalid` naming `path`, `NotFound` for an image of which none was learned; those of [`authz::require`] and of the
/// database.
pub async fn allow(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    image: &str,
    path: &str,
) -> Result<()> {
    let key = authz::require(app, caller, Action::EventHandle, Some(project)).await?;
    if !path.starts_with('/') || path.len() > MAX_PATH || path.contains('\0') {
        return Err(Error::invalid("path", "an absolute path of at most 4096 bytes"));
    }
    let now = app.now();
    transact!(app.db, |tx| {
        if !store::allow_program(tx, key, image, path, now).await? {
            return Err(Error::not_found("image"));
        }
        let target = format!("image/{image}/program{path}");
        audit::append(tx, app, caller, Action::EventHandle, project.as_str(), &target).await
    })
}

/// Holds the containers of an image to the programs it is known for, once it is no longer learned: on protected hosts whose own
/// configuration allows that, they are kept from running any other. Or does so no more. Answers on how many hosts that is.
///
/// # Errors
/// `NotFound` for an image of which none was learned, `Invalid` naming `image` for one with more than 1024 programs; those of
/// [`authz::require`] and of the database.
pub async fn block(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    image: &str,
    Blocking { on, now }: Blocking,
) -> Result<Reach> {
    let key = authz::require(app, caller, Action::HostProtect, Some(project)).await?;
    transact!(app.db, |tx| {
        let known = known(tx, key, image).await?;
        if on && usize::try_from(known).is_ok_and(|known| known > MAX_ALLOWED) {
            let why =
                format!("has {known} programs: of at most {MAX_ALLOWED} others can be blocked");
            return Err(Error::invalid("image", why));
        }
        if on && now {
            store::end_learning(tx, key, image, app.now()).await?;
        }
        let reach = store::block(tx, key, image, on).await?;
        let target = format!("image/{image}/blocking/{}", if on { "on" } else { "off" });
        audit::append(tx, app, caller, Action::HostProtect, project.as_str(), &target).await?;
        Ok(reach)
    })
}

/// How many programs of an image are known. Agents are told all of them at once.
async fn known(tx: &mut Tx, project: i64, image: &str) -> Result<i64> {
    let first = Paging { limit: 1, offset: 0 };
    let known = store::programs(tx, project, image, first).await?;
    known.map(|known| known.total).ok_or_else(|| Error::not_found("image"))
}

/// Forgets what was learned of an image: it is learned anew, from the next report of a protected host that runs it.
///
/// # Errors
/// `NotFound` for an image of which nothing was learned; those of [`authz::require`] and of the database.
pub async fn relearn(app: &App, caller: &Caller, project: &ProjectId, image: &str) -> Result<()> {
    let key = authz::require(app, caller, Action::EventHandle, Some(project)).await?;
    transact!(app.db, |tx| {
        if !store::relearn(tx, key, image).await? {
            return Err(Error::not_found("image"));
        }
        let target = format!("image/{image}/programs");
        audit::append(tx, app, caller, Action::EventHandle, project.as_str(), &target).await
    })
}
