//! The change of an account's `authorized_keys`.

use muster_formats::authorized_keys::change::Change;
use muster_vault::ssh::PublicKey;

/// What is to change. Keys are recognised by themselves, whatever options and comments stand beside them.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// This key is to let in. A line that has it already stays as it is.
    pub add: Option<PublicKey>,
    /// These keys are not to let in.
    pub remove: Vec<PublicKey>,
    /// With a word here, only lines that have it, too, are taken away: a change that is taken back leaves alone what
    /// stood there before it.
    pub marked: String,
}

impl Edit {
    /// The program for a POSIX shell; none for more keys than [`Change::new`] takes.
    pub fn program(&self) -> Option<String> {
        let add = self.add.as_ref().map(PublicKey::line).unwrap_or_default();
        let remove: Vec<_> = self.remove.iter().map(PublicKey::line).collect();
        let change = Change::new(&add, remove.iter().map(String::as_str), &self.marked);
        change.map(|change| change.program())
    }
}
