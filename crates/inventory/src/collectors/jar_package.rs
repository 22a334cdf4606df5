//! Middleware: the Java archives, Python distributions and npm packages of running services.

use crate::collector::{Collector, Findings};
use crate::components::{self, Component, Ecosystem};
use crate::host::Host;
use crate::processes::Process;
use muster_model::Kind;
use muster_model::asset::JarPackage;

pub(crate) struct JarPackages;

/// The vendor's sub-category; it knows no other.
const CATALOGUE: &str = "util";
/// Most shaded components named as evidence of one archive.
const MAX_SHADED: usize = 400;

impl Collector for JarPackages {
    fn kind(&self) -> Kind {
        Kind::JarPackage
    }

    fn needs_processes(&self) -> bool {
        true
    }

    fn concerns(&self, process: &Process) -> bool {
        components::is_runtime(process)
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        for component in components::gather(host) {
            out.push(row(host, &component), component.volatile());
        }
    }
}

fn row(host: &Host<'_>, component: &Component) -> JarPackage {
    let file = component.file.to_string_lossy().into_owned();
    let (path, package_path) = if component.is_embedded() {
        (component.inner.clone(), file)
    } else {
        (file, String::new())
    };
    let name = match (component.ecosystem, component.group.as_str()) {
        (Ecosystem::Npm, scope) if !scope.is_empty() => format!("{scope}/{}", component.name),
        _ => component.name.clone(),
    };
    let mut row = JarPackage {
        name,
        version: component.version.clone(),
        file_name: component.file_name.clone(),
        catalogue: CATALOGUE.to_owned(),
        file_type: component.ecosystem.file_type().to_owned(),
        path,
        hash: component.hash(host),
        size: i64::try_from(component.size).ok(),
        uid: Some(component.stat.uid),
        gid: Some(component.stat.gid),
        mode: component.stat.permissions(),
        proc_path: component.process.exe.to_string_lossy().into_owned(),
        is_embedded: component.is_embedded(),
        package_path,
        purl: component.purl(),
        ..JarPackage::default()
    };
    row.evidence.insert("found".to_owned(), component.found.into());
    if !component.version_source.is_empty() {
        row.evidence.insert("version_from".to_owned(), component.version_source.into());
    }
    if !component.shaded.is_empty() {
        let shaded: Vec<String> = component
            .shaded
            .iter()
            .take(MAX_SHADED)
            .map(|inside| {
                components::purl(Ecosystem::Jar, &inside.group, &inside.artifact, &inside.version)
            })
            .collect();
        row.evidence.insert("shaded".to_owned(), shaded.into());
    }
    row
}
