//! Making certificates and revocation lists.

use super::PrivateKey;
use super::key::AlgorithmId;
use super::name::{alternatives, located_at};
use aws_lc_rs::digest;
use der::asn1::{
    AnyRef, BitStringRef, GeneralizedTime, ObjectIdentifier, OctetString, UintRef, UtcTime,
};
use der::{Choice, Decode as _, Encode as _, Sequence, Tag, TagNumber, ValueOrd};
use muster_model::{Error, Micros, Result};
use std::time::Duration;

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const EXTENDED_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const SUBJECT_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.14");
const AUTHORITY_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const DISTRIBUTION_POINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.31");
const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
const SERVER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
/// 2050-01-01T00:00:00Z: from then on a time has four digits of its year.
const LONG_YEARS: i64 = 2_524_608_000;

/// What a certificate is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A root that issues.
    Root,
    /// A server with one pair.
    Server,
    /// The signing half of a double certificate.
    Sign,
    /// The encryption half of a double certificate.
    Encrypt,
}

/// Who issues: a name and its key.
pub struct Issuer<'a> {
    /// The name in DER.
    pub name: &'a [u8],
    /// The key.
    pub key: &'a PrivateKey,
}

/// What is issued.
pub struct Order<'a> {
    /// Positive, at most 20 bytes.
    pub serial: &'a [u8],
    /// The subject in DER.
    pub subject: &'a [u8],
    /// Domains and addresses it holds for.
    pub names: &'a [String],
    /// The public key with its algorithm, in DER.
    pub public_info: &'a [u8],
    /// Valid from.
    pub not_before: Micros,
    /// Valid until.
    pub not_after: Micros,
    /// What it is made for.
    pub purpose: Purpose,
    /// Where its revocation list can be fetched, a URL in ASCII.
    pub crl: Option<&'a str>,
}

/// An extension of a certificate, request or list.
#[derive(Sequence, ValueOrd, Clone, PartialEq, Eq)]
pub(super) struct Extension {
    pub(super) id: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    pub(super) critical: bool,
    pub(super) value: OctetString,
}

#[derive(Choice, Clone, Copy)]
enum Time {
    #[asn1(type = "UTCTime")]
    Utc(UtcTime),
    #[asn1(type = "GeneralizedTime")]
    Long(GeneralizedTime),
}

#[derive(Sequence)]
struct Validity {
    not_before: Time,
    not_after: Time,
}

#[derive(Sequence)]
struct ToBeSigned<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial: UintRef<'a>,
    algorithm: AlgorithmId<'a>,
    issuer: AnyRef<'a>,
    validity: Validity,
    subject: AnyRef<'a>,
    public_key: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Signed<'a> {
    content: AnyRef<'a>,
    algorithm: AlgorithmId<'a>,
    signature: BitStringRef<'a>,
}

#[derive(Sequence)]
struct Constraints {
    ca: bool,
    depth: u8,
}

#[derive(Sequence)]
struct AuthorityKey<'a> {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    key: &'a der::asn1::OctetStringRef,
}

