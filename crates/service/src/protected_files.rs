//! Paths that the containers of a project are not to change: what is changed all the same is a security event.

use crate::{App, audit, authz};
use muster_model::container::{MAX_DETAIL, MAX_PROTECTED};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Result};
use muster_store::{events as store, transact};

/// Longest path, bytes: an event's evidence has to hold it.
const MAX_PATH: usize = MAX_DETAIL / 5;

/// All of a project, in their order.
///
/// # Errors
/// Those of [`authz::require`] and of the database.
pub async fn list(app: &App, caller: &Caller, project: &ProjectId) -> Result<Vec<String>> {
    let project = authz::require(app, caller, Action::EventList, Some(project)).await?;
    store::protected_files(&mut app.db.read().await?, project).await
}

/// Adds paths of files and folders; all of them, or none. Those that are there already stay.
///
/// # Errors
/// `Invalid` naming `paths` for one that is no plain absolute path, or for more than 256 in all; those of
/// [`authz::require`] and of the database.
pub async fn add(app: &App, caller: &Caller, project: &ProjectId, paths: &[String]) -> Result<()> {
    let key = authz::require(app, caller, Action::HostProtect, Some(project)).await?;
    if paths.is_empty() {
        return Err(Error::invalid("paths", "at least one is wanted"));
    }
    let paths = paths.iter().map(|path| checked(path)).collect::<Result<Vec<_>>>()?;
    let now = app.now();
    transact!(app.db, |tx| {
        store::protect_files(tx, key, &paths, now).await?;
        if store::protected_files(tx, key).await?.len() > MAX_PROTECTED {
            return Err(Error::invalid("paths", format!("more than {MAX_PROTECTED} in all")));
        }
        for path in &paths {
            let target = format!("protected-file{path}");
            audit::append(tx, app, caller, Action::HostProtect, project.as_str(), &target).await?;
        }
        Ok(())
    })
}

/// Takes one away. Its events stay.
///
/// # Errors
/// `NotFound` if it is not among them; those of [`authz::require`] and of the database.
pub async fn remove(app: &App, caller: &Caller, project: &ProjectId, path: &str) -> Result<()> {
    let key = authz::require(app, caller, Action::HostProtect, Some(project)).await?;
    transact!(app.db, |tx| {
        if !store::unprotect_file(tx, key, path).await? {
            return Err(Error::not_found("path"));
        }
        let target = format!("protected-file{path}");
        audit::append(tx, app, caller, Action::HostProtect, project.as_str(), &target).await
    })
}

/// The path as it is kept: without a slash at its end.
fn checked(path: &str) -> Result<String> {
    let plain = path.trim_end_matches('/');
    let parts = plain.strip_prefix('/').into_iter().flat_map(|path| path.split('/'));
    let is_plain = !plain.is_empty() && plain.starts_with('/');
    let is_plain = is_plain && parts.into_iter().all(|part| !matches!(part, "" | "." | ".."));
    if !is_plain || plain.len() > MAX_PATH || plain.contains(char::is_control) {
        let why = format!("an absolute path of at most {MAX_PATH} bytes, without . and ..");
        return Err(Error::invalid("paths", why));
    }
    Ok(plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_paths_are_taken() {
        assert_eq!(checked("/etc/ssl/").unwrap(), "/etc/ssl");
        let long = format!("/{}", "x".repeat(MAX_PATH));
        for path in ["", "/", "etc", "/etc/../x", "/a//b", "/a/./b", "/a\nb", long.as_str()] {
            assert!(checked(path).is_err(), "{path}");
        }
    }
}
