//! Which operating-system package a file belongs to.

mod index;

pub(crate) use index::Known;

use crate::files::Files;
use std::path::Path;

/// An index from files to the packages that own them, kept from sweep to sweep.
pub trait Owners: Send {
    /// Called before the first question of each collector: looks at the package databases through
    /// `files`, so that they become dependencies of that collector, and reads again what has changed.
    fn refresh(&mut self, files: &Files);

    /// Package URL of the package that owns `path`.
    fn owner_of(&self, path: &Path) -> Option<String>;
}

/// The index a sweep uses for one root; `known` is what it shares with the others.
pub(crate) fn index(known: &Known) -> Box<dyn Owners> {
    Box::new(index::Index::new(known.clone()))
}
