//! Everything that is kept: the only crate with SQL in it.
//!
//! One file an aggregate; functions take the caller's [`Tx`] first, so that the caller decides what happens
//! together. Keys inside are integers and never leave the product; what leaves it is text.
#![forbid(unsafe_code)]

pub mod agents;
pub mod assets;
pub mod audit;
pub mod blobs;
pub mod certificates;
pub mod collect;
pub mod containers;
pub mod db;
pub mod events;
pub mod exports;
pub mod hold;
pub mod hosts;
pub mod identity;
pub mod images;
pub mod jobs;
pub mod keypairs;
pub mod meta;
pub mod owner_keys;
pub mod sca;
pub mod sealed;
pub mod trail;
pub mod vulnerabilities;

pub use blobs::Blobs;
pub use db::{Config, Db, Tx};
pub use hold::Hold;
pub use trail::Trail;