impl Issuer<'_> {
    /// Makes a certificate, in DER.
    ///
    /// # Errors
    /// `Internal` for names that were not checked or without randomness.
    pub fn issue(&self, order: &Order<'_>) -> Result<Vec<u8>> {
        let bad = |error: der::Error| Error::internal(error);
        let content = ToBeSigned {
            version: 2,
            serial: UintRef::new(order.serial).map_err(bad)?,
            algorithm: self.key.signature_algorithm(),
            issuer: AnyRef::from_der(self.name).map_err(bad)?,
            validity: Validity {
                not_before: time(order.not_before)?,
                not_after: time(order.not_after)?,
            },
            subject: AnyRef::from_der(order.subject).map_err(bad)?,
            public_key: AnyRef::from_der(order.public_info).map_err(bad)?,
            extensions: self.extensions(order)?,
        };
        self.sign(&content.to_der().map_err(bad)?)
    }

    fn extensions(&self, order: &Order<'_>) -> Result<Vec<Extension>> {
        let root = order.purpose == Purpose::Root;
        let mut list = Vec::new();
        let bad = |error: der::Error| Error::internal(error);
        if root {
            let constraints = Constraints { ca: true, depth: 0 };
            list.push(extension(BASIC_CONSTRAINTS, true, constraints.to_der().map_err(bad)?)?);
        } else {
            // The default of the one field is left out.
            list.push(extension(BASIC_CONSTRAINTS, true, vec![0x30, 0])?);
        }
        // Bits from the left: digitalSignature 80, nonRepudiation 40, keyEncipherment 20,
        // dataEncipherment 10, keyAgreement 08, keyCertSign 04, cRLSign 02.
        let (unused, bits) = match order.purpose {
            Purpose::Root => (1, 0x06),
            Purpose::Server => (3, 0xa8),
            Purpose::Sign => (6, 0xc0),
            Purpose::Encrypt => (3, 0x38),
        };
        list.push(extension(KEY_USAGE, true, vec![3, 2, unused, bits])?);
        if !root {
            let usages = vec![SERVER, CLIENT].to_der().map_err(bad)?;
            list.push(extension(EXTENDED_USAGE, false, usages)?);
            list.push(extension(ALTERNATIVE_NAME, false, alternatives(order.names)?)?);
        }
        let own = octets(&key_id(order.public_info)?)?;
        list.push(extension(SUBJECT_KEY, false, own)?);
        list.push(self.authority()?);
        if let Some(url) = order.crl {
            list.push(extension(DISTRIBUTION_POINTS, false, distribution_points(url)?)?);
        }
        Ok(list)
    }

    fn authority(&self) -> Result<Extension> {
        let id = key_id(&self.key.public_info()?)?;
        let bad = |error: der::Error| Error::internal(error);
        let key = der::asn1::OctetStringRef::new(&id).map_err(bad)?;
        extension(AUTHORITY_KEY, false, AuthorityKey { key }.to_der().map_err(bad)?)
    }

    fn sign(&self, content: &[u8]) -> Result<Vec<u8>> {
        let signature = self.key.sign(content)?;
        let signed = Signed {
            content: AnyRef::from_der(content).map_err(Error::internal)?,
            algorithm: self.key.signature_algorithm(),
            signature: BitStringRef::from_bytes(&signature).map_err(Error::internal)?,
        };
        signed.to_der().map_err(Error::internal)
    }

    /// Makes a revocation list of the serial numbers and the times they were revoked at, in DER.
    ///
    /// # Errors
    /// `Internal` for serial numbers that are none.
    pub fn revocations(
        &self,
        number: u64,
        revoked: &[(Vec<u8>, Micros)],
        at: Micros,
        next: Micros,
    ) -> Result<Vec<u8>> {
        let bad = |error: der::Error| Error::internal(error);
        let mut entries = Vec::with_capacity(revoked.len());
        for (serial, at) in revoked {
            let serial = UintRef::new(serial).map_err(bad)?;
            entries.push(Revoked { serial, at: time(*at)? });
        }
        let number = number.to_der().map_err(bad)?;
        let content = List {
            version: 1,
            algorithm: self.key.signature_algorithm(),
            issuer: AnyRef::from_der(self.name).map_err(bad)?,
            this_update: time(at)?,
            next_update: time(next)?,
            revoked: (!entries.is_empty()).then_some(entries),
            extensions: vec![self.authority()?, extension(CRL_NUMBER, false, number)?],
        };
        self.sign(&content.to_der().map_err(bad)?)
    }
}

#[derive(Sequence)]
struct Revoked<'a> {
    serial: UintRef<'a>,
    at: Time,
}

#[derive(Sequence)]
struct List<'a> {
    version: u8,
    algorithm: AlgorithmId<'a>,
    issuer: AnyRef<'a>,
    this_update: Time,
    next_update: Time,
    revoked: Option<Vec<Revoked<'a>>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

fn extension(id: ObjectIdentifier, critical: bool, value: Vec<u8>) -> Result<Extension> {
    let value = OctetString::new(value).map_err(Error::internal)?;
    Ok(Extension { id, critical, value })
}

/// One point with its full name, the only form RFC 5280 wants everybody to read: CRLDistributionPoints of one
/// DistributionPoint, whose distributionPoint `[0]` holds fullName `[0]`.
fn distribution_points(url: &str) -> Result<Vec<u8>> {
    const FIRST: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
    let around = |tag, content: &[u8]| {
        AnyRef::new(tag, content).and_then(|it| it.to_der()).map_err(Error::internal)
    };
    let full_name = around(FIRST, &located_at(url)?)?;
    let point = around(Tag::Sequence, &around(FIRST, &full_name)?)?;
    around(Tag::Sequence, &point)
}

fn octets(bytes: &[u8]) -> Result<Vec<u8>> {
    let octets = der::asn1::OctetStringRef::new(bytes).map_err(Error::internal)?;
    octets.to_der().map_err(Error::internal)
}

/// The first 20 bytes of SHA-256 over the public key (RFC 7093, method 1, over the whole info).
fn key_id(public_info: &[u8]) -> Result<Vec<u8>> {
    let digest = digest::digest(&digest::SHA256, public_info);
    digest.as_ref().get(..20).map(<[u8]>::to_vec).ok_or_else(|| Error::internal("a digest"))
}

fn time(at: Micros) -> Result<Time> {
    let secs = u64::try_from(at.secs()).map_err(Error::internal)?;
    let since = Duration::from_secs(secs);
    if at.secs() < LONG_YEARS {
        UtcTime::from_unix_duration(since).map(Time::Utc).map_err(Error::internal)
    } else {
        GeneralizedTime::from_unix_duration(since).map(Time::Long).map_err(Error::internal)
    }
}
