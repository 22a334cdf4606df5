//! `/v3/scm/certificates`

pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod show;
