//! Databases and web servers: what [`services`] finds of either kind, a row an instance.

use crate::collector::{Collector, Findings};
use crate::host::Host;
use crate::processes::Process;
use crate::services::{self, Installation, Instance};
use muster_model::Kind;
use muster_model::asset;
use muster_model::fact::Evidence;
use muster_model::report::Volatile;
use std::path::Path;

/// Running and installed services of a kind.
pub(crate) struct Services(pub(super) Kind);

impl Collector for Services {
    fn kind(&self) -> Kind {
        self.0
    }

    fn needs_processes(&self) -> bool {
        true
    }

    fn concerns(&self, process: &Process) -> bool {
        services::concerns(process)
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        for found in services::find(host, self.0) {
            // Each running instance is a service of its own: two with their own configurations listen on
            // their own ports.
            if found.instances.is_empty() {
                self.push(&found, None, out);
            }
            for instance in &found.instances {
                self.push(&found, Some(instance), out);
            }
        }
    }
}

impl Services {
    fn push(&self, found: &Installation, instance: Option<&Instance>, out: &mut Findings) {
        let mut volatile = Volatile {
            ctime: Some(found.stat.ctime),
            mtime: Some(found.stat.mtime),
            atime: Some(found.stat.atime),
            ..Volatile::default()
        };
        let mut evidence = Evidence::new();
        let (mut config, mut proc_path) = (&found.config, String::new());
        if let Some(Instance { process, config: own, runs }) = instance {
            config = own;
            volatile.pid = Some(process.pid);
            volatile.started = Some(process.start);
            proc_path = process.exe.to_string_lossy().into_owned();
            if process.exe_deleted {
                evidence.insert("deleted".to_owned(), true.into());
            }
            if let Some(runs) = runs {
                evidence.insert("runs".to_owned(), runs.as_str().into());
            }
        }
        let row = asset::Service {
            name: found.rule.name.to_owned(),
            purl: found.purl(),
            version: found.version.clone(),
            install_path: found.home.to_string_lossy().into_owned(),
            config_path: config.as_deref().unwrap_or(Path::new("")).to_string_lossy().into_owned(),
            uid: Some(found.stat.uid),
            gid: Some(found.stat.gid),
            mode: found.stat.permissions(),
            proc_path,
            owner_purl: found.owner.clone().unwrap_or_default(),
            reason: found.reason.clone(),
            evidence,
        };
        out.push(row.of(self.0), volatile);
    }
}
