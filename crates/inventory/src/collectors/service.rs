//! Databases and web servers: what [`services`] finds of either kind.

use crate::collector::{Collector, Findings};
use crate::host::Host;
use crate::processes::Process;
use crate::services::{self, Installation};
use muster_model::Kind;
use muster_model::asset;
use muster_model::fact::Evidence;
use muster_model::report::Volatile;

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
            let (volatile, proc_path, evidence) = instances(&found);
            let row = asset::Service {
                name: found.rule.name.to_owned(),
                purl: found.purl(),
                version: found.version,
                install_path: found.home.to_string_lossy().into_owned(),
                config_path: found.config.unwrap_or_default().to_string_lossy().into_owned(),
                uid: Some(found.stat.uid),
                gid: Some(found.stat.gid),
                mode: found.stat.permissions(),
                proc_path,
                owner_purl: found.owner.unwrap_or_default(),
                reason: found.reason,
                evidence,
            };
            out.push(row.of(self.0), volatile);
        }
    }
}

/// What the running instances add to a row: the first one's process, and what the others use.
fn instances(found: &Installation) -> (Volatile, String, Evidence) {
    let mut volatile = Volatile {
        ctime: Some(found.stat.ctime),
        mtime: Some(found.stat.mtime),
        atime: Some(found.stat.atime),
        ..Volatile::default()
    };
    let mut evidence = Evidence::new();
    let mut proc_path = String::new();
    if let Some(first) = found.instances.first() {
        volatile.pid = Some(first.process.pid);
        volatile.started = Some(first.process.start);
        proc_path = first.process.exe.to_string_lossy().into_owned();
        if first.process.exe_deleted {
            evidence.insert("deleted".to_owned(), true.into());
        }
    }
    let others = found.instances.iter().skip(1).filter_map(|instance| instance.config.as_ref());
    let configs = others.map(|path| path.to_string_lossy().into_owned());
    list(&mut evidence, "configs", configs);
    let runs = found.instances.iter().filter_map(|instance| instance.runs.clone());
    list(&mut evidence, "runs", runs);
    (volatile, proc_path, evidence)
}

/// Adds a sorted list; an empty one is left out.
fn list(evidence: &mut Evidence, name: &str, values: impl Iterator<Item = String>) {
    /// Enough for people; what is more is in the rows of the processes.
    const MAX_VALUES: usize = 200;
    let mut values: Vec<String> = values.collect();
    values.sort();
    values.dedup();
    values.truncate(MAX_VALUES);
    if !values.is_empty() {
        evidence.insert(name.to_owned(), values.into());
    }
}
