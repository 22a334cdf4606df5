//! `/v5/{project_id}/asset/...`: the twelve fingerprints.

pub(crate) mod collect;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod known_port;
pub(crate) mod lists;
pub(crate) mod overview;
pub(crate) mod statistics;

mod row;
