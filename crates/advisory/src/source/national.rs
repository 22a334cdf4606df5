//! The Chinese national databases, CNVD and CNNVD: one number may stand for several CVEs, and one CVE have several numbers.

mod fields;

use super::feeds::Found;
use super::unpack;
use crate::compile::{Compiler, National};
use crate::file::trouble;
use crate::osv::cut;
use fields::{all, first, text};
use muster_model::{Diagnostic, Result};
use std::path::Path;

/// An entry of either database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its number and texts.
    pub national: National,
    /// CVEs it stands for.
    pub cves: Vec<String>,
}

/// Entries of a CNVD file (`<vulnerability>` with `<number>`).
pub fn cnvd(xml: &str) -> Vec<Entry> {
    all(xml, "vulnerability")
        .map(|entry| Entry {
            national: National {
                id: text(entry, "number"),
                title: cut(text(entry, "title"), 1_000),
                // Misspelt by the publisher.
                severity: text(entry, "serverity"),
                description: cut(text(entry, "description"), 64 << 10),
                solution: cut(
                    match text(entry, "patchDescription") {
                        patch if patch.is_empty() => text(entry, "formalWay"),
                        patch => patch,
                    },
                    16 << 10,
                ),
                published: text(entry, "openTime"),
            },
            cves: cves(all(entry, "cveNumber")),
        })
        .filter(|entry| is_number(&entry.national.id, "CNVD-"))
        .collect()
}

/// Entries of a CNNVD file (`<entry>` with `<vuln-id>`), with or without its namespace.
pub fn cnnvd(xml: &str) -> Vec<Entry> {
    all(xml, "entry")
        .map(|entry| Entry {
            national: National {
                id: text(entry, "vuln-id"),
                title: cut(text(entry, "name"), 1_000),
                severity: text(entry, "severity"),
                description: cut(text(entry, "vuln-descript"), 64 << 10),
                solution: cut(text(entry, "vuln-solution"), 16 << 10),
                published: text(entry, "published"),
            },
            cves: cves(
                first(entry, "other-id").map(|ids| all(ids, "cve-id")).into_iter().flatten(),
            ),
        })
        .filter(|entry| is_number(&entry.national.id, "CNNVD-"))
        .collect()
}

/// Some entries name several CVEs in one field.
fn cves<'a>(fields: impl Iterator<Item = &'a str>) -> Vec<String> {
    let separators = [',', ';', ' ', '\n', '\t', '/', '、', '，'];
    let mut found: Vec<String> = fields
        .flat_map(|field| field.split(separators))
        .map(|cve| cve.trim().to_ascii_uppercase())
        .filter(|cve| is_number(cve, "CVE-"))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn is_number(id: &str, prefix: &str) -> bool {
    id.len() <= 32
        && id.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b.is_ascii_uppercase())
        })
}

/// XML of one of the two, told apart by its entries.
pub(super) fn load_xml(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let xml = fields::decoded(&super::read(found)?);
    let (entries, is_cnnvd) = match cnvd(&xml) {
        entries if entries.is_empty() => (cnnvd(&xml), true),
        entries => (entries, false),
    };
    if entries.is_empty() {
        compiler.diagnostic(Diagnostic::new(
            "national.empty",
            &found.name,
            "no entry of CNVD or CNNVD in it",
        ));
    }
    Ok(take(entries, is_cnnvd, compiler))
}

/// A table `cnvd_id,cve_ids,severity_zh,open_date,title_zh`, as somebody made it of the XML.
pub(super) fn load_map(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let reader =
        unpack::open(&found.path).map_err(|error| trouble(Path::new(&found.name), error))?;
    let mut entries = Vec::new();
    for row in csv::ReaderBuilder::new().flexible(true).from_reader(reader).records() {
        let Ok(row) = row else { continue };
        let field = |at: usize| row.get(at).unwrap_or_default().to_owned();
        let cves = cves([field(1).as_str()].into_iter());
        if !cves.is_empty() && is_number(&field(0), "CNVD-") {
            let national = National {
                id: field(0),
                title: cut(field(4), 1_000),
                severity: field(2),
                published: field(3),
                ..National::default()
            };
            entries.push(Entry { national, cves });
        }
    }
    Ok(take(entries, false, compiler))
}

