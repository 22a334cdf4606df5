//! What is on a host: the twelve fingerprints of a Linux system.
//!
//! [`Inventory`] sweeps a live machine, a mounted image, a container's root or a fixture: the root and
//! the proc directory are parameters. Nothing found is ever run, no daemon is asked, nothing is
//! written. A broken, hostile or vanished thing costs a [`muster_model::Diagnostic`] and some rows,
//! never the sweep. See [`collector::Collector`] for how to add a kind.
#![forbid(unsafe_code)]

mod blocking;
mod bolt;
pub mod collector;
mod collectors;
mod components;
mod containers;
pub mod files;
pub mod hashing;
pub mod host;
mod images;
pub mod live;
mod marker;
mod memo;
pub mod names;
mod networks;
pub mod owners;
mod packages;
pub mod proc;
pub mod processes;
mod profile;
mod services;
mod stores;
pub mod sweep;
mod web_roots;

pub use collectors::recognised;
pub use sweep::{Inventory, Limits, Options, Standing, Swept};
