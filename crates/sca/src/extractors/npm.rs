//! npm packages: four lock files, manifests, and what is installed.

pub(super) mod bun;
pub(super) mod lock;
pub(super) mod manifest;
pub(super) mod pnpm;
pub(super) mod yarn;

use super::{purl, split_name};
use muster_formats::npm::is_name;
use muster_model::purl::Purl;

/// The package URL of a name with its scope; none for what no registry would take.
fn package(name: &str, version: &str) -> Option<Purl> {
    if !is_name(name) {
        return None;
    }
    let (scope, bare) = split_name(name);
    purl("npm", scope, bare, version)
}

/// Whether a version is settled, and not a range, a tag or a place.
fn is_exact(version: &str) -> bool {
    version.split('.').count() >= 3
        && version.bytes().next().is_some_and(|b| b.is_ascii_digit())
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b))
        && !version.contains(".x")
}

/// `name@version`, where the name may start with an `@` of its own.
fn split_spec(spec: &str) -> Option<(&str, &str)> {
    let at = spec.get(1..)?.find('@')? + 1;
    Some((spec.get(..at)?, spec.get(at + 1..)?))
}
