//! The account's own authorities: a root for each kind of key, made when first needed.
//!
//! They issue what the order operations ask for, so that the whole life of a certificate can be walked without a
//! public authority. Clients have to be told to trust their roots.

use super::{account, making, owner};
use crate::app::App;
use crate::{authz, sealing};
use muster_model::{Action, Caller, Error, Owner, Result};
use muster_store::Tx;
use muster_store::certificates::authorities::{self as store, Authority};
use muster_vault::pem;
use muster_vault::x509::issue::{Issuer, Order, Purpose};
use muster_vault::x509::name::Subject;
use muster_vault::x509::{Algorithm, Certificate, PrivateKey};
use muster_vault::{random, x509};

/// How long a root holds, in seconds: 20 years.
const ROOT_SECS: i64 = 20 * 365 * 24 * 3600;

/// A root ready to issue.
pub(super) struct Root {
    pub(super) key: i64,
    pub(super) kind: String,
    pub(super) certificate: Certificate,
    pub(super) pem: String,
    secret: PrivateKey,
}

impl Root {
    pub(super) fn issuer(&self) -> Issuer<'_> {
        Issuer { name: self.certificate.subject_der(), key: &self.secret }
    }
}

/// Which root issues for a kind of key.
pub(super) const fn kind_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rsa(_) => "RSA",
        Algorithm::Sm2 => "SM2",
        Algorithm::EcP256 | Algorithm::EcP384 | Algorithm::EcP521 | Algorithm::Ed25519 => "EC",
    }
}

/// A key for a root that is not there yet. None if it is.
pub(super) async fn prepare(app: &App, domain: i64, kind: &str) -> Result<Option<PrivateKey>> {
    if store::get(&mut app.db.read().await?, domain, kind).await?.is_some() {
        return Ok(None);
    }
    let algorithm = match kind {
        "RSA" => Algorithm::Rsa(3072),
        "SM2" => Algorithm::Sm2,
        _ => Algorithm::EcP384,
    };
    making::key(app, algorithm).await.map(Some)
}

/// The account's root of a kind, made of `fresh` if there is none.
pub(super) async fn root(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    kind: &str,
    fresh: Option<&PrivateKey>,
) -> Result<Root> {
    let domain = account(app, caller)?;
    let stored = match store::get(tx, domain, kind).await? {
        Some(stored) => stored,
        None => {
            let fresh = fresh.ok_or_else(|| Error::internal("an authority that went away"))?;
            make(tx, app, caller, domain, kind, fresh).await?
        }
    };
    open(tx, app, &owner(caller), stored).await
}

/// A stored root of `owner` with its key in the clear.
pub(super) async fn open(tx: &mut Tx, app: &App, owner: &Owner, stored: Authority) -> Result<Root> {
    let (record, sealed) = (record(&stored.algorithm), &stored.sealed_key);
    let secret = sealing::open(tx, app, owner, &record, "private_key", sealed).await?;
    let secret = PrivateKey::from_pkcs8(&secret);
    let secret = secret.map_err(|flaw| Error::internal(flaw.to_string()))?;
    Ok(Root {
        key: stored.key,
        kind: stored.algorithm,
        certificate: certificate(&stored.certificate)?,
        pem: stored.certificate,
        secret,
    })
}

async fn make(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    domain: i64,
    kind: &str,
    key: &PrivateKey,
) -> Result<Authority> {
    let now = app.now();
    let subject = Subject {
        organization: caller.domain_name.clone(),
        common_name: format!("Muster {kind} root"),
        ..Subject::default()
    };
    let subject = subject.to_der()?;
    let order = Order {
        serial: &serial()?,
        subject: &subject,
        names: &[],
        public_info: &key.public_info()?,
        not_before: now.plus_secs(-60),
        not_after: now.plus_secs(ROOT_SECS),
        purpose: Purpose::Root,
        crl: None,
    };
    let der = Issuer { name: &subject, key }.issue(&order)?;
    let secret = key.to_pkcs8()?;
    let (owner, record) = (owner(caller), record(kind));
    let sealed_key = sealing::seal(tx, app, &owner, &record, "private_key", &secret).await?;
    let mut authority = Authority {
        key: 0,
        domain,
        algorithm: kind.to_owned(),
        certificate: pem::write("CERTIFICATE", &der).to_string(),
        sealed_key,
        crl_number: 0,
        created_at: now,
    };
    authority.key = store::create(tx, &authority).await?;
    Ok(authority)
}

/// What an authority's key is sealed as.
fn record(kind: &str) -> String {
    format!("authority/{kind}")
}

/// A serial number of 16 random bytes, positive and of full length.
pub(super) fn serial() -> Result<[u8; 16]> {
    let mut serial = *random::bytes::<16>()?;
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    Ok(serial)
}

fn certificate(text: &str) -> Result<Certificate> {
    let bad = |flaw: x509::Flaw| Error::internal(flaw.to_string());
    let blocks = pem::blocks(text).map_err(bad)?;
    let block = blocks.first().ok_or_else(|| Error::internal("a root without a certificate"))?;
    Certificate::from_der(&block.der).map_err(bad)
}

/// The account's roots: kind and certificate in PEM.
///
/// # Errors
/// `Forbidden` naming the action.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<(String, String)>> {
    authz::account(app, caller, Action::CertList)?;
    let domain = account(app, caller)?;
    let all = store::all(&mut app.db.read().await?).await?;
    let own = all.into_iter().filter(|it| it.domain == domain);
    Ok(own.map(|it| (it.algorithm, it.certificate)).collect())
}
