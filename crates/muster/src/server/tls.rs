//! The server's certificate: the operator's own, or one made by a CA of this installation.

use crate::config::TlsConfig;
use crate::files::write_bytes;
use muster_model::{Error, ErrorKind, Micros, Result};
use muster_service::settings::Ca;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use zeroize::Zeroizing;

/// Years a generated CA is valid.
const CA_YEARS: i16 = 20;
/// Years a generated server certificate is valid; it is made anew at every start.
const SERVER_YEARS: i16 = 2;

/// What to listen with.
pub(crate) struct Identity {
    /// Chain and key, PEM.
    pub(crate) chain: Vec<u8>,
    pub(crate) key: Zeroizing<Vec<u8>>,
    /// What clients must trust.
    pub(crate) ca: Ca,
}

/// The certificate to listen with: none for plain HTTP, which only loopback may speak.
pub(crate) fn identity(
    config: &TlsConfig,
    data_dir: &Path,
    address: IpAddr,
    names: &[String],
    now: Micros,
) -> Result<Option<Identity>> {
    match (&config.cert_file, &config.key_file) {
        (Some(cert), Some(key)) => own(config, cert, key).map(Some),
        (None, None) if config.generate => {
            generated(&data_dir.join("tls"), address, names, now).map(Some)
        }
        (None, None) if address.is_loopback() => Ok(None),
        (None, None) => Err(Error::invalid(
            "listen",
            format!(
                "{address} is not a loopback address and plain HTTP would show every password: give \
                 --tls-cert and --tls-key, or --tls-generate for a certificate made here"
            ),
        )),
        _ => Err(Error::invalid("tls", "cert_file and key_file go together")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::new(ErrorKind::Unavailable, format!("{}: {error}", path.display())))
}

fn own(config: &TlsConfig, cert: &Path, key: &Path) -> Result<Identity> {
    let chain = read(cert)?;
    // What agents pin: the CA if it is named, else the last certificate of the chain.
    let trusted = match &config.ca_file {
        Some(path) => read(path)?,
        None => last_of(&chain),
    };
    let ca = ca(String::from_utf8_lossy(&trusted).into_owned())?;
    Ok(Identity { chain, key: Zeroizing::new(read(key)?), ca })
}

fn last_of(chain: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(chain);
    text.rfind("-----BEGIN CERTIFICATE-----")
        .and_then(|at| text.get(at..))
        .unwrap_or_default()
        .as_bytes()
        .to_vec()
}

/// The CA with its fingerprint.
fn ca(pem: String) -> Result<Ca> {
    let certificate = ureq::tls::Certificate::from_pem(pem.as_bytes())
        .map_err(|_| Error::invalid("tls.ca_file", "is not a certificate in PEM form"))?;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
    Ok(Ca { pem, sha256: hex::encode(hash) })
}

fn generated(dir: &Path, address: IpAddr, names: &[String], now: Micros) -> Result<Identity> {
    std::fs::create_dir_all(dir).map_err(Error::internal)?;
    let (ca_pem, ca_key) = installation_ca(dir, now)?;
    let issuer = Issuer::from_ca_cert_pem(&ca_pem, &ca_key).map_err(Error::internal)?;
    let key = KeyPair::generate().map_err(Error::internal)?;
    let mut params = params("Muster server", SERVER_YEARS, now);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = alternatives(address, names)?;
    let certificate = params.signed_by(&key, &issuer).map_err(Error::internal)?;
    let chain = format!("{}{ca_pem}", certificate.pem());
    let key = Zeroizing::new(key.serialize_pem().into_bytes());
    Ok(Identity { chain: chain.into_bytes(), key, ca: ca(ca_pem)? })
}

/// The CA of this installation, made at the first call.
fn installation_ca(dir: &Path, now: Micros) -> Result<(String, KeyPair)> {
    let (cert_path, key_path) = (dir.join("ca.pem"), dir.join("ca.key"));
    if key_path.exists() && cert_path.exists() {
        let key = Zeroizing::new(read(&key_path)?);
        let key = KeyPair::from_pem(&String::from_utf8_lossy(&key))
            .map_err(|_| Error::invalid("tls/ca.key", "is not a key in PEM form"))?;
        return Ok((String::from_utf8_lossy(&read(&cert_path)?).into_owned(), key));
    }
    let key = KeyPair::generate().map_err(Error::internal)?;
    let mut params = params("Muster CA", CA_YEARS, now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pem = params.self_signed(&key).map_err(Error::internal)?.pem();
    write_bytes(&key_path, Zeroizing::new(key.serialize_pem()).as_bytes(), 0o600)?;
    write_bytes(&cert_path, pem.as_bytes(), 0o644)?;
    Ok((pem, key))
}

fn params(name: &str, years: i16, now: Micros) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject.push(DnType::OrganizationName, "Muster");
    params.distinguished_name = subject;
    let at = jiff::Timestamp::from_microsecond(now.0).unwrap_or_default();
    let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    // From the first of the month: clocks of clients may be behind.
    let day = |years: i16| {
        let month = u8::try_from(date.month()).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()) + i32::from(years), month, 1)
    };
    params.not_before = day(0);
    params.not_after = day(years);
    params
}

/// Everything a client may call this server.
fn alternatives(address: IpAddr, names: &[String]) -> Result<Vec<SanType>> {
    let mut all: BTreeSet<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
    all.insert("localhost".to_owned());
    all.insert("127.0.0.1".to_owned());
    all.insert("::1".to_owned());
    if !address.is_unspecified() {
        all.insert(address.to_string());
    }
    all.into_iter()
        .map(|name| match name.parse::<IpAddr>() {
            Ok(ip) => Ok(SanType::IpAddress(ip)),
            Err(_) => name
                .clone()
                .try_into()
                .map(SanType::DnsName)
                .map_err(|_| Error::invalid("tls.names", format!("{name} is not a host name"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros::from_secs(1_795_262_400);

    #[test]
    fn only_loopback_may_be_plain() {
        let dir = tempfile::tempdir().unwrap();
        let none = TlsConfig::default();
        let ask = |ip: &str| identity(&none, dir.path(), ip.parse().unwrap(), &[], NOW);
        assert!(ask("127.0.0.1").unwrap().is_none());
        assert!(ask("::1").unwrap().is_none());
        for open in ["0.0.0.0", "::", "192.0.2.1"] {
            assert_eq!(ask(open).err().unwrap().parameter(), Some("listen"));
        }
    }

    #[test]
    fn the_ca_stays_and_the_certificate_is_renewed() {
        let dir = tempfile::tempdir().unwrap();
        let config = TlsConfig { generate: true, ..TlsConfig::default() };
        let make = || {
            let names = ["muster.example".to_owned()];
            identity(&config, dir.path(), "0.0.0.0".parse().unwrap(), &names, NOW)
        };
        let (first, second) = (make().unwrap().unwrap(), make().unwrap().unwrap());
        assert_eq!(first.ca.sha256, second.ca.sha256);
        assert_eq!(first.ca.pem, std::fs::read_to_string(dir.path().join("tls/ca.pem")).unwrap());
        assert_ne!(first.chain, second.chain);
        assert!(first.chain.ends_with(first.ca.pem.as_bytes()));
    }
}
