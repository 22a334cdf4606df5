//! The first certificate of a file, as web servers read it: PEM with anything around it, or DER.

use x509_parser::pem::Pem;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Largest certificate file worth reading, in bytes; bundles of a few hundred certificates fit.
pub const MAX_FILE: u64 = 1024 * 1024;
/// Most alternative names taken from one certificate.
const MAX_NAMES: usize = 1_000;

/// What is shown of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Issuer, `C=US, O=Let's Encrypt, CN=R3`.
    pub issuer: String,
    /// Subject, in the same form.
    pub subject: String,
    /// Start of validity, seconds since 1970.
    pub not_before: i64,
    /// End of validity, seconds since 1970.
    pub not_after: i64,
    /// SHA-256 of the DER form, lower hexadecimal.
    pub sha256: String,
    /// Serial number, lower hexadecimal.
    pub serial: String,
    /// DNS names and IP addresses it holds for.
    pub names: Vec<String>,
}

/// Reads the first certificate of `bytes`; `None` if there is none or it makes no sense.
pub fn first(bytes: &[u8]) -> Option<Certificate> {
    if let Some(certificate) = from_der(bytes) {
        return Some(certificate);
    }
    Pem::iter_from_buffer(bytes)
        .filter_map(Result::ok)
        .find(|pem| matches!(pem.label.as_str(), "CERTIFICATE" | "TRUSTED CERTIFICATE"))
        .and_then(|pem| from_der(&pem.contents))
}

fn from_der(bytes: &[u8]) -> Option<Certificate> {
    let (rest, certificate) = X509Certificate::from_der(bytes).ok()?;
    let der = bytes.get(..bytes.len().checked_sub(rest.len())?)?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.iter().flat_map(|extension| &extension.value.general_names);
    Some(Certificate {
        issuer: certificate.issuer().to_string(),
        subject: certificate.subject().to_string(),
        not_before: certificate.validity().not_before.timestamp(),
        not_after: certificate.validity().not_after.timestamp(),
        sha256: hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der).as_ref()),
        serial: hex::encode(certificate.raw_serial()),
        names: names.filter_map(name).take(MAX_NAMES).collect(),
    })
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            if let Ok(octets) = <[u8; 4]>::try_from(*bytes) {
                return Some(std::net::Ipv4Addr::from(octets).to_string());
            }
            let octets = <[u8; 16]>::try_from(*bytes).ok()?;
            Some(std::net::Ipv6Addr::from(octets).to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair};

    fn made() -> (String, Vec<u8>) {
        let mut params =
            CertificateParams::new(vec!["a.example".into(), "10.0.0.1".into()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "a.example");
        params.distinguished_name.push(DnType::OrganizationName, "Example");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2027, 1, 1);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        (certificate.pem(), certificate.der().to_vec())
    }

    #[test]
    fn pem_behind_other_things_and_der_are_the_same() {
        let (pem, der) = made();
        let key = KeyPair::generate().unwrap().serialize_pem();
        let from_pem = first(format!("# notes\n{key}\n{pem}{pem}").as_bytes()).unwrap();
        assert_eq!(Some(&from_pem), first(&der).as_ref());
        assert_eq!(from_pem.subject, from_pem.issuer);
        assert!(
            from_pem.subject.contains("CN=a.example") && from_pem.subject.contains("O=Example")
        );
        assert_eq!((from_pem.not_before, from_pem.not_after), (1_767_225_600, 1_798_761_600));
        assert_eq!(from_pem.names, ["a.example", "10.0.0.1"]);
        assert_eq!(from_pem.sha256.len(), 64);
    }

    #[test]
    fn broken_files_give_nothing() {
        let (pem, der) = made();
        assert_eq!(first(b""), None);
        assert_eq!(first(&pem.as_bytes()[..pem.len() / 2]), None);
        assert_eq!(first(&der[..der.len() - 1]), None);
    }

    proptest! {
        #[test]
        fn a_changed_byte_is_survived(at in any::<prop::sample::Index>(), byte: u8) {
            let (_, mut der) = made();
            let at = at.index(der.len());
            der[at] = byte;
            first(&der);
        }
    }
}
