//! Folders whose programs run when something happens to the system: a network comes up, a lease is taken, it
//! goes to sleep, the init system is about to read its units.

use super::{Sink, code, item};
use crate::files::is_leftover;

/// The folders, with the event. Programs in them run as root.
const FOLDERS: &[(&str, &str)] = &[
    ("/etc/network/if-pre-up.d", "network"),
    ("/etc/network/if-up.d", "network"),
    ("/etc/network/if-down.d", "network"),
    ("/etc/network/if-post-down.d", "network"),
    ("/etc/NetworkManager/dispatcher.d", "network"),
    ("/etc/networkd-dispatcher/routable.d", "network"),
    ("/etc/networkd-dispatcher/off.d", "network"),
    ("/etc/ppp/ip-up.d", "network"),
    ("/etc/dhcp/dhclient-enter-hooks.d", "lease"),
    ("/etc/dhcp/dhclient-exit-hooks.d", "lease"),
    ("/etc/systemd/system-generators", "boot"),
    ("/usr/local/lib/systemd/system-generators", "boot"),
    ("/etc/systemd/system-sleep", "sleep"),
    ("/usr/lib/systemd/system-sleep", "sleep"),
    ("/usr/lib/systemd/system-shutdown", "shutdown"),
];

pub(super) fn collect(sink: &mut Sink<'_, '_>) {
    for (folder, event) in FOLDERS {
        for entry in sink.files().list(folder) {
            // The hooks of leases are read by the shell, which asks for no permission to execute.
            let runs = |stat: crate::files::Stat| {
                stat.is_file() && (stat.is_executable() || *event == "lease")
            };
            if is_leftover(&entry.name) || !sink.files().stat(&entry.path).is_some_and(runs) {
                continue;
            }
            let mut item = item(event, code::STARTUP_FOLDER, &entry.text(), &entry.path);
            item.run_user = "root".to_owned();
            item.args = entry.path.to_string_lossy().into_owned();
            sink.push(item);
        }
    }
}
