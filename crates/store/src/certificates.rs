//! Certificates of an account, ordered, imported or issued.

pub mod authorities;
pub mod notices;
pub mod requests;
pub mod tags;

mod list;

pub use list::{Brief, Filter, Order, SortKey, TagChoice, TagRule, briefs, by_keys, list};

use crate::Tx;
use crate::db::{Bind, Cells, Row, binds, folded};
use muster_model::{Error, Micros, Result};
use std::fmt;

/// Where a certificate stands in its life. What has expired is [`Status::Expired`] whatever is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Ordered, not applied for.
    Paid,
    /// Applied for; the domain is being checked.
    Checking,
    /// Applied for; the organisation is being checked.
    CheckingOrg,
    /// Checked, to be issued.
    Issuing,
    /// Issued by an authority.
    Issued,
    /// The application was refused.
    Unpassed,
    /// Revoked.
    Revoked,
    /// Imported.
    Upload,
    /// Past its end.
    Expired,
}

impl Status {
    /// Every status that can be stored or asked for.
    pub const ALL: &[Self] = &[
        Self::Paid,
        Self::Checking,
        Self::CheckingOrg,
        Self::Issuing,
        Self::Issued,
        Self::Unpassed,
        Self::Revoked,
        Self::Upload,
        Self::Expired,
    ];

    /// The contract's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paid => "PAID",
            Self::Checking => "CHECKING",
            Self::CheckingOrg => "CHECKING_ORG",
            Self::Issuing => "ISSUING",
            Self::Issued => "ISSUED",
            Self::Unpassed => "UNPASSED",
            Self::Revoked => "REVOKED",
            Self::Upload => "UPLOAD",
            Self::Expired => "EXPIRED",
        }
    }

    /// Back from [`Status::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.name() == name)
    }
}

/// What was ordered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Product {
    /// Number of the order; empty for what was imported.
    pub order_id: String,
    /// `DV_SSL_CERT` ...
    pub cert_type: String,
    /// The vendor's word for who issues.
    pub brand: String,
    /// `SINGLE_DOMAIN`, `MULTI_DOMAIN`, `WILDCARD`.
    pub domain_type: String,
    /// Names it may hold for.
    pub domain_count: i64,
    /// Wildcard names it may hold for.
    pub wildcard_count: i64,
    /// How long it holds, in months.
    pub validity_months: i64,
}

/// What stands in the certificate itself; empty before it is issued.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// `SHA256withRSA` ...
    pub signature_algorithm: String,
    /// The issuer, for people.
    pub issuer: String,
    /// SHA-1, upper hexadecimal.
    pub fingerprint: String,
    /// SHA-256, lower hexadecimal.
    pub sha256: String,
    /// Serial number, lower hexadecimal.
    pub serial: String,
    /// When it was issued, as far as known.
    pub issued_at: Option<Micros>,
    /// Valid from.
    pub not_before: Option<Micros>,
    /// Valid until.
    pub not_after: Option<Micros>,
    /// The certificate in PEM.
    pub certificate: String,
    /// Its issuers in PEM.
    pub chain: String,
    /// The encryption certificate of a double one, in PEM.
    pub enc_certificate: String,
    /// The encryption key as a digital envelope, where the request was the customer's own.
    pub envelope: String,
}

/// Keys as the vault sealed them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SealedKeys {
    /// The private key; none where the customer keeps it.
    pub key: Option<Vec<u8>>,
    /// The encryption key of a double certificate.
    pub enc_key: Option<Vec<u8>>,
}

impl fmt::Debug for SealedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKeys")
    }
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Key inside the store; 0 before it is stored.
    pub key: i64,
    /// `scs` and 13 digits.
    pub id: String,
    /// Its account.
    pub domain: i64,
    /// For people, 3 to 63 characters.
    pub name: String,
    /// For people.
    pub description: String,
    /// Enterprise project, `0` for the default one.
    pub enterprise_project_id: String,
    /// Where it stands, as stored: see [`Certificate::status_at`].
    pub status: Status,
    /// What was ordered.
    pub product: Product,
    /// The first domain.
    pub main_domain: String,
    /// Further names, separated by `;`.
    pub sans: String,
    /// What was said in the application, JSON; empty before.
    pub application: String,
    /// Whether the request for it was the customer's own.
    pub own_request: bool,
    /// What stands in it.
    pub content: Content,
    /// When it was revoked.
    pub revoked_at: Option<Micros>,
    /// Why.
    pub revoke_reason: String,
    /// The authority of ours that issued it.
    pub authority: Option<i64>,
    /// Its keys.
    pub keys: SealedKeys,
    /// Which notices are wanted: 1 before it expires, 2 when it has.
    pub notices: i64,
    /// When it was stored.
    pub created_at: Micros,
    /// When it was last changed.
    pub updated_at: Micros,
}

impl Certificate {
    /// Where it stands at `now`.
    pub fn status_at(&self, now: Micros) -> Status {
        let holds = matches!(self.status, Status::Issued | Status::Upload);
        if holds && self.content.not_after.is_some_and(|end| end <= now) {
            return Status::Expired;
        }
        self.status
    }
}

/// How much a list's index holds of what is searched, in characters: see migration 23.
const SEARCHED: usize = 600;

/// Every column but the key and what is [`searched`], in the order of [`values`].
const COLUMNS: &str = "id, domain, name, description, enterprise_project_id, status, order_id, cert_type, \
     brand, domain_type, domain_count, wildcard_count, validity_months, main_domain, sans, application, \
     own_request, signature_algorithm, issuer, fingerprint, sha256, serial, issued_at, not_before, not_after, \
     revoked_at, revoke_reason, authority, certificate, chain, enc_certificate, sealed_key, sealed_enc_key, \
     envelope, notices, created_at, updated_at";

