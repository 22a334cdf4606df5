//! Databases.

use super::web_service::instances;
use crate::collector::{Collector, Findings};
use crate::host::Host;
use crate::processes::Process;
use crate::services;
use muster_model::Kind;
use muster_model::asset::Database as Row;

/// Running and installed databases.
pub(crate) struct Database;

impl Collector for Database {
    fn kind(&self) -> Kind {
        Kind::Database
    }

    fn needs_processes(&self) -> bool {
        true
    }

    fn concerns(&self, process: &Process) -> bool {
        services::concerns(process)
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        for found in services::find(host, Kind::Database) {
            let (volatile, proc_path, evidence) = instances(&found);
            let row = Row {
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
            out.push(row, volatile);
        }
    }
}
