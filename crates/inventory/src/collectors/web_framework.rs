//! Web frameworks: among the components of running services, in the lock files and by the marker files of
//! web applications, and in the module lists of running Go programs.

mod rules;

use crate::collector::{Collector, Findings};
use crate::components::{self, Component, Ecosystem, go};
use crate::host::Host;
use crate::marker::Mark;
use crate::processes::Process;
use crate::web_roots::{self, Place};
use muster_formats::{composer, gem, purl};
use muster_model::Kind;
use muster_model::asset::WebFramework;
use muster_model::report::Volatile;
use rules::{Found, RULES, Rule};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

pub(crate) struct WebFrameworks;

/// Largest lock file, bytes.
const MAX_LOCK: u64 = 16 << 20;

/// The names of all frameworks that are known.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name)
}

impl Collector for WebFrameworks {
    fn kind(&self) -> Kind {
        Kind::WebFramework
    }

    fn needs_processes(&self) -> bool {
        true
    }

    fn concerns(&self, process: &Process) -> bool {
        web_roots::concerns(process)
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        for component in components::gather(host) {
            in_component(host, &component, out);
        }
        let roots = web_roots::web_roots(host, &[]);
        for place in web_roots::places(host, roots) {
            in_place(host, &place, out);
        }
        in_go_programs(host, out);
    }
}

/// The rule for a package, if it is a framework.
fn rule_of(found: Found<'_>) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.is.iter().any(|known| known.covers(found)))
}

fn in_component(host: &Host<'_>, component: &Component, out: &mut Findings) {
    let own = match component.ecosystem {
        Ecosystem::Jar => Found::Maven(&component.group, &component.name),
        Ecosystem::Python => Found::Python(&component.name),
        Ecosystem::Npm => Found::Npm(&component.file_name),
    };
    if let Some(rule) = rule_of(own) {
        let row = component_row(host, component, rule);
        out.push(row, component.volatile());
    }
    let mut named = HashSet::new();
    for inside in &component.shaded {
        let Some(rule) = rule_of(Found::Maven(&inside.group, &inside.artifact)) else { continue };
        if named.insert(rule.name) {
            let row = WebFramework {
                version: inside.version.clone(),
                is_embedded: true,
                purl: components::purl(
                    Ecosystem::Jar,
                    &inside.group,
                    &inside.artifact,
                    &inside.version,
                ),
                ..component_row(host, component, rule)
            };
            out.push(row, component.volatile());
        }
    }
}

fn component_row(host: &Host<'_>, component: &Component, rule: &Rule) -> WebFramework {
    let mut path = component.file.to_string_lossy().into_owned();
    if component.is_embedded() {
        path = format!("{path}!/{}", component.inner);
    }
    WebFramework {
        name: rule.name.to_owned(),
        version: component.version.clone(),
        file_name: component.file_name.clone(),
        catalogue: rule.language.to_owned(),
        file_type: component.ecosystem.file_type().to_owned(),
        path,
        hash: component.hash(host),
        uid: Some(component.stat.uid),
        gid: Some(component.stat.gid),
        mode: component.stat.permissions(),
        proc_path: component.process.exe.to_string_lossy().into_owned(),
        is_embedded: component.is_embedded(),
        purl: component.purl(),
        ..WebFramework::default()
    }
}

/// What the lock files and marker files of one directory tell; each framework once, by its best witness.
fn in_place(host: &Host<'_>, place: &Place, out: &mut Findings) {
    let mut named = HashSet::new();
    let served_by = place.served_by.as_ref();
    if place.has("composer.lock") || place.has("vendor") {
        let installed = place.path.join("vendor/composer/installed.json");
        for file in [installed, place.path.join("composer.lock")] {
            let Some(bytes) = host.files().read(&file, MAX_LOCK) else { continue };
            for package in composer::parse(&bytes).unwrap_or_default() {
                let name = package.name.to_ascii_lowercase();
                let Some(rule) = rule_of(Found::Composer(&name)) else { continue };
                if named.insert(rule.name) {
                    let (vendor, short) = name.split_once('/').unwrap_or(("", &name));
                    let purl = purl("composer", vendor, short, &package.version, &[]);
                    push_file(host, rule, &file, "php", package.version, purl, served_by, out);
                }
            }
        }
    }
    if place.has("Gemfile.lock") {
        let file = place.path.join("Gemfile.lock");
        for gem in gem::parse_lock(&host.files().text(&file, MAX_LOCK).unwrap_or_default()) {
            let Some(rule) = rule_of(Found::Gem(&gem.name)) else { continue };
            if named.insert(rule.name) {
                let purl = purl("gem", "", &gem.name, &gem.version, &[]);
                push_file(host, rule, &file, "gem", gem.version, purl, served_by, out);
            }
        }
    }
    for rule in RULES.iter().filter(|rule| !named.contains(rule.name)) {
        let mut marks = rule.marks.iter().filter(|told| place.has(told.first_name()));
        if let Some(Mark { file, version }) = marks.find_map(|told| told.look(host, &place.path)) {
            push_file(host, rule, &file, rule.language, version, String::new(), served_by, out);
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "each is a column of the row")]
fn push_file(
    host: &Host<'_>,
    rule: &Rule,
    file: &Path,
    file_type: &str,
    version: String,
    purl: String,
    process: Option<&Arc<Process>>,
    out: &mut Findings,
) {
    let Some(stat) = host.files().stat(file) else { return };
    let row = WebFramework {
        name: rule.name.to_owned(),
        version,
        file_name: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        catalogue: rule.language.to_owned(),
        file_type: file_type.to_owned(),
        path: file.to_string_lossy().into_owned(),
        hash: host.files().sha256(file).unwrap_or_default(),
        uid: Some(stat.uid),
        gid: Some(stat.gid),
        mode: stat.permissions(),
        proc_path: process
            .map(|process| process.exe.to_string_lossy().into_owned())
            .unwrap_or_default(),
        purl,
        ..WebFramework::default()
    };
    let volatile = Volatile {
        pid: process.map(|process| process.pid),
        started: process.map(|process| process.start),
        ctime: Some(stat.ctime),
        mtime: Some(stat.mtime),
        atime: Some(stat.atime),
    };
    out.push(row, volatile);
}

fn in_go_programs(host: &Host<'_>, out: &mut Findings) {
    for (process, info) in go::programs(host) {
        for module in &info.modules {
            let Some(rule) = rule_of(Found::Go(&module.path)) else { continue };
            let (namespace, name) =
                module.path.rsplit_once('/').unwrap_or(("", module.path.as_str()));
            let purl = purl("golang", namespace, name, &module.version, &[]);
            let version = module.version.trim_start_matches('v').to_owned();
            push_file(host, rule, &process.exe, "go", version, purl, Some(process), out);
        }
    }
}
