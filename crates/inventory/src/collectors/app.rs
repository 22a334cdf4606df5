//! Installed packages of the system's package managers.

use crate::collector::{Collector, Findings};
use crate::host::Host;
use crate::packages::{self, Installed};
use muster_model::Kind;
use muster_model::asset::App;
use muster_model::fact::Evidence;
use muster_model::report::Volatile;
use serde_json::json;

/// The packages.
pub(crate) struct Apps;

impl Collector for Apps {
    fn kind(&self) -> Kind {
        Kind::App
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        packages::installed(host.files(), &mut |package| {
            let volatile = Volatile { mtime: package.updated, ..Volatile::default() };
            out.push(app(package), volatile);
        });
    }
}

fn app(package: Installed) -> App {
    let mut evidence = Evidence::new();
    if let Some((name, version)) = package.source {
        evidence.insert("source".to_owned(), json!({ "name": name, "version": version }));
    }
    for (name, text) in package.notes {
        evidence.insert(name.to_owned(), text.into());
    }
    App {
        name: package.name,
        version: package.version,
        arch: package.arch,
        install_dir: package.install_dir,
        purl: package.purl,
        file_type: package.manager.to_owned(),
        evidence,
    }
}
