//! What is known against the facts of the roll call: written by the matcher, read beside hosts.
//!
//! Facts never change, so each is compared once for a state of knowledge; their ids only grow, so what is new is
//! what comes after the last one. Which hosts have a vulnerability follows from the sightings of its facts.

mod affected;
pub mod changes;
mod matching;
mod places;

pub use affected::{
    Affected, Component, Filter, Unchecked, UncheckedPiece, components, hosts, list, unchecked,
    unchecked_pieces,
};
pub use matching::{Against, Judged, Pending, State, begin, pending, record, state};
pub use places::{InImages, Named, OfImages, grade, in_images};

use muster_model::Kind;

/// That the fact `x.fact` was compared with some state of knowledge: else nothing is known of it, which is not the same as nothing against
/// it.
pub(crate) const COMPARED: &str =
    "EXISTS (SELECT 1 FROM matched m WHERE x.fact <= m.up_to OR x.fact <= m.judged_to)";

/// What a vulnerability is in: the vendor's types of vulnerabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A package of the operating system.
    System = 1,
    /// A web application.
    WebCms = 2,
    /// Any other software: middleware, frameworks, databases, servers.
    Application = 3,
}

impl Class {
    /// Of the facts of a kind.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::App => Self::System,
            Kind::WebCms => Self::WebCms,
            _ => Self::Application,
        }
    }

    pub(crate) const fn code(self) -> i64 {
        self as i64
    }

    const fn from_code(code: i64) -> Self {
        match code {
            1 => Self::System,
            2 => Self::WebCms,
            _ => Self::Application,
        }
    }
}
