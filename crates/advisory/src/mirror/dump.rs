//! The OSV dump of one ecosystem: `all.zip`, or the few documents that changed since.
//!
//! `modified_id.csv` names every advisory with its time of change. It is compared as a whole with the one of the last
//! update: times of change are not in order of publication and may lie in the future, so none of them is a cursor.

use super::Mirror;
use super::file::Outcome;
use crate::file::trouble;
use muster_model::Result;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Beyond so many changed documents the whole dump is fetched.
const MOST_DOCUMENTS: usize = 500;
/// Of the list, and of one that is not fetched yet.
const LIST: &str = "modified_id.csv";
const NEW_LIST: &str = "modified_id.csv.new";

/// Brings one ecosystem up to date.
pub(super) fn follow(mirror: &mut Mirror<'_>, base: &str, ecosystem: &str) -> Result<()> {
    let url = format!("{base}/{}", encoded(ecosystem));
    let name = |file: &str| format!("{ecosystem}/{file}");
    let listed = mirror.file_as(&format!("{url}/{LIST}"), &name(LIST), &name(NEW_LIST))?;
    let whole = mirror.path(&name("all.zip")).exists();
    if listed == Outcome::Missing {
        // No list: the dump itself says whether it changed.
        return mirror.needed(&format!("{url}/all.zip"), &name("all.zip")).map(drop);
    }
    let (old, new) = (mirror.path(&name(LIST)), mirror.path(&name(NEW_LIST)));
    if whole && old.exists() {
        // Unchanged since the last update was done; one that was cut short left its list behind.
        if listed == Outcome::Unchanged && !new.exists() {
            return Ok(());
        }
        match changed(&old, &new)? {
            Some(ids) if documents(mirror, &url, ecosystem, &ids)? => {
                return std::fs::rename(&new, &old).map_err(|error| trouble(&old, error));
            }
            // What the dump no longer has must go, and much is cheaper as a whole.
            _ => mirror.state.set(&name("all.zip"), None)?,
        }
    }
    mirror.needed(&format!("{url}/all.zip"), &name("all.zip"))?;
    let updates = mirror.path(&name("updates"));
    if updates.exists() {
        std::fs::remove_dir_all(&updates).map_err(|error| trouble(&updates, error))?;
    }
    if new.exists() {
        std::fs::rename(&new, &old).map_err(|error| trouble(&old, error))?;
    }
    Ok(())
}

/// Fetches documents one by one; false where one of them is not there, although the list names it.
fn documents(mirror: &mut Mirror<'_>, url: &str, ecosystem: &str, ids: &[String]) -> Result<bool> {
    for id in ids {
        let name = format!("{ecosystem}/updates/{id}.json");
        match mirror.file(&format!("{url}/{id}.json"), &name)? {
            Outcome::Missing => return Ok(false),
            Outcome::Unchanged => mirror.summary.unchanged -= 1,
            Outcome::Fetched => mirror.summary.fetched -= 1,
        }
        mirror.summary.documents += 1;
    }
    Ok(true)
}

/// The numbers that are new or changed; None where some are gone or there are too many.
fn changed(old: &Path, new: &Path) -> Result<Option<Vec<String>>> {
    let read = |path: &Path| std::fs::read_to_string(path).map_err(|error| trouble(path, error));
    let (old, new) = (read(old)?, read(new)?);
    let rows = |text: &str| -> Vec<(String, String)> {
        text.lines()
            .filter_map(|line| line.split_once(','))
            .map(|(time, id)| (id.trim().to_owned(), time.to_owned()))
            .filter(|(id, _)| is_number(id))
            .collect()
    };
    let known: HashMap<String, String> = rows(&old).into_iter().collect();
    let rows = rows(&new);
    let present: HashSet<&str> = rows.iter().map(|(id, _)| id.as_str()).collect();
    if known.keys().any(|id| !present.contains(id.as_str())) {
        return Ok(None);
    }
    let changed: Vec<String> = rows
        .iter()
        .filter(|(id, time)| known.get(id) != Some(time))
        .map(|(id, _)| id.clone())
        .collect();
    Ok((changed.len() <= MOST_DOCUMENTS).then_some(changed))
}

/// Whether it can be a part of a path: a list from elsewhere must not lead out of the folder.
fn is_number(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && !id.starts_with('.')
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

/// An ecosystem's name in an address.
pub(super) fn encoded(name: &str) -> String {
    name.replace('%', "%25").replace(' ', "%20")
}
