//! The audit trail: append-only files on this node, the guarantee behind the audit log.
//!
//! What hands out a secret waits until its record is on the disk ([`Trail::durable`]); one flush serves all
//! that wait at that moment. What only should be known soon does not wait ([`Trail::soon`]). Every line is
//! one JSON object that ends in the hash of itself and of the line before, so nobody changes, drops, adds
//! or reorders a line without the chain telling where ([`read`]).
//!
//! A cut-off end shows by the check points that lie beside the segments and elsewhere ([`points`]); [`verify`]
//! compares all of it.
//!
//! A node has one chain over all its segments, `<node>-000001.jsonl` and so on. Segments are never deleted
//! here; a full one may be moved elsewhere.

mod disk;
mod folder;
mod line;
pub mod points;
pub mod read;
mod segment;
pub mod verify;
mod writer;

pub use disk::{Disk, FileSystem};
pub use line::{Hash, Line};
pub use writer::{Failure, Opened, Trail};