/// Counts entries that reached a vulnerability; an entry without CVE reaches none.
fn take(entries: Vec<Entry>, is_cnnvd: bool, compiler: &mut Compiler) -> (u64, String) {
    let mut records = 0;
    let mut newest = String::new();
    for entry in entries {
        let mut taken = false;
        for cve in &entry.cves {
            taken |= compiler.enrich(
                cve,
                |enrichment| {
                    let list = if is_cnnvd { &mut enrichment.cnnvd } else { &mut enrichment.cnvd };
                    match list.iter_mut().find(|known| known.id == entry.national.id) {
                        // The fuller of two wins: a table has no texts.
                        Some(known) if known.description.is_empty() => {
                            known.clone_from(&entry.national);
                        }
                        Some(_) => {}
                        None => list.push(entry.national.clone()),
                    }
                },
                false,
            );
        }
        records += u64::from(taken);
        newest = newest.max(entry.national.published);
    }
    (records, newest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CNNVD: &str = r#"<?xml version="1.0" encoding="UTF-8"?><cnnvd xmlns="http://www.cnnvd.org.cn/vuln/1.0">
        <entry><name>a < b & c</name><vuln-id>CNNVD-202201-001</vuln-id><published>2022-01-01</published>
        <severity>高危</severity><vuln-descript>x &lt;y&gt; <z></vuln-descript>
        <other-id><cve-id>CVE-2022-1,CVE-2022-2</cve-id><bugtraq-id></bugtraq-id></other-id>
        <vuln-solution>upgrade</vuln-solution></entry><entry><vuln-id>../x</vuln-id></entry></cnnvd>"#;

    /// The same entry under a true declaration.
    const CNNVD_GBK: &str = r#"<?xml version="1.0" encoding="GBK"?><cnnvd><entry><vuln-id>CNNVD-202201-001</vuln-id>
        <severity>高危</severity></entry></cnnvd>"#;

    #[test]
    fn text_that_is_no_proper_xml_is_read() {
        let [entry] = cnnvd(CNNVD).try_into().unwrap();
        let entry: Entry = entry;
        assert_eq!(entry.national.title, "a < b & c");
        assert_eq!(entry.national.description, "x <y> <z>");
        assert_eq!(entry.cves, ["CVE-2022-1", "CVE-2022-2"]);
        assert_eq!(
            crate::grade::Grade::of_word(&entry.national.severity),
            crate::grade::Grade::High
        );
    }

    #[test]
    fn gbk_with_a_mark_or_without_is_read() {
        let (bytes, ..) = encoding_rs::GBK.encode(CNNVD_GBK);
        assert_eq!(cnnvd(&fields::decoded(&bytes))[0].national.severity, "高危");
        let (bytes, ..) = encoding_rs::GBK.encode(CNNVD);
        assert_eq!(cnnvd(&fields::decoded(&bytes))[0].national.severity, "高危");
        let marked = [b"\xef\xbb\xbf".as_slice(), CNNVD.as_bytes()].concat();
        assert_eq!(cnnvd(&fields::decoded(&marked)).len(), 1);
    }

    #[test]
    fn an_entry_of_cnvd_is_read() {
        let xml = "<vulnerabilitys><vulnerability><number>CNVD-2022-1</number><cves><cve><cveNumber>CVE-2020-1</cveNumber>\
            </cve><cve><cveNumber>cve-2020-2</cveNumber></cve></cves><title>t</title><serverity>低</serverity>\
            <formalWay>w</formalWay></vulnerability></vulnerabilitys>";
        let entries = cnvd(xml);
        assert_eq!(entries[0].cves, ["CVE-2020-1", "CVE-2020-2"]);
        assert_eq!(
            (entries[0].national.solution.as_str(), entries[0].national.severity.as_str()),
            ("w", "低")
        );
    }
}