fn values(it: &Certificate) -> Vec<Bind> {
    let (product, content) = (&it.product, &it.content);
    binds![
        &it.id,
        it.domain,
        &it.name,
        &it.description,
        &it.enterprise_project_id,
        it.status.name(),
        &product.order_id,
        &product.cert_type,
        &product.brand,
        &product.domain_type,
        product.domain_count,
        product.wildcard_count,
        product.validity_months,
        &it.main_domain,
        &it.sans,
        &it.application,
        it.own_request,
        &content.signature_algorithm,
        &content.issuer,
        &content.fingerprint,
        &content.sha256,
        &content.serial,
        content.issued_at,
        content.not_before,
        content.not_after,
        it.revoked_at,
        &it.revoke_reason,
        it.authority,
        &content.certificate,
        &content.chain,
        &content.enc_certificate,
        it.keys.key.clone(),
        it.keys.enc_key.clone(),
        &content.envelope,
        it.notices,
        it.created_at,
        it.updated_at
    ]
}

fn certificate(row: &Row) -> Result<Certificate> {
    read(&mut row.cells())
}

/// The key and [`COLUMNS`].
fn read(cells: &mut Cells<'_>) -> Result<Certificate> {
    let mut it = Certificate {
        key: cells.take()?,
        id: cells.take()?,
        domain: cells.take()?,
        name: cells.take()?,
        description: cells.take()?,
        enterprise_project_id: cells.take()?,
        status: Status::from_name(&cells.take::<String>()?)
            .ok_or_else(|| Error::internal("a certificate's status"))?,
        product: Product {
            order_id: cells.take()?,
            cert_type: cells.take()?,
            brand: cells.take()?,
            domain_type: cells.take()?,
            domain_count: cells.take()?,
            wildcard_count: cells.take()?,
            validity_months: cells.take()?,
        },
        main_domain: cells.take()?,
        sans: cells.take()?,
        application: cells.take()?,
        own_request: cells.take()?,
        content: Content {
            signature_algorithm: cells.take()?,
            issuer: cells.take()?,
            fingerprint: cells.take()?,
            sha256: cells.take()?,
            serial: cells.take()?,
            issued_at: cells.take()?,
            not_before: cells.take()?,
            not_after: cells.take()?,
            ..Content::default()
        },
        revoked_at: cells.take()?,
        revoke_reason: cells.take()?,
        authority: cells.take()?,
        keys: SealedKeys::default(),
        notices: 0,
        created_at: Micros(0),
        updated_at: Micros(0),
    };
    it.content.certificate = cells.take()?;
    it.content.chain = cells.take()?;
    it.content.enc_certificate = cells.take()?;
    it.keys = SealedKeys { key: cells.take()?, enc_key: cells.take()? };
    it.content.envelope = cells.take()?;
    it.notices = cells.take()?;
    it.created_at = cells.take()?;
    it.updated_at = cells.take()?;
    Ok(it)
}

/// What a search of the list looks through, and whether that is all of it.
fn searched(it: &Certificate) -> (String, bool) {
    let whole = folded(&[it.name.as_str(), &it.main_domain, &it.sans].join("\n"));
    let cut: String = whole.chars().take(SEARCHED).collect();
    let all = cut.len() == whole.len();
    (cut, all)
}

/// Adds a certificate and answers its key.
///
/// # Errors
/// `Conflict` when the id is taken.
pub async fn create(tx: &mut Tx, it: &Certificate) -> Result<i64> {
    let (mut values, (searched, whole)) = (values(it), searched(it));
    values.extend(binds![searched, whole]);
    let places = vec!["?"; values.len()].join(",");
    let sql = format!(
        "INSERT INTO certificates ({COLUMNS}, searched, searched_whole) VALUES ({places}) RETURNING key"
    );
    tx.one(sql, values).await?.only()
}

/// Stores everything of a certificate.
///
/// # Errors
/// `NotFound`.
pub async fn update(tx: &mut Tx, it: &Certificate) -> Result<()> {
    let set = COLUMNS.replace(", ", " = ?, ");
    let (mut values, (searched, whole)) = (values(it), searched(it));
    values.extend(binds![searched, whole, it.key]);
    let sql = format!(
        "UPDATE certificates SET {set} = ?, searched = ?, searched_whole = ? WHERE key = ?"
    );
    if tx.execute(sql, values).await? == 0 {
        Err(Error::not_found("the certificate"))
    } else {
        Ok(())
    }
}

/// An account's certificate of this id.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, domain: i64, id: &str) -> Result<Option<Certificate>> {
    let sql = format!("SELECT key, {COLUMNS} FROM certificates WHERE domain = ? AND id = ?");
    tx.optional(sql, binds![domain, id]).await?.as_ref().map(certificate).transpose()
}

/// Whether an account has this very certificate.
///
/// # Errors
/// Those of the database.
pub async fn holds(tx: &mut Tx, domain: i64, sha256: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM certificates WHERE domain = ? AND sha256 = ? LIMIT 1";
    Ok(tx.optional(sql, binds![domain, sha256]).await?.is_some())
}

/// Removes a certificate with its tags.
///
/// # Errors
/// `NotFound`.
pub async fn delete(tx: &mut Tx, key: i64) -> Result<()> {
    let touched = tx.execute("DELETE FROM certificates WHERE key = ?", binds![key]).await?;
    if touched == 0 { Err(Error::not_found("the certificate")) } else { Ok(()) }
}
