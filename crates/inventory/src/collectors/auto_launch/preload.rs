//! Libraries that are loaded into every program.

use super::{Sink, code, item};
use std::path::Path;

pub(super) fn collect(sink: &mut Sink<'_, '_>) {
    let list = "/etc/ld.so.preload";
    for line in sink.text(list).lines() {
        libraries(sink, line.split('#').next().unwrap_or_default(), list);
    }
    // Set by PAM for every session.
    let environment = "/etc/environment";
    for line in sink.text(environment).lines() {
        let line = line.trim().trim_start_matches("export ");
        if let Some(value) = line.strip_prefix("LD_PRELOAD=") {
            libraries(sink, value.trim_matches(['"', '\'']), environment);
        }
    }
}

/// Names separated by blanks or colons (ld.so(8)).
fn libraries(sink: &mut Sink<'_, '_>, names: &str, source: &str) {
    for name in names.split([' ', '\t', ':']).filter(|name| !name.is_empty()) {
        let path = Path::new(name);
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        sink.push(item(source, code::PRELOADED_LIBRARY, &file_name, path));
    }
}
