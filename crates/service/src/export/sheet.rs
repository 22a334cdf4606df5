//! What the file formats have in common.

use super::cell::Cell;
use muster_model::Result;

/// A table under construction; the titles are already written.
pub(super) trait Sheet {
    /// Appends a row.
    fn row<'a>(&mut self, cells: &mut dyn Iterator<Item = Cell<'a>>) -> Result<()>;
}
