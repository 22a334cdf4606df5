//! Everything the knowledge base reads from outside: OSV documents, feeds, vectors, versions, package URLs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_advisory::{Scheme, cvss, osv, source};

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    match choice % 4 {
        0 => {
            let mut diagnostics = Vec::new();
            if let Ok(record) = osv::parse(data, &mut diagnostics) {
                // Whatever is filed can be asked for.
                for affected in &record.affected {
                    let _ = affected.package.ecosystem_label();
                }
            }
        }
        1 => {
            let _ = source::parse_nvd(data, &mut |row| drop(row.id().to_owned()));
        }
        2 => {
            let text = String::from_utf8_lossy(data);
            let _ = (source::cnvd(&text), source::cnnvd(&text));
        }
        _ => {
            let text = String::from_utf8_lossy(data);
            for scheme in Scheme::ALL {
                let _ = (scheme.key(&text), scheme.is_prerelease(&text));
            }
            let _ = cvss::score(&text, "");
            if let Ok(purl) = text.parse::<muster_model::Purl>() {
                assert_eq!(purl.to_string().parse().ok(), Some(purl));
            }
        }
    }
});
