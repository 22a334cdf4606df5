//! Which folder makes which kind dirty. What collectors read elsewhere is found by the next sweep.

use muster_model::Kind;

/// One folder.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: &'static str,
    /// The entries that count; none: all of them.
    pub(super) names: &'static [&'static str],
    pub(super) kind: Kind,
}

impl Folder {
    pub(super) fn counts(&self, name: &[u8]) -> bool {
        self.names.is_empty() || self.names.iter().any(|it| it.as_bytes() == name)
    }
}

const fn whole(path: &'static str, kind: Kind) -> Folder {
    Folder { path, names: &[], kind }
}

/// All of them; one that occurs twice is watched once.
pub(super) const FOLDERS: &[Folder] = &[
    Folder {
        path: "/etc",
        names: &["passwd", "shadow", "group", "sudoers", "sudoers.d", "ssh"],
        kind: Kind::Users,
    },
    whole("/etc/sudoers.d", Kind::Users),
    Folder { path: "/etc/ssh", names: &["sshd_config", "sshd_config.d"], kind: Kind::Users },
    whole("/etc/ssh/sshd_config.d", Kind::Users),
    Folder {
        path: "/root/.ssh",
        names: &["authorized_keys", "authorized_keys2"],
        kind: Kind::Users,
    },
    Folder { path: "/var/lib/dpkg", names: &["status"], kind: Kind::App },
    whole("/var/lib/dpkg/status.d", Kind::App),
    whole("/var/lib/rpm", Kind::App),
    whole("/usr/lib/sysimage/rpm", Kind::App),
    Folder { path: "/lib/apk/db", names: &["installed"], kind: Kind::App },
    Folder { path: "/usr/lib/apk/db", names: &["installed"], kind: Kind::App },
    whole("/var/lib/pacman/local", Kind::App),
    whole("/var/lib/snapd/snaps", Kind::App),
    whole("/var/lib/flatpak/app", Kind::App),
    Folder {
        path: "/etc",
        names: &[
            "anacrontab",
            "bash.bashrc",
            "bashrc",
            "cron.d",
            "crontab",
            "environment",
            "init.d",
            "inittab",
            "ld.so.preload",
            "profile",
            "profile.d",
            "rc.local",
            "systemd",
        ],
        kind: Kind::AutoLaunch,
    },
    whole("/etc/cron.d", Kind::AutoLaunch),
    whole("/etc/cron.hourly", Kind::AutoLaunch),
    whole("/etc/cron.daily", Kind::AutoLaunch),
    whole("/etc/cron.weekly", Kind::AutoLaunch),
    whole("/etc/cron.monthly", Kind::AutoLaunch),
    whole("/etc/crontabs", Kind::AutoLaunch),
    whole("/var/spool/cron", Kind::AutoLaunch),
    whole("/var/spool/cron/crontabs", Kind::AutoLaunch),
    whole("/var/spool/cron/atjobs", Kind::AutoLaunch),
    whole("/etc/init.d", Kind::AutoLaunch),
    whole("/etc/rc2.d", Kind::AutoLaunch),
    whole("/etc/rc3.d", Kind::AutoLaunch),
    whole("/etc/rc5.d", Kind::AutoLaunch),
    whole("/etc/rcS.d", Kind::AutoLaunch),
    whole("/etc/runlevels/default", Kind::AutoLaunch),
    whole("/etc/profile.d", Kind::AutoLaunch),
    whole("/etc/update-motd.d", Kind::AutoLaunch),
    whole("/etc/udev/rules.d", Kind::AutoLaunch),
    whole("/etc/xdg/autostart", Kind::AutoLaunch),
    whole("/etc/systemd/system", Kind::AutoLaunch),
    whole("/etc/systemd/system/multi-user.target.wants", Kind::AutoLaunch),
    whole("/etc/systemd/system/timers.target.wants", Kind::AutoLaunch),
    whole("/etc/systemd/user", Kind::AutoLaunch),
    whole("/usr/lib/systemd/system", Kind::AutoLaunch),
    whole("/lib/systemd/system", Kind::AutoLaunch),
];
