//! Lists in pages: which part of which task is asked for, and the form of the answer.

use crate::envelope::Answer;
use muster_model::Result;
use muster_service::sca::results::Page;
use serde::{Deserialize, Serialize};

/// What is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ask {
    pub(crate) task_id: String,
    component_uuid: Option<String>,
    current: i64,
    size: i64,
}

impl Ask {
    pub(crate) fn page(&self) -> Result<Page> {
        Page::new(self.current, self.size)
    }

    /// The one component it is about.
    pub(crate) fn component(&self) -> Option<&str> {
        self.component_uuid.as_deref().filter(|uuid| !uuid.is_empty())
    }
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Records<T> {
    total: i64,
    current: u32,
    size: u32,
    records: Vec<T>,
}

/// A page of this many in all, its rows as the wire has them.
pub(crate) fn answer<S, T>(
    page: Page,
    (total, rows): (i64, Vec<S>),
    row: impl FnMut(S) -> Result<T>,
) -> Result<Answer<Records<T>>> {
    let records = rows.into_iter().map(row).collect::<Result<_>>()?;
    Ok(Answer(Records { total, current: page.current, size: page.size, records }))
}
