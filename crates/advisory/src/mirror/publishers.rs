//! Every publisher at its own public address.

use super::file::missing;
use super::{Mirror, base, dump};
use crate::ecosystem::Ecosystem;
use muster_model::{Error, Result};
use serde::{Deserialize, Serialize};

/// The first year the NVD has a feed of.
const FIRST_NVD_YEAR: i64 = 2002;

/// `[knowledge]` of the configuration: where each source is. An empty address leaves that source out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Publishers {
    /// Base of the OSV dump: `/ecosystems.txt`, `/{ECOSYSTEM}/all.zip`, `/{ECOSYSTEM}/modified_id.csv` below it.
    pub osv: String,
    /// CISA's catalogue of known exploited vulnerabilities, JSON.
    pub kev: String,
    /// Exploit prediction scores, gzipped CSV.
    pub epss: String,
    /// Base of the NVD's feeds: `/nvdcve-2.0-{YEAR}.json.gz` below it.
    pub nvd: String,
    /// Ecosystems to fetch, as the dump names them; none: all that can be matched.
    pub ecosystems: Vec<String>,
}

impl Default for Publishers {
    fn default() -> Self {
        Self {
            osv: "https://osv-vulnerabilities.storage.googleapis.com".to_owned(),
            kev: "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
                .to_owned(),
            epss: "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz".to_owned(),
            nvd: "https://nvd.nist.gov/feeds/json/cve/2.0".to_owned(),
            ecosystems: Vec::new(),
        }
    }
}

impl Publishers {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// `Invalid`, naming the setting.
    pub fn check(&self) -> Result<()> {
        for (name, url) in
            [("osv", &self.osv), ("kev", &self.kev), ("epss", &self.epss), ("nvd", &self.nvd)]
        {
            if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
                return Err(Error::invalid(
                    format!("knowledge.{name}"),
                    "must start with https:// or http://, or be empty to leave the source out",
                ));
            }
        }
        match self.ecosystems.iter().find(|name| Ecosystem::named(name).is_none()) {
            Some(name) => Err(Error::invalid(
                "knowledge.ecosystems",
                format!("{name} is no ecosystem that can be matched, as Maven or Debian"),
            )),
            None => Ok(()),
        }
    }
}

pub(super) fn follow(mirror: &mut Mirror<'_>, publishers: &Publishers, year: i64) -> Result<()> {
    let osv = publishers.osv.trim_end_matches('/');
    if !osv.is_empty() {
        let ecosystems = match publishers.ecosystems.as_slice() {
            [] => base::ecosystems(mirror, osv)?,
            named => named.to_vec(),
        };
        for ecosystem in ecosystems {
            dump::follow(mirror, osv, &ecosystem)?;
        }
    }
    for (url, name) in [
        (&publishers.kev, "kev/known_exploited_vulnerabilities.json"),
        (&publishers.epss, "epss/epss_scores-current.csv.gz"),
    ] {
        if !url.is_empty() {
            mirror.needed(url, name)?;
        }
    }
    let nvd = publishers.nvd.trim_end_matches('/');
    for year in FIRST_NVD_YEAR..=year {
        if nvd.is_empty() {
            break;
        }
        let name = format!("nvdcve-2.0-{year}.json.gz");
        let outcome = mirror.file(&format!("{nvd}/{name}"), &format!("nvd/{name}"))?;
        // In the first days of a year its feed may not be there yet.
        if outcome == super::file::Outcome::Missing && year == FIRST_NVD_YEAR {
            return Err(missing(&format!("{nvd}/{name}")));
        }
    }
    Ok(())
}
