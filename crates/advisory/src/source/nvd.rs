//! Feeds and API pages of the NVD, version 2.0, read row by row: a year unpacks to hundreds of megabytes.

use super::cve::is_disputed;
use super::feeds::Found;
use super::unpack;
use crate::compile::{Compiler, Enrichment};
use crate::file::trouble;
use crate::osv::cut;
use muster_model::Result;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufReader, Read};
use std::path::Path;

/// Most CPEs kept of a vulnerability.
const MAX_CPES: usize = 200;

/// One row of the feed.
#[derive(Deserialize)]
pub struct Row {
    cve: Cve,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve {
    id: String,
    #[serde(default)]
    published: String,
    #[serde(default)]
    last_modified: String,
    #[serde(default)]
    vuln_status: String,
    #[serde(default)]
    cve_tags: Vec<TagRow>,
    #[serde(default)]
    descriptions: Vec<Text>,
    #[serde(default)]
    metrics: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    weaknesses: Vec<Weakness>,
    #[serde(default)]
    configurations: Vec<Configuration>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct TagRow {
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    description: Vec<Text>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    #[serde(default)]
    cpe_match: Vec<CpeMatch>,
}

#[derive(Deserialize)]
struct CpeMatch {
    #[serde(default)]
    criteria: String,
    #[serde(default)]
    vulnerable: bool,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    url: String,
}

impl Row {
    /// The CVE number.
    pub fn id(&self) -> &str {
        &self.cve.id
    }

    fn add_to(self, enrichment: &mut Enrichment) {
        let cve = self.cve;
        // Primary vectors first: the first of equal scores names the source.
        for metrics in cve.metrics.values() {
            for metric in metrics.as_array().into_iter().flatten().take(20) {
                let vector =
                    metric.pointer("/cvssData/vectorString").and_then(serde_json::Value::as_str);
                let source = metric.get("source").and_then(serde_json::Value::as_str);
                enrichment.add_vector(vector.unwrap_or_default(), source.unwrap_or("NVD"));
            }
        }
        let cwes = cve.weaknesses.iter().flat_map(|weakness| &weakness.description);
        enrichment.add_cwes(cwes.map(|text| text.value.as_str()));
        let text =
            cve.descriptions.into_iter().find(|text| text.lang == "en").map(|text| text.value);
        let text = cut(text.unwrap_or_default(), 64 << 10);
        enrichment.disputed |= is_disputed(&text)
            || cve.cve_tags.iter().any(|row| row.tags.iter().any(|tag| tag == "disputed"));
        enrichment.rejected |= cve.vuln_status.eq_ignore_ascii_case("rejected");
        if !text.is_empty() && !enrichment.rejected {
            enrichment.description = text;
        }
        enrichment.published = zoned(cve.published);
        enrichment.modified = zoned(cve.last_modified);
        enrichment.cpes = cve
            .configurations
            .into_iter()
            .flat_map(|configuration| configuration.nodes)
            .flat_map(|node| node.cpe_match)
            .filter(|found| found.vulnerable)
            .map(|found| cut(found.criteria, 500))
            .take(MAX_CPES)
            .collect();
        enrichment.references = cve
            .references
            .into_iter()
            .map(|reference| cut(reference.url, 2_000))
            .take(200)
            .collect();
    }
}

/// The NVD writes UTC without saying so.
fn zoned(date: String) -> String {
    if date.is_empty() || date.ends_with('Z') { date } else { date + "Z" }
}

pub(super) fn load(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let reader =
        unpack::open(&found.path).map_err(|error| trouble(Path::new(&found.name), error))?;
    let mut records = 0;
    let date = parse(reader, &mut |row| {
        let id = row.id().to_owned();
        records += u64::from(compiler.enrich(&id, |enrichment| row.add_to(enrichment), false));
    })
    .map_err(|error| trouble(Path::new(&found.name), error))?;
    Ok((records, date))
}

/// Hands every row to `each`; returns the feed's own time.
///
/// # Errors
/// Where the text is no JSON object of that shape. Rows before the fault have been handed on.
pub fn parse(
    reader: impl Read,
    each: &mut dyn FnMut(Row),
) -> std::result::Result<String, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(1 << 17, reader));
    let date = Feed(each).deserialize(&mut json)?;
    json.end()?;
    Ok(zoned(date))
}

struct Feed<'a>(&'a mut dyn FnMut(Row));
struct Rows<'a>(&'a mut dyn FnMut(Row));

impl<'de> DeserializeSeed<'de> for Feed<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<String, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Feed<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a feed of the NVD, version 2.0")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<String, M::Error> {
        let mut date = String::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "timestamp" => date = map.next_value()?,
                "vulnerabilities" => map.next_value_seed(Rows(&mut *self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(date)
    }
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> std::result::Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of vulnerabilities")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> std::result::Result<(), S::Error> {
        while let Some(row) = list.next_element::<Row>()? {
            (self.0)(row);
        }
        Ok(())
    }
}
