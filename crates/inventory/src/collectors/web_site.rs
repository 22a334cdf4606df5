//! Web sites.

use crate::collector::{Collector, Findings};
use crate::host::Host;
use crate::processes::Process;
use crate::services;
use muster_model::Kind;
use muster_model::asset::WebSite as Row;
use muster_model::report::Volatile;

/// The sites of running and installed web servers.
pub(crate) struct WebSite;

/// Most aliases and certificate names shown of one site.
const MAX_NAMES: usize = 500;

impl Collector for WebSite {
    fn kind(&self) -> Kind {
        Kind::WebSite
    }

    fn needs_processes(&self) -> bool {
        true
    }

    fn concerns(&self, process: &Process) -> bool {
        services::concerns(process)
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        let found = services::find(host, Kind::WebService);
        for served in services::sites(host, &found) {
            let site = &served.site;
            let path = served.root.clone().unwrap_or_default();
            let stat = served.root.as_ref().and_then(|root| host.files().stat(root));
            let certificate = served.read_certificate(host);
            let volatile = Volatile {
                pid: served.process.map(|process| process.pid),
                started: served.process.map(|process| process.start),
                ..Volatile::default()
            };
            let mut row = Row {
                domain: site.domain.clone(),
                port: site.port,
                bind_addr: site.bind.clone(),
                url_path: site.url_path.clone(),
                path: path.to_string_lossy().into_owned(),
                uid: stat.map(|stat| stat.uid),
                gid: stat.map(|stat| stat.gid),
                mode: stat.map(|stat| stat.permissions()).unwrap_or_default(),
                served_by: served.installation.rule.name.to_owned(),
                config_path: site.file.clone(),
                proc_path: served
                    .process
                    .map(|process| process.exe.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                is_https: site.https,
                ..Row::default()
            };
            let names =
                |names: &[String]| names.iter().take(MAX_NAMES).cloned().collect::<Vec<_>>();
            if !site.aliases.is_empty() {
                row.evidence.insert("aliases".to_owned(), names(&site.aliases).into());
            }
            if let Some(upstream) = &site.upstream {
                row.evidence.insert("upstream".to_owned(), upstream.as_str().into());
            }
            if let Some(path) = &served.certificate {
                let path = path.to_string_lossy().into_owned();
                row.evidence.insert("certificate_path".to_owned(), path.into());
            }
            if let Some(certificate) = certificate {
                row.evidence
                    .insert("certificate_names".to_owned(), names(&certificate.names).into());
                row.evidence.insert("certificate_serial".to_owned(), certificate.serial.into());
                row.cert_issuer = certificate.issuer;
                row.cert_subject = certificate.subject;
                row.cert_not_before = Some(certificate.not_before);
                row.cert_not_after = Some(certificate.not_after);
                row.cert_sha256 = certificate.sha256;
            }
            out.push(row, volatile);
        }
    }
}
