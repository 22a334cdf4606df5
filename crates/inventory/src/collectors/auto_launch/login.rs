//! What runs when somebody logs in: profile scripts, desktop autostart, messages of the day.

use super::{Home, Sink, code, item};
use crate::files::is_leftover;
use muster_formats::systemd::Unit;
use std::path::Path;

/// Scripts that shells read for everybody.
const SYSTEM_SCRIPTS: &[&str] = &[
    "/etc/profile",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/bash.bash_logout",
    "/etc/csh.cshrc",
    "/etc/csh.login",
    "/etc/zshenv",
    "/etc/zprofile",
    "/etc/zshrc",
    "/etc/zlogin",
    "/etc/zsh/zshenv",
    "/etc/zsh/zprofile",
    "/etc/zsh/zshrc",
    "/etc/zsh/zlogin",
];

/// Folders of such scripts.
const SYSTEM_FOLDERS: &[&str] = &["/etc/profile.d", "/etc/update-motd.d", "/etc/X11/Xsession.d"];

/// Scripts that shells read in a home directory.
const HOME_SCRIPTS: &[&str] = &[
    ".profile",
    ".bash_profile",
    ".bash_login",
    ".bashrc",
    ".bash_logout",
    ".cshrc",
    ".login",
    ".zshenv",
    ".zprofile",
    ".zshrc",
    ".zlogin",
    ".config/fish/config.fish",
    ".ssh/rc",
    ".xsession",
    ".xprofile",
];

pub(super) fn collect(sink: &mut Sink<'_, '_>, homes: &[Home]) {
    for path in SYSTEM_SCRIPTS {
        script(sink, Path::new(path), "");
    }
    for folder in SYSTEM_FOLDERS {
        for entry in sink.files().list(folder) {
            if !is_leftover(&entry.name) {
                script(sink, &entry.path, "");
            }
        }
    }
    autostart(sink, Path::new("/etc/xdg/autostart"), "");
    for home in homes {
        let path = Path::new(&home.path);
        for name in HOME_SCRIPTS {
            script(sink, &path.join(name), &home.user);
        }
        autostart(sink, &path.join(".config/autostart"), &home.user);
    }
}

fn script(sink: &mut Sink<'_, '_>, path: &Path, user: &str) {
    if sink.files().stat(path).is_some_and(|stat| stat.is_file() && stat.size > 0) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut script = item("profile", code::STARTUP_FOLDER, &name, path);
        script.run_user = user.to_owned();
        sink.push(script);
    }
}

/// Desktop entries (Desktop Application Autostart Specification).
fn autostart(sink: &mut Sink<'_, '_>, folder: &Path, user: &str) {
    const GROUP: &str = "Desktop Entry";
    for entry in sink.files().list(folder) {
        if !entry.text().ends_with(".desktop") {
            continue;
        }
        let desktop = Unit::parse(&sink.text(&entry.path));
        let is = |key, value| desktop.last(GROUP, key) == Some(value);
        if is("Hidden", "true") || is("X-GNOME-Autostart-enabled", "false") {
            continue;
        }
        let Some(command) = desktop.last(GROUP, "Exec") else { continue };
        let file_name = entry.text();
        let name = desktop.last(GROUP, "Name").unwrap_or(&file_name);
        let mut item = item("autostart", code::STARTUP_FOLDER, name, &entry.path);
        item.run_user = user.to_owned();
        item.args = command.to_owned();
        sink.push(item);
    }
}
