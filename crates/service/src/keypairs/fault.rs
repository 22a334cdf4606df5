//! What the vendor's table of errors tells apart beyond the kind of an error.

use muster_model::Error;
use std::fmt;

/// Rides inside an [`Error`] as its source, for the API that has a code for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such key pair.
    NoKeypair,
    /// Its private half is not kept.
    NoPrivateKey,
    /// The private half is not that of the public one.
    Mismatch,
    /// There is no such task.
    NoTask,
    /// The user named is not the caller.
    NoUser,
}

impl Fault {
    /// The fault inside an error.
    pub fn of(error: &Error) -> Option<Self> {
        std::error::Error::source(error)?.downcast_ref().copied()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Fault {}
