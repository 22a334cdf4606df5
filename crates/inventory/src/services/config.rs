//! Which configuration a service uses: what its arguments name, else what it was built with or what is
//! usual.

use super::paths::{expand, resolve};
use super::rule::{At, Rule};
use crate::components::jvm::args::CommandLine;
use crate::files::Stat;
use crate::host::Host;
use muster_formats::version_strings::{Probe, find};
use std::fs::File;
use std::path::{Path, PathBuf};

/// How much of a program is read for what it was built with.
const MAX_PROGRAM: u64 = 64 * 1024 * 1024;

/// A service whose configuration is looked for.
pub(super) struct Service<'a> {
    /// Arguments behind the program; empty when it does not run.
    pub(super) args: &'a [String],
    /// How its JVM was started; nothing where there is none.
    pub(super) jvm: CommandLine,
    /// Working directory.
    pub(super) cwd: &'a Path,
    /// Home.
    pub(super) home: &'a Path,
    /// Metadata of the program.
    pub(super) stat: &'a Stat,
    /// Opens the program.
    pub(super) open: &'a dyn Fn() -> Option<File>,
}

/// The configuration file. What the arguments name is believed, the rest must be there.
pub(super) fn find_file(host: &Host<'_>, rule: &Rule, service: &Service<'_>) -> Option<PathBuf> {
    let there = |path: PathBuf| host.files().stat(&path).map(|_| path);
    rule.config.iter().find_map(|at| match at {
        At::Flag(flag) => Some(resolve(service.cwd, value(service.args, flag)?)),
        At::FlagDir(flag, name) => {
            there(resolve(service.cwd, value(service.args, flag)?).join(name))
        }
        At::Positional => {
            let first = service.args.first().filter(|arg| is_path(arg))?;
            Some(resolve(service.cwd, first))
        }
        At::Property(name, file) => {
            there(resolve(service.cwd, service.jvm.property(name)?).join(file))
        }
        At::Home(name) => there(resolve(service.home, name)),
        At::Built(probe) => there(PathBuf::from(built(host, service, *probe)?)),
        At::Usual(pattern) => {
            let home = service.home.file_name().unwrap_or_default().to_string_lossy();
            let pattern = pattern.replace("{}", &home);
            expand(host.files(), &pattern).into_iter().find_map(there)
        }
    })
}

/// What a program was built with, by the text before it.
pub(super) fn built(host: &Host<'_>, service: &Service<'_>, probe: Probe) -> Option<String> {
    let note = host.files().noted(service.stat, probe.before, service.open, |mut file| {
        find(&mut file, &[probe], MAX_PROGRAM).ok()?.pop()?
    });
    note.filter(|path| path.starts_with('/'))
}

/// The value of a flag in any of its forms.
pub(super) fn value<'a>(args: &'a [String], flag: &str) -> Option<&'a str> {
    let short = flag.len() == 2;
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == flag {
            return rest.next().map(String::as_str);
        }
        let Some(tail) = arg.strip_prefix(flag) else { continue };
        if flag.ends_with(['=', '/']) {
            return Some(tail);
        }
        if let Some(value) = tail.strip_prefix('=') {
            return Some(value);
        }
        if short && is_path(tail) {
            return Some(tail);
        }
    }
    None
}

/// Looks like a file and not like an option, a number or an address.
fn is_path(arg: &str) -> bool {
    !arg.starts_with('-') && (arg.contains('/') || arg.ends_with(".conf") || arg.ends_with(".ini"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_flag() {
        let args = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(value(&args("-a -c /x"), "-c"), Some("/x"));
        assert_eq!(value(&args("-c/x"), "-c"), Some("/x"));
        assert_eq!(value(&args("--config=/x"), "--config"), Some("/x"));
        assert_eq!(value(&args("-c config_file=/x"), "config_file="), Some("/x"));
        assert_eq!(value(&args("-Dc=file:///x"), "-Dc=file://"), Some("/x"));
        assert_eq!(value(&args("--config-x /y -cold"), "--config"), None);
        assert_eq!(value(&args("-cold -c"), "-c"), None);
    }
}
