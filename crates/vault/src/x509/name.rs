//! Whom a certificate is for: the subject, and the names it holds for.

use super::Flaw;
use der::asn1::{
    AnyRef, Ia5StringRef, ObjectIdentifier, OctetStringRef, PrintableStringRef, SetOfVec,
    Utf8StringRef,
};
use der::{Choice, Encode as _, Sequence, ValueOrd};
use muster_model::{Error, Result};
use std::net::IpAddr;

const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const PROVINCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.8");
const CITY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.7");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// A distinguished name in the usual order. Empty parts are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Two capital letters.
    pub country: String,
    /// State or province.
    pub province: String,
    /// City.
    pub city: String,
    /// Organisation.
    pub organization: String,
    /// Part of the organisation.
    pub unit: String,
    /// Common name: the first domain of a server.
    pub common_name: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Sequence, ValueOrd)]
struct Attribute<'a> {
    kind: ObjectIdentifier,
    value: AnyRef<'a>,
}

impl Subject {
    /// The name in DER.
    ///
    /// # Errors
    /// `Internal` for a country that is not two letters: checked before.
    pub fn to_der(&self) -> Result<Vec<u8>> {
        let mut parts: Vec<SetOfVec<Attribute<'_>>> = Vec::new();
        if !self.country.is_empty() {
            let country = PrintableStringRef::new(&self.country).map_err(Error::internal)?;
            parts.push(part(COUNTRY, AnyRef::from(country))?);
        }
        let rest = [
            (PROVINCE, &self.province),
            (CITY, &self.city),
            (ORGANIZATION, &self.organization),
            (UNIT, &self.unit),
            (COMMON_NAME, &self.common_name),
        ];
        for (kind, text) in rest.into_iter().filter(|(_, text)| !text.is_empty()) {
            let text = Utf8StringRef::new(text).map_err(Error::internal)?;
            parts.push(part(kind, AnyRef::from(text))?);
        }
        parts.to_der().map_err(Error::internal)
    }
}

fn part(kind: ObjectIdentifier, value: AnyRef<'_>) -> Result<SetOfVec<Attribute<'_>>> {
    SetOfVec::try_from(vec![Attribute { kind, value }]).map_err(Error::internal)
}

/// A domain or address as a certificate holds it.
#[derive(Choice)]
enum GeneralName<'a> {
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT")]
    Dns(Ia5StringRef<'a>),
    #[asn1(context_specific = "6", tag_mode = "IMPLICIT")]
    Url(Ia5StringRef<'a>),
    #[asn1(context_specific = "7", tag_mode = "IMPLICIT")]
    Ip(&'a OctetStringRef),
}

/// Domains and addresses as the content of a subject alternative name, in DER.
///
/// # Errors
/// `Internal` for names that [`check_domain`] refuses.
pub(super) fn alternatives(names: &[String]) -> Result<Vec<u8>> {
    let addresses: Vec<Option<Vec<u8>>> = names.iter().map(|name| octets(name)).collect();
    let mut list = Vec::with_capacity(names.len());
    for (name, address) in names.iter().zip(&addresses) {
        list.push(match address {
            Some(octets) => GeneralName::Ip(OctetStringRef::new(octets).map_err(Error::internal)?),
            None => GeneralName::Dns(Ia5StringRef::new(name).map_err(Error::internal)?),
        });
    }
    list.to_der().map_err(Error::internal)
}

/// A URL as a general name, in DER.
pub(super) fn located_at(url: &str) -> Result<Vec<u8>> {
    let url = Ia5StringRef::new(url).map_err(Error::internal)?;
    GeneralName::Url(url).to_der().map_err(Error::internal)
}

fn octets(name: &str) -> Option<Vec<u8>> {
    match name.parse().ok()? {
        IpAddr::V4(address) => Some(address.octets().to_vec()),
        IpAddr::V6(address) => Some(address.octets().to_vec()),
    }
}

/// That `name` is a domain, a wildcard one or an IP address. Names of other scripts come in their ASCII form.
///
/// # Errors
/// Saying what it must be.
pub fn check_domain(name: &str) -> std::result::Result<(), Flaw> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let bare = name.strip_prefix("*.").unwrap_or(name);
    let domain =
        name.len() <= 253 && bare.split('.').all(label) && (bare == name || bare.contains('.'));
    if domain || name.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    Err(Flaw::new(format!(
        "{name:?} is no domain name of at most 253 characters (other scripts in their xn-- form)"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_told_from_other_things() {
        for good in ["a", "a.example", "*.a.example", "xn--fiqs8s.cn", "10.0.0.1", "2001:db8::1"] {
            check_domain(good).unwrap();
        }
        for bad in ["", "*", "*.a", "a..b", "-a.b", "a b", "中国.cn", "a.*.b", &"a.".repeat(130)]
        {
            assert!(check_domain(bad).is_err(), "{bad}");
        }
    }
}
