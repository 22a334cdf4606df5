//! Java and what else lives in Maven repositories.

pub(super) mod archive;
mod bundles;
pub(super) mod gradle;
mod groups;
mod moved;
pub(super) mod project;
pub(super) mod repository;
