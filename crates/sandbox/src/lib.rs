//! Locks the calling process in, before it takes hostile bytes apart: it can open no file, reach no network, start
//! no program and take no more than its share. What it was handed open stays open.
//!
//! Four walls, each of which holds alone where another is missing: resource limits, an empty network namespace,
//! Landlock without a single rule, and a list of system calls beside which nothing is let through.
#![deny(unsafe_code)]

mod calls;
mod files;
mod network;
mod share;

pub use share::Share;

use std::fmt;

/// A wall that cannot be had on this system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Which.
    pub wall: &'static str,
    /// What the kernel said.
    pub why: String,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.wall, self.why)
    }
}

/// Locks the process in as far as this system can and answers what is missing. There is no way back.
///
/// Call it on the only thread: threads that are there already would stay outside.
pub fn enter(share: Share) -> Vec<Missing> {
    // System calls last: the others need some that are closed then.
    let walls: [(&str, Result<(), String>); 4] = [
        ("resource limits", share.take()),
        ("network namespace", network::leave()),
        ("landlock", files::close()),
        ("seccomp", calls::close()),
    ];
    walls
        .into_iter()
        .filter_map(|(wall, done)| done.err().map(|why| Missing { wall, why }))
        .collect()
}
