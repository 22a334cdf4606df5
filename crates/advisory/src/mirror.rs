//! Fetching what publishers offer into a folder that [`crate::source`] reads.
//!
//! No network here: [`Fetch`] is what the caller gives, so that its rules for outgoing connections hold. What is there
//! already is asked for conditionally, what broke off goes on where it broke off, and a changed OSV dump of which only a
//! little changed is brought up to date document by document. An update that is cut short leaves a folder from which the
//! next one goes on; the compiled file in use is not touched by any of it.

mod base;
mod dump;
mod file;
mod publishers;
mod state;

use muster_model::Result;
use state::State;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use publishers::Publishers;

/// Largest file that is fetched, bytes.
pub const MAX_FILE: u64 = 16 << 30;

/// One thing to be fetched.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Its address.
    pub url: &'a str,
    /// The first byte wanted; the bytes before it are there, of the state that `validator` names.
    pub from: u64,
    /// What names the state that is known: an entity tag or a date of change. With `from` 0 the content is wanted only
    /// if it differs.
    pub validator: Option<&'a str>,
}

/// What came of it.
pub enum Answer {
    /// It is as it was.
    Unchanged,
    /// There is no such thing.
    Missing,
    /// The content.
    Content {
        /// The first byte of `body`: what was asked for, or 0 where all of it comes.
        from: u64,
        /// Bytes of the whole, if known.
        total: Option<u64>,
        /// What names this state.
        validator: Option<String>,
        /// The bytes.
        body: Box<dyn Read>,
    },
}

/// Who fetches.
pub trait Fetch {
    /// Fetches one thing.
    ///
    /// # Errors
    /// Where it cannot be had; the message names the address.
    fn fetch(&mut self, request: &Request<'_>) -> Result<Answer>;
}

/// How far the fetching is.
#[derive(Clone, Copy, Debug)]
pub struct Fetched<'a> {
    /// The file in hand, by its path in the folder.
    pub name: &'a str,
    /// Bytes of it that are there.
    pub bytes: u64,
    /// Bytes of the whole, if known.
    pub total: Option<u64>,
}

/// What an update did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files that were as they were.
    pub unchanged: usize,
    /// Files fetched whole.
    pub fetched: usize,
    /// OSV documents fetched one by one.
    pub documents: usize,
}

/// A folder that follows one origin.
pub struct Mirror<'a> {
    folder: PathBuf,
    state: State,
    fetch: &'a mut dyn Fetch,
    progress: &'a mut dyn FnMut(&Fetched<'_>),
    summary: Summary,
}

impl<'a> Mirror<'a> {
    /// The mirror of `origin` in `folder`. What another origin left there is removed first.
    ///
    /// # Errors
    /// `Unavailable` where the folder cannot be read or written; so for all functions here.
    pub fn open(
        folder: &Path,
        origin: &str,
        fetch: &'a mut dyn Fetch,
        progress: &'a mut dyn FnMut(&Fetched<'_>),
    ) -> Result<Self> {
        let state = State::open(folder, origin)?;
        Ok(Self { folder: folder.to_owned(), state, fetch, progress, summary: Summary::default() })
    }

    /// Follows a mirror laid out as the public OSV dump with other feeds beside it.
    ///
    /// # Errors
    /// Where a file that must be there cannot be had, or is not what the mirror's own list of digests says.
    pub fn follow_base(mut self, url: &str) -> Result<Summary> {
        base::follow(&mut self, url.trim_end_matches('/'))?;
        Ok(self.summary)
    }

    /// Follows the publishers, each at its own address. `year` is the present one.
    ///
    /// # Errors
    /// Where one of them cannot be had.
    pub fn follow_publishers(mut self, publishers: &Publishers, year: i64) -> Result<Summary> {
        publishers::follow(&mut self, publishers, year)?;
        Ok(self.summary)
    }
}
