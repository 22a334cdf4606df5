//! A certificate, its key and its issuers, put in order and checked against each other.

use super::{Certificate, Flaw, PrivateKey, verify};
use crate::pem;
use muster_model::{Error, Micros, Result};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate with its issuers, each as the text it came as.
pub struct Chain {
    /// The certificate the key belongs to.
    pub leaf: Certificate,
    /// Its text.
    pub certificate: String,
    /// Its issuers, nearest first.
    pub issuers: Vec<Certificate>,
    /// Their text, empty if none was given.
    pub chain: String,
}

struct Given<'t> {
    certificate: Certificate,
    text: &'t str,
}

impl Chain {
    /// Reads a certificate and its chain and finds the one `key` belongs to among all of them. The texts may hold
    /// the certificates in any order, also all in one; what was in order already keeps its text to the byte.
    ///
    /// # Errors
    /// `Invalid` naming `certificate`, `certificate_chain` or `private_key`: unreadable, expired or not yet valid,
    /// a key that fits none, a certificate that belongs to none of the others, a signature that does not fit.
    pub fn assemble(certificate: &str, chain: &str, key: &PrivateKey, now: Micros) -> Result<Self> {
        let of_certificate = |flaw: Flaw| flaw.of("certificate");
        let mut given = read(certificate).map_err(of_certificate)?;
        if given.is_empty() {
            let why = "holds no PEM certificate (-----BEGIN CERTIFICATE-----)";
            return Err(Error::invalid("certificate", why));
        }
        let own = given.len();
        given.extend(read(chain).map_err(|flaw| flaw.of("certificate_chain"))?);
        if !chain.trim().is_empty() && given.len() == own {
            return Err(Error::invalid("certificate_chain", "holds no PEM certificate"));
        }
        let public = key.public();
        let at = given.iter().position(|given| given.certificate.public.bits == public);
        let at = at.ok_or_else(|| {
            Error::invalid("private_key", "does not match the certificate: another public key")
        })?;
        let in_order = at == 0 && own == 1;
        let leaf = given.remove(at);
        leaf.certificate.check_time(now).map_err(of_certificate)?;
        let (issuers, sorted) = order(&leaf.certificate, given, now)?;
        let texts: Vec<_> = issuers.iter().map(|issuer| issuer.text).collect();
        Ok(Self {
            certificate: if in_order { certificate } else { leaf.text }.to_owned(),
            chain: if in_order && sorted { chain.to_owned() } else { texts.join("\n") },
            issuers: issuers.into_iter().map(|issuer| issuer.certificate).collect(),
            leaf: leaf.certificate,
        })
    }

    /// Certificate and issuers in one text.
    pub fn entire(certificate: &str, chain: &str) -> String {
        let gap = if chain.is_empty() || certificate.ends_with('\n') { "" } else { "\n" };
        format!("{certificate}{gap}{chain}")
    }
}

/// Every certificate of a text.
fn read(text: &str) -> std::result::Result<Vec<Given<'_>>, Flaw> {
    let mut given = Vec::new();
    for block in pem::blocks(text)? {
        match block.label {
            "CERTIFICATE" | "X509 CERTIFICATE" => {
                let certificate = Certificate::from_der(&block.der)?;
                given.push(Given { certificate, text: block.text });
            }
            label if label.ends_with("PRIVATE KEY") => {
                return Err(Flaw::new("holds a private key: it belongs in private_key"));
            }
            _ => {}
        }
    }
    Ok(given)
}

/// Walks from `leaf` to its issuers. Also tells whether they were given in that order.
fn order<'t>(
    leaf: &Certificate,
    mut rest: Vec<Given<'t>>,
    now: Micros,
) -> Result<(Vec<Given<'t>>, bool)> {
    // A certificate that was given twice is meant once.
    rest.retain(|given| given.certificate.der != leaf.der);
    let (mut path, mut sorted): (Vec<Given<'t>>, _) = (Vec::new(), true);
    loop {
        let last = path.last().map_or(leaf, |given| &given.certificate);
        let at = rest.iter().position(|given| given.certificate.subject_raw == last.issuer_raw);
        let Some(at) = at.filter(|_| !last.is_self_issued()) else { break };
        let found = rest.remove(at);
        check(last, &found.certificate, now)?;
        sorted &= at == 0;
        rest.retain(|given| given.certificate.der != found.certificate.der);
        path.push(found);
    }
    match rest.first() {
        None => Ok((path, sorted)),
        Some(stray) => {
            let last = path.last().map_or(leaf, |given| &given.certificate);
            let why = format!(
                "does not build: {:?} is no issuer of {:?}",
                stray.certificate.subject, last.subject
            );
            Err(Error::invalid("certificate_chain", why))
        }
    }
}

/// That `issuer` really issued `subject`.
fn check(subject: &Certificate, issuer: &Certificate, now: Micros) -> Result<()> {
    let refuse = |why: String| Err(Error::invalid("certificate_chain", why));
    if issuer.is_ca == Some(false) || issuer.usage.is_some_and(|usage| !usage.certify) {
        return refuse(format!("{:?} must not issue certificates", issuer.subject));
    }
    if let Err(flaw) = issuer.check_time(now) {
        return refuse(format!("{:?} {flaw}", issuer.subject));
    }
    match issued_by(subject, issuer) {
        Ok(()) => Ok(()),
        Err(flaw) => {
            let (subject, issuer) = (&subject.subject, &issuer.subject);
            refuse(format!("{subject:?} {flaw} (issuer {issuer:?})"))
        }
    }
}

/// That the signature of `subject` is one of the key of `issuer`.
///
/// # Errors
/// Saying what does not fit.
pub fn issued_by(subject: &Certificate, issuer: &Certificate) -> std::result::Result<(), Flaw> {
    let read = X509Certificate::from_der(&subject.der);
    let (_, read) = read.map_err(|_| Flaw::new("is not an X.509 certificate"))?;
    let signature = &read.signature_value.data;
    verify::check(&issuer.public, &subject.signed_by, read.tbs_certificate.as_ref(), signature)
}
