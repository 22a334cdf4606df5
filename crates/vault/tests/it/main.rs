//! The vault from outside: signatures made by the published client, and the recorded vectors.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test that panics has failed"
)]

mod age;
mod certificates;
mod envelopes;
mod keys;
mod keystores;
mod openssl;
mod signatures;
mod ssh;
mod vectors;
