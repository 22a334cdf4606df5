//! Python distributions: installed, packed, locked, asked for.

pub(super) mod dist;
pub(super) mod locks;
pub(super) mod requirements;
