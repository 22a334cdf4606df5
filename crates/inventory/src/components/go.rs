//! The module lists of running Go programs. Every program that runs is asked once in its life.

use super::services;
use crate::hashing;
use crate::host::Host;
use crate::processes::Process;
use muster_formats::go_buildinfo::{self, BuildInfo};
use muster_formats::read_at::SizedFile;
use std::collections::HashSet;
use std::sync::Arc;

/// The module list of a program; most have none.
pub(crate) struct GoModules(Option<BuildInfo>);

/// The running Go programs: the oldest process of each, and what went into it.
pub(crate) fn programs<'a>(host: &Host<'a>) -> Vec<(&'a Arc<Process>, BuildInfo)> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for process in services(host, |process| !process.exe_deleted) {
        if process.exe.as_os_str().is_empty() || !seen.insert(&process.exe) {
            continue;
        }
        let modules = host.files().parsed(&process.exe, hashing::MAX_BYTES, |file| {
            let source = file.try_clone().and_then(SizedFile::new);
            GoModules(source.ok().and_then(|source| go_buildinfo::read(&source)))
        });
        if let Some(info) = modules.as_ref().and_then(|modules| modules.0.as_ref()) {
            found.push((process, info.clone()));
        }
    }
    found
}
