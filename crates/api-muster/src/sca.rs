//! `/muster/v1/{project_id}/sca`: what the SCA open API has no call for.

pub(crate) mod documents;
pub(crate) mod keys;
pub(crate) mod policies;
pub(crate) mod tasks;
pub(crate) mod uploads;
pub(crate) mod whereabouts;
