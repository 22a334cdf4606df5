//! Processes of a container that are in a namespace of the host.

use crate::containers::Container;
use crate::proc::Proc;
use muster_model::Micros;
use muster_model::container::SignKind;

/// A runtime's own processes pass through on the way into the container.
const ON_THE_WAY_SECS: i64 = 1;

/// The programs that run in the host's mounts or network although their container has its own: `setns` has taken them there.
/// A container that shares the namespace from the start is told as such.
pub(super) fn entered(proc: &Proc, container: &Container, now: Micros) -> Vec<(SignKind, String)> {
    let Some(first) = container.first() else { return Vec::new() };
    let own = |name: &str| {
        let link = proc.link(format!("self/ns/{name}"))?;
        let (_, number) = link.to_str()?.split_once(":[")?;
        number.strip_suffix(']')?.parse::<u64>().ok()
    };
    let (mounts, network) = (own("mnt"), own("net"));
    let settled = container.processes.iter().filter(|it| it.start.plus_secs(ON_THE_WAY_SECS) < now);
    let mut found = Vec::new();
    for process in settled {
        let exe = process.exe.display();
        let of_host = |its: u64, first: u64, host| host == Some(its) && host != Some(first);
        if of_host(process.mntns, first.mntns, mounts) {
            found.push((SignKind::EnteredHost, format!("{exe} in the host's mounts")));
        } else if of_host(process.netns, first.netns, network) {
            found.push((SignKind::EnteredHost, format!("{exe} in the host's network")));
        }
    }
    found
}
