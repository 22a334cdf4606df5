//! The host agent: sweeps, says what differs, and never hurts the host it lives on.
//!
//! [`sync`] decides what to say (pure), [`spool`] keeps what must survive a restart, [`transport`] carries
//! it, [`throttle`] and [`schedule`] say when there is time for a sweep, [`run`] puts them together. The
//! server in one process with its own agent (`muster up`) uses the same parts over an in-process transport.
#![forbid(unsafe_code)]

pub mod backoff;
mod bind;
pub mod config;
pub mod cost;
pub mod enrol;
pub mod key;
pub mod run;
pub mod schedule;
pub mod spool;
pub mod state;
pub mod sweep;
pub mod sync;
pub mod throttle;
pub mod transport;
