//! What sources other than advisories know about a vulnerability, by its CVE number.

use serde::{Deserialize, Serialize};

/// Entry of CISA's catalogue of known exploited vulnerabilities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exploited {
    /// Day it was listed.
    pub added: String,
    /// Day by which agencies have to act.
    pub due: String,
    /// Used by ransomware, as far as known.
    pub ransomware: bool,
    /// What it is called there.
    pub name: String,
    /// What is asked for.
    pub action: String,
}

/// A number of a national database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct National {
    /// `CNVD-2022-06883` or `CNNVD-202201-001`.
    pub id: String,
    /// Title there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Its word for how bad it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub severity: String,
    /// Description there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Patch or solution.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub solution: String,
    /// Day it was published there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub published: String,
}

/// A CVSS vector and who gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vector {
    /// The vector.
    pub vector: String,
    /// Who gave it.
    pub source: String,
}

/// Everything of one vulnerability.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Enrichment {
    /// Text of the CVE record.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// First published.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub published: String,
    /// Last changed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub modified: String,
    /// CVSS vectors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<Vector>,
    /// Weaknesses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cwes: Vec<String>,
    /// Known to be exploited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploited: Option<Exploited>,
    /// Probability of exploitation in 30 days, and the share of vulnerabilities with less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<(f32, f32)>,
    /// CISA's decision points: exploitation, automatable, technical impact.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssvc: Vec<(String, String)>,
    /// Numbers of CNVD.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cnvd: Vec<National>,
    /// Numbers of CNNVD.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cnnvd: Vec<National>,
    /// Products by CPE.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cpes: Vec<String>,
    /// Addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Its vendor says it is none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disputed: bool,
    /// The number was taken back.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rejected: bool,
}

impl Enrichment {
    /// Adds vectors that are not there yet.
    pub fn add_vector(&mut self, vector: &str, source: &str) {
        if !vector.is_empty() && !self.vectors.iter().any(|known| known.vector == vector) {
            self.vectors.push(Vector { vector: vector.to_owned(), source: source.to_owned() });
        }
    }

    /// Adds weaknesses that are not there yet.
    pub fn add_cwes<'a>(&mut self, cwes: impl IntoIterator<Item = &'a str>) {
        for cwe in cwes {
            if cwe.starts_with("CWE-") && !self.cwes.iter().any(|known| known == cwe) {
                self.cwes.push(cwe.to_owned());
            }
        }
    }
}
