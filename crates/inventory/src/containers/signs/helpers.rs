//! Programs that the kernel starts on the host: who can set one rules the host.

use super::Mount;
use crate::files::layers_of;
use crate::proc::Proc;
use muster_model::container::SignKind;
use std::collections::BTreeSet;
use std::path::Path;

/// Most modules of a kernel looked at.
const MAX_MODULES: usize = 4_096;

/// Files in which the kernel is told what to start, by the mount they are in: core(5), and
/// `Documentation/core-api/kobject.rst` on the helper of device events.
const SETTINGS: &[(&str, &str, &str)] =
    &[("proc", "/proc", "sys/kernel/core_pattern"), ("sysfs", "/sys", "kernel/uevent_helper")];

/// The settings that a container with root's user number can write, whatever its capabilities: runtimes mount what they lie
/// in read-only.
pub(super) fn writable(mounts: &[Mount]) -> Vec<(SignKind, String)> {
    let of = |(fs, point, setting): &(&str, &str, &str)| {
        let path = format!("{point}/{setting}");
        // The nearest mount above the file decides, the last one where several lie at one point.
        let above = mounts.iter().filter(|it| super::is_below(&path, &it.point));
        let nearest = above.max_by_key(|it| it.point.len())?;
        (nearest.fs == *fs && nearest.writable).then_some((SignKind::KernelHelper, path))
    };
    SETTINGS.iter().filter_map(of).collect()
}

/// What the kernel starts when a program crashes, if it lies in the layers of this container.
pub(super) fn set(proc: &Proc, mounts: &str) -> Option<(SignKind, String)> {
    let pattern = proc.text("sys/kernel/core_pattern").ok()?;
    let program = Path::new(pattern.strip_prefix('|')?.split_whitespace().next()?);
    // Beside the upper layer lies what both Docker and Podman mount.
    let (_, upper) = layers_of(mounts)?;
    let own = upper.parent().is_some_and(|folder| program.starts_with(folder));
    own.then(|| (SignKind::CorePattern, pattern.trim().to_owned()))
}

/// The modules of the kernel, to see which were loaded since the last look.
#[derive(Default)]
pub(crate) struct Modules(Option<BTreeSet<String>>);

impl Modules {
    /// The new ones; at the first look none.
    pub(crate) fn loaded(&mut self, proc: &Proc) -> Vec<String> {
        let text = proc.text("modules").unwrap_or_default();
        let names = text.lines().take(MAX_MODULES).filter_map(|line| line.split(' ').next());
        let names: BTreeSet<String> = names.map(str::to_owned).collect();
        let before = self.0.replace(names.clone());
        before.map_or_else(Vec::new, |before| names.difference(&before).cloned().collect())
    }

    /// The next look is a first one.
    pub(crate) fn forget(&mut self) {
        self.0 = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(own: &str) -> Vec<String> {
        let mounts: Vec<Mount> = super::super::mounts(own).collect();
        writable(&mounts).into_iter().map(|(_, path)| path).collect()
    }

    #[test]
    fn a_setting_is_safe_behind_what_is_mounted_over_it() {
        let usual = "79 76 0:43 / /proc rw - proc proc rw\n80 79 0:43 /sys /proc/sys ro - proc proc rw\n\
            81 76 0:22 / /sys ro - sysfs sysfs ro\n";
        assert_eq!(told(usual), [] as [&str; 0]);
        let open = "79 76 0:43 / /proc rw - proc proc rw\n81 76 0:22 / /sys rw - sysfs sysfs rw\n";
        assert_eq!(told(open), ["/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper"]);
        let elsewhere =
            "79 76 0:43 / /host/proc rw - proc proc rw\n76 1 0:40 / / rw - overlay o rw\n";
        assert_eq!(told(elsewhere), [] as [&str; 0]);
    }

    #[test]
    fn what_a_crash_starts_is_whose_layers_it_lies_in() {
        let folder = tempfile::tempdir().unwrap();
        let kernel = folder.path().join("sys/kernel");
        std::fs::create_dir_all(&kernel).unwrap();
        let proc = Proc::open(folder.path()).unwrap();
        let mounts = "76 49 0:40 / / rw - overlay overlay rw,lowerdir=/d/l/A,upperdir=/d/c1/diff,workdir=/d/c1/work";
        for (pattern, found) in [
            ("|/d/c1/diff/tmp/x %p\n", true),
            ("|/d/c1/merged/x\n", true),
            ("|/d/c12/merged/x\n", false),
            ("|/usr/lib/systemd/systemd-coredump %P\n", false),
            ("core\n", false),
            ("|\n", false),
        ] {
            std::fs::write(kernel.join("core_pattern"), pattern).unwrap();
            let sign = set(&proc, mounts);
            assert_eq!(sign.is_some(), found, "{pattern}");
            assert!(sign.is_none_or(|(_, evidence)| evidence == pattern.trim()));
        }
    }

    #[test]
    fn only_modules_loaded_since_are_new() {
        let folder = tempfile::tempdir().unwrap();
        let proc = Proc::open(folder.path()).unwrap();
        let list = |text: &str| std::fs::write(folder.path().join("modules"), text).unwrap();
        let mut modules = Modules::default();
        list("ext4 983040 1 - Live 0x0\n");
        assert_eq!(modules.loaded(&proc), [] as [&str; 0]);
        list("ext4 983040 1 - Live 0x0\nrootkit 16384 0 - Live 0x0\n");
        assert_eq!(modules.loaded(&proc), ["rootkit"]);
        assert_eq!(modules.loaded(&proc), [] as [&str; 0]);
    }
}
