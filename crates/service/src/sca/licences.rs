//! Licences: those a task found, and what is known of one.

mod index;

use super::results::{self, Page};
use crate::app::App;
use crate::authz;
use muster_model::{Action, Caller, Error, Result};
use serde::Serialize;

pub(super) use index::Index;

/// Grade of a licence nobody has judged.
pub const UNKNOWN: u8 = 4;

/// What is known of a licence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Licence {
    /// SPDX id, or the text a component states.
    pub id: String,
    /// Its full name.
    pub name: String,
    /// 1 high to 3 low risk, [`UNKNOWN`].
    pub grade: u8,
    /// Where its text is.
    pub url: String,
    /// Where it is described for programs.
    pub details: String,
    /// In a few words.
    pub description: String,
    /// Approved by the Open Source Initiative, where a source says.
    pub osi: Option<bool>,
    /// Free by the Free Software Foundation's list, where a source says.
    pub fsf: Option<bool>,
    /// What it permits.
    pub allow: Vec<Rule>,
    /// What it limits.
    pub attention: Vec<Rule>,
    /// What it asks for.
    pub must: Vec<Rule>,
    /// The SPDX list marks the id as deprecated.
    pub deprecated: bool,
}

/// A permission, limitation or condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name.
    pub permissions: String,
    /// What it means.
    pub description: String,
}

/// A page of a task's licences, the riskiest first, and how many there are.
///
/// # Errors
/// As [`results::licences`].
pub async fn page(
    app: &App,
    caller: &Caller,
    task: &str,
    component: Option<&str>,
    page: Page,
) -> Result<(i64, Vec<Licence>)> {
    let found = results::licences(app, caller, task, component).await?;
    let index = app.sca.licences();
    let mut all: Vec<_> = found.into_iter().map(|(id, _)| known(index.as_deref(), id)).collect();
    all.sort_by(|one, other| (one.grade, &one.id).cmp(&(other.grade, &other.id)));
    let total = i64::try_from(all.len()).map_err(Error::internal)?;
    let skipped = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    Ok((total, all.into_iter().skip(skipped).take(page.size as usize).collect()))
}

/// A licence by its SPDX id.
///
/// # Errors
/// `NotFound` for an id no loaded source lists; `Invalid`; those of [`authz::require`].
pub async fn get(app: &App, caller: &Caller, id: &str) -> Result<Licence> {
    authz::require(app, caller, Action::ScaTaskGet, None).await?;
    if id.is_empty() || id.len() > 256 {
        return Err(Error::invalid("licenseId", "must be 1 to 256 bytes"));
    }
    let known = app.sca.licences().and_then(|index| index.get(id).cloned());
    known.ok_or_else(|| Error::not_found(format_args!("licence {id}")))
}

/// What is known of a licence that a component states; of one that no source lists, its name.
fn known(index: Option<&Index>, id: String) -> Licence {
    index.and_then(|index| index.get(&id).cloned()).unwrap_or_else(|| Licence {
        name: id.clone(),
        grade: UNKNOWN,
        id,
        ..Licence::default()
    })
}
