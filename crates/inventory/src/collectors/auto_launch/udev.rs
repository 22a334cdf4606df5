//! Programs that udev runs when a device comes, goes or changes.

use super::{Sink, code, item};
use muster_formats::udev_rules;
use std::collections::BTreeMap;

/// Folders of rules, the strongest first: a file hides those of the same name in later ones.
const FOLDERS: &[&str] = &[
    "/etc/udev/rules.d",
    "/run/udev/rules.d",
    "/usr/local/lib/udev/rules.d",
    "/usr/lib/udev/rules.d",
    "/lib/udev/rules.d",
];

pub(super) fn collect(sink: &mut Sink<'_, '_>) {
    let mut rules = BTreeMap::new();
    for folder in FOLDERS {
        for entry in sink.files().list(folder) {
            if entry.text().ends_with(".rules") {
                rules.entry(entry.name).or_insert(entry.path);
            }
        }
    }
    for path in rules.into_values() {
        for command in udev_rules::commands(&sink.text(&path)) {
            let program = command.split_whitespace().next().unwrap_or_default();
            let name = program.rsplit('/').next().unwrap_or(program);
            let mut item = item("udev", code::SERVICE, name, &path);
            item.run_user = "root".to_owned();
            item.args = command;
            sink.push(item);
        }
    }
}
