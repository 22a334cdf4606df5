//! Issuing what was applied for, by the account's own authority.

use super::authorities::{Root, serial};
use super::import::content;
use super::{Certificate, Status, export, owner, target};
use crate::app::App;
use crate::sealing;
use muster_model::{Caller, Error, Micros, Result};
use muster_store::Tx;
use muster_store::certificates::SealedKeys;
use muster_vault::x509::chain::Chain;
use muster_vault::x509::issue::{Order, Purpose};
use muster_vault::x509::request::Request;
use muster_vault::x509::{self, PrivateKey};
use muster_vault::{envelope, pem};

/// Everything an issued certificate is made of.
pub(super) struct Parts<'a> {
    /// The subject in DER.
    pub(super) subject: Vec<u8>,
    /// Domains, the first in front.
    pub(super) names: Vec<String>,
    /// Who brings the key.
    pub(super) key: KeyOf<'a>,
    /// The encryption key of a double certificate.
    pub(super) encryption: Option<&'a PrivateKey>,
}

/// Whose the key is.
pub(super) enum KeyOf<'a> {
    /// Made here.
    Ours(&'a PrivateKey),
    /// The customer's, known by its request.
    Theirs(&'a Request),
}

/// Issues: fills in content, keys and status. The caller stores it.
pub(super) async fn issue(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    root: &Root,
    it: &mut Certificate,
    parts: &Parts<'_>,
) -> Result<()> {
    let now = app.now();
    let until = now.plus_secs(it.product.validity_months * 365 * 86_400 / 12);
    let until = Micros(until.0.min(root.certificate.not_after.0));
    let (public_info, public) = match &parts.key {
        KeyOf::Ours(key) => (key.public_info()?, key.public()),
        KeyOf::Theirs(request) => (request.public.info.clone(), request.public.bits.clone()),
    };
    let purpose = if parts.encryption.is_some() { Purpose::Sign } else { Purpose::Server };
    let crl = app.revocations.address(&caller.domain_id, &root.kind);
    let make = |public_info: &[u8], purpose| {
        let order = Order {
            serial: &serial()?,
            subject: &parts.subject,
            names: &parts.names,
            public_info,
            not_before: now.plus_secs(-60),
            not_after: until,
            purpose,
            crl: crl.as_deref(),
        };
        root.issuer().issue(&order)
    };
    let leaf = make(&public_info, purpose)?;
    let read = |der: &[u8]| {
        x509::Certificate::from_der(der).map_err(|flaw| Error::internal(flaw.to_string()))
    };
    let chain = Chain {
        leaf: read(&leaf)?,
        certificate: pem::write("CERTIFICATE", &leaf).to_string(),
        issuers: Vec::new(),
        chain: root.pem.clone(),
    };
    let mut enc_certificate = None;
    let (owner, record) = (owner(caller), target(&it.id));
    let mut keys = SealedKeys::default();
    let mut sealed_envelope = String::new();
    if let Some(encryption) = parts.encryption {
        let der = make(&encryption.public_info()?, Purpose::Encrypt)?;
        enc_certificate = Some(pem::write("CERTIFICATE", &der).to_string());
        match &parts.key {
            // Nobody but the holder of the signing key ever opens it again, we included.
            KeyOf::Theirs(_) => sealed_envelope = envelope::seal(&public, encryption)?,
            KeyOf::Ours(_) => {
                let key = encryption.to_pem()?;
                let key = key.as_bytes();
                let sealed = sealing::seal(tx, app, &owner, &record, "enc_private_key", key);
                keys.enc_key = Some(sealed.await?);
            }
        }
    }
    if let KeyOf::Ours(key) = &parts.key {
        let key = key.to_pem()?;
        let sealed = sealing::seal(tx, app, &owner, &record, "private_key", key.as_bytes());
        keys.key = Some(sealed.await?);
    }
    it.content = content(&chain, enc_certificate.as_deref());
    it.content.issued_at = Some(now);
    it.content.envelope = sealed_envelope;
    it.keys = keys;
    it.status = Status::Issued;
    it.authority = Some(root.key);
    it.updated_at = now;
    Ok(())
}

/// The customer's request out of an application, if it was one.
pub(super) fn request_of(csr: &str) -> Result<Option<Request>> {
    if csr.trim().is_empty() {
        return Ok(None);
    }
    if csr.len() > export::MAX_REQUEST {
        return Err(Error::invalid("csr", "must have at most 16384 characters"));
    }
    Request::from_pem(csr).map(Some).map_err(|flaw| flaw.of("csr"))
}

/// The serial number of the encryption half, where there is one.
pub(super) fn encryption_serial(it: &Certificate) -> Result<Option<String>> {
    let bad = |flaw: x509::Flaw| Error::internal(flaw.to_string());
    let blocks = pem::blocks(&it.content.enc_certificate).map_err(bad)?;
    let read = blocks.first().map(|block| x509::Certificate::from_der(&block.der));
    Ok(read.transpose().map_err(bad)?.map(|read| read.serial))
}
