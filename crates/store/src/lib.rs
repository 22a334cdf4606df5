//! Everything that is kept: the only crate with SQL in it.
//!
//! One file an aggregate; functions take the caller's [`Tx`] first, so that the caller decides what happens
//! together. Keys inside are integers and never leave the product; what leaves it is text.
#![forbid(unsafe_code)]

pub mod agents;
pub mod assets;
pub mod audit;
pub mod db;
pub mod hosts;
pub mod identity;
pub mod meta;

pub use db::{Config, Db, Tx};
