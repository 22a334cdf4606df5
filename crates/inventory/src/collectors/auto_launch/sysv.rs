//! Init scripts: System V run levels, OpenRC's run levels, rc.local and inittab.

use super::systemd::System;
use super::{Sink, code, item};
use crate::files::is_leftover;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where the links of a run level lie, by distribution.
const LEVEL_FOLDERS: &[&str] = &["/etc/rc{}.d", "/etc/rc.d/rc{}.d", "/etc/init.d/rc{}.d"];
/// Levels that a system comes up to; 0, 1 and 6 are for halt, rescue and reboot.
const LEVELS: &[&str] = &["S", "2", "3", "4", "5"];

pub(super) fn collect(sink: &mut Sink<'_, '_>, system: &System<'_>) {
    run_levels(sink, system);
    for path in ["/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/boot.local"] {
        let path = Path::new(path);
        // Only where it can be executed is it run; on some systems one is a link to another.
        let stat = sink.files().link_stat(path);
        if stat.is_some_and(|stat| stat.is_file() && stat.is_executable()) {
            script(sink, "rc.local", path, &[]);
        }
    }
    openrc(sink);
    inittab(sink);
}

fn run_levels(sink: &mut Sink<'_, '_>, system: &System<'_>) {
    let mut scripts: BTreeMap<PathBuf, BTreeSet<&str>> = BTreeMap::new();
    let mut seen = Vec::new();
    for folder in LEVEL_FOLDERS {
        for level in LEVELS {
            let folder = folder.replace("{}", level);
            let Some(stat) = sink.files().stat(&folder) else { continue };
            if seen.contains(&(stat.dev, stat.ino)) {
                continue;
            }
            seen.push((stat.dev, stat.ino));
            for entry in sink.files().list(&folder) {
                let name = entry.text();
                let Some(name) = name.strip_prefix('S') else { continue };
                let name = name.trim_start_matches(|char: char| char.is_ascii_digit());
                // The link leads to the script; where it is a copy, it is the script.
                let target = sink.files().link(&entry.path).map(|_| script_of(sink, name));
                let path = target.flatten().unwrap_or(entry.path);
                if sink.files().stat(&path).is_some() {
                    scripts.entry(path).or_default().insert(level);
                }
            }
        }
    }
    for (path, levels) in scripts {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // systemd ignores a script for which there is a unit, be it a masked one.
        if !system.replaces_script(&name) {
            let levels: Vec<&str> = levels.into_iter().collect();
            script(sink, &name, &path, &levels);
        }
    }
}

fn script_of(sink: &Sink<'_, '_>, name: &str) -> Option<PathBuf> {
    ["/etc/init.d", "/etc/rc.d/init.d"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| sink.files().stat(path).is_some_and(|stat| stat.is_file()))
}

fn openrc(sink: &mut Sink<'_, '_>) {
    let mut scripts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for level in sink.files().list("/etc/runlevels") {
        // Entered on the way down.
        if level.name == "shutdown" {
            continue;
        }
        for entry in sink.files().list(&level.path) {
            scripts.entry(entry.text().into_owned()).or_default().push(level.text().into_owned());
        }
    }
    for (name, levels) in scripts {
        if let Some(path) = script_of(sink, &name) {
            let levels: Vec<&str> = levels.iter().map(String::as_str).collect();
            script(sink, &name, &path, &levels);
        }
    }
}

fn script(sink: &mut Sink<'_, '_>, name: &str, path: &Path, levels: &[&str]) {
    if is_leftover(name.as_ref()) {
        return;
    }
    let mut item = item("sysv", code::SERVICE, name, path);
    item.run_user = "root".to_owned();
    item.args = format!("{} start", path.display());
    if !levels.is_empty() {
        item.evidence.insert("levels".to_owned(), levels.into());
    }
    sink.push(item);
}

/// `id:levels:action:process` (inittab(5)), also in busybox's form.
fn inittab(sink: &mut Sink<'_, '_>) {
    let path = Path::new("/etc/inittab");
    for line in sink.text(path).lines() {
        let fields: Vec<&str> = line.trim().splitn(4, ':').collect();
        let [id, levels, action, process] = fields.as_slice() else { continue };
        let starts = ["respawn", "wait", "once", "boot", "bootwait", "sysinit", "askfirst"];
        if id.starts_with('#') || !starts.contains(action) || process.is_empty() {
            continue;
        }
        let process = process.trim_start_matches(['-', '+']);
        let program = muster_formats::crontab::program(process);
        let mut item = item("inittab", code::SERVICE, program, path);
        item.run_user = "root".to_owned();
        item.args = process.to_owned();
        item.evidence.insert("levels".to_owned(), (*levels).into());
        sink.push(item);
    }
}
