//! What is said in an application.

use super::super::{issue, requests};
use muster_model::{Error, Result};
use muster_store::certificates::Product;
use muster_vault::x509::name::Subject;
use serde::{Deserialize, Serialize};

/// An application. Kept with the certificate as it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Application {
    /// The first domain.
    pub main_domain: String,
    /// Further names, separated by `;`.
    pub sans: String,
    /// The customer's own request, or empty.
    pub csr: String,
    /// Company; needed for OV and EV, as the next three.
    pub company: String,
    /// Part of it.
    pub unit: String,
    /// Province.
    pub province: String,
    /// City.
    pub city: String,
    /// Country, two letters.
    pub country: String,
    /// Who applies.
    pub applicant_name: String,
    /// Telephone.
    pub applicant_phone: String,
    /// Mail.
    pub applicant_email: String,
    /// Who is asked about technical matters.
    pub contact_name: String,
    /// Telephone.
    pub contact_phone: String,
    /// Mail.
    pub contact_email: String,
    /// `DNS`, `FILE` or `EMAIL`.
    pub domain_method: String,
    /// `RSA_2048` ...; empty for that.
    pub algorithm: String,
}

impl Application {
    /// The kind of key, by the contract's word.
    pub fn key_algorithm(&self) -> &str {
        if self.algorithm.is_empty() { "RSA_2048" } else { &self.algorithm }
    }

    /// The subject of the certificate.
    pub(super) fn subject(&self) -> Subject {
        Subject {
            country: self.country.to_ascii_uppercase(),
            province: self.province.clone(),
            city: self.city.clone(),
            organization: self.company.clone(),
            unit: self.unit.clone(),
            common_name: self.main_domain.clone(),
        }
    }

    /// Checks what was said against what was ordered and answers every name, the first domain in front.
    pub(super) fn check(&self, product: &Product) -> Result<Vec<String>> {
        let organised = !product.cert_type.starts_with("DV_");
        let company: [(&'static str, &str); 5] = [
            ("company_name", &self.company),
            ("company_province", &self.province),
            ("company_city", &self.city),
            ("country", &self.country),
            ("company_unit", &self.unit),
        ];
        for (at, (parameter, text)) in company.into_iter().enumerate() {
            if organised && at < 4 && text.is_empty() {
                return Err(Error::invalid(parameter, "is required for OV and EV certificates"));
            }
            if text.chars().count() > 63 {
                return Err(Error::invalid(parameter, "must have at most 63 characters"));
            }
        }
        let country = self.country.as_bytes();
        if !country.is_empty()
            && (country.len() != 2 || !country.iter().all(u8::is_ascii_alphabetic))
        {
            return Err(Error::invalid("country", "must be two letters"));
        }
        let people: [(&'static str, &str, bool); 6] = [
            ("applicant_name", &self.applicant_name, true),
            ("applicant_phone", &self.applicant_phone, true),
            ("applicant_email", &self.applicant_email, true),
            ("contact_name", &self.contact_name, false),
            ("contact_phone", &self.contact_phone, false),
            ("contact_email", &self.contact_email, false),
        ];
        for (parameter, text, needed) in people {
            if needed && text.is_empty() {
                return Err(Error::invalid(parameter, "is required"));
            }
            if text.len() > 255 {
                return Err(Error::invalid(parameter, "must have at most 255 bytes"));
            }
        }
        if !["DNS", "FILE", "EMAIL"].contains(&self.domain_method.as_str()) {
            return Err(Error::invalid("domain_method", "must be DNS, FILE or EMAIL"));
        }
        let names = requests::names("domain", "sans", &self.main_domain, &self.sans)?;
        let count = i64::try_from(names.len()).unwrap_or(i64::MAX);
        if count > product.domain_count {
            let why =
                format!("must be at most {} with the domain, as ordered", product.domain_count);
            return Err(Error::invalid("sans", why));
        }
        let wildcard = self.main_domain.starts_with("*.");
        match product.domain_type.as_str() {
            "WILDCARD" if !wildcard => {
                return Err(Error::invalid("domain", "must start with *. as ordered (WILDCARD)"));
            }
            "SINGLE_DOMAIN" if wildcard => {
                return Err(Error::invalid(
                    "domain",
                    "must not be a wildcard: SINGLE_DOMAIN was ordered",
                ));
            }
            _ => {}
        }
        if let Some(request) = issue::request_of(&self.csr)? {
            let asked = request.names.iter().chain([&request.subject.common_name]);
            if !asked.into_iter().any(|name| *name == self.main_domain) {
                return Err(Error::invalid("csr", "does not name the domain applied for"));
            }
        }
        Ok(names)
    }
}
