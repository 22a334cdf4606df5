//! Whose a sealed record is.

use crate::id::{DomainId, ProjectId};
use std::fmt;

/// The space a secret lives in. Each has keys of its own, so that nothing sealed for one opens for another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Owner {
    /// A whole account: certificates.
    Domain(DomainId),
    /// One project of an account: key pairs.
    Project(ProjectId),
}

impl Owner {
    /// Back from the text of [`Owner`]'s `Display`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('/')? {
            ("domain", id) => DomainId::parse(id).ok().map(Self::Domain),
            ("project", id) => ProjectId::parse(id).ok().map(Self::Project),
            _ => None,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(id) => write!(f, "domain/{id}"),
            Self::Project(id) => write!(f, "project/{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_comes_back() {
        for text in ["domain/a1", "project/a1"] {
            assert_eq!(Owner::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "domain", "domain/", "user/a1", "project/a/b"] {
            assert_eq!(Owner::parse(text), None);
        }
    }
}
