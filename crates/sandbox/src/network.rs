//! No network: a namespace of its own, with nothing in it.

use rustix::thread::{UnshareFlags, unshare_unsafe};

/// Leaves the machine's network. A user namespace lets also those do it who are not root.
#[expect(unsafe_code, reason = "leaving a namespace can only be called so; see below")]
pub(crate) fn leave() -> Result<(), String> {
    let leave = |flags| {
        // SAFETY: the table of open files, which is what threads could miss, stays shared.
        unsafe { unshare_unsafe(flags) }
    };
    leave(UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWIPC)
        .or_else(|_| leave(UnshareFlags::NEWNET | UnshareFlags::NEWIPC))
        .map_err(|error| format!("{error} (are user namespaces closed on this system?)"))
}
