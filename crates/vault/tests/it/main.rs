//! The vault from outside: signatures made by the published client, and the recorded vectors.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod signatures;
mod ssh;
mod vectors;
