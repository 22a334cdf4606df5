//! Certificate requests (PKCS#10).

use super::certificate::{self, PublicKey};
use super::key::AlgorithmId;
use super::name::{Subject, alternatives};
use super::{Flaw, PrivateKey, issue::Extension, verify};
use crate::pem;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode as _, Encode as _, Sequence, ValueOrd};
use muster_model::{Error, Result};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer as _;

const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");
const ALTERNATIVE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// A request as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its subject.
    pub subject: Subject,
    /// The subject in DER.
    pub subject_der: Vec<u8>,
    /// Domains and addresses asked for, without the common name.
    pub names: Vec<String>,
    /// The public key.
    pub public: PublicKey,
}

#[derive(Sequence)]
struct Signed<'a> {
    info: AnyRef<'a>,
    algorithm: AlgorithmId<'a>,
    signature: BitStringRef<'a>,
}

#[derive(Sequence)]
struct Info<'a> {
    version: u8,
    subject: AnyRef<'a>,
    public_key: AnyRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    attributes: SetOfVec<Attribute<'a>>,
}

#[derive(Sequence, ValueOrd)]
struct Attribute<'a> {
    kind: ObjectIdentifier,
    values: SetOfVec<AnyRef<'a>>,
}

impl Request {
    /// Makes a request for `names`, signed by `key`, as PEM.
    ///
    /// # Errors
    /// `Internal` for a subject or names that were not checked.
    pub fn write(key: &PrivateKey, subject: &Subject, names: &[String]) -> Result<String> {
        let (subject, public) = (subject.to_der()?, key.public_info()?);
        let alternatives = OctetString::new(alternatives(names)?).map_err(Error::internal)?;
        let extension = Extension { id: ALTERNATIVE_NAME, critical: false, value: alternatives };
        let extensions = vec![extension].to_der().map_err(Error::internal)?;
        let mut attributes = SetOfVec::new();
        if !names.is_empty() {
            let value = AnyRef::from_der(&extensions).map_err(Error::internal)?;
            let values = SetOfVec::try_from(vec![value]).map_err(Error::internal)?;
            let attribute = Attribute { kind: EXTENSION_REQUEST, values };
            attributes.insert(attribute).map_err(Error::internal)?;
        }
        let info = Info {
            version: 0,
            subject: AnyRef::from_der(&subject).map_err(Error::internal)?,
            public_key: AnyRef::from_der(&public).map_err(Error::internal)?,
            attributes,
        };
        let info = info.to_der().map_err(Error::internal)?;
        let signature = key.sign(&info)?;
        let signed = Signed {
            info: AnyRef::from_der(&info).map_err(Error::internal)?,
            algorithm: key.signature_algorithm(),
            signature: BitStringRef::from_bytes(&signature).map_err(Error::internal)?,
        };
        let der = signed.to_der().map_err(Error::internal)?;
        Ok(pem::write("CERTIFICATE REQUEST", &der).to_string())
    }

    /// Reads a request and checks that its key signed it.
    ///
    /// # Errors
    /// If there is none or more than one, it makes no sense, or its signature does not fit.
    pub fn from_pem(text: &str) -> std::result::Result<Self, Flaw> {
        let blocks = pem::blocks(text)?;
        let mut found = blocks.iter().filter(|block| block.label.ends_with("CERTIFICATE REQUEST"));
        let (Some(block), None) = (found.next(), found.next()) else {
            let why = "must hold one PEM request (-----BEGIN CERTIFICATE REQUEST-----)";
            return Err(Flaw::new(why));
        };
        if block.der.len() > certificate::MAX_CERTIFICATE {
            return Err(Flaw::new("is a request of more than 64 KiB"));
        }
        let damaged = || Flaw::new("is not a PKCS#10 request");
        let (rest, read) = X509CertificationRequest::from_der(&block.der).map_err(|_| damaged())?;
        let info = &read.certification_request_info;
        let public = PublicKey::of(&info.subject_pki);
        let algorithm = read.signature_algorithm.algorithm.to_id_string();
        if !rest.is_empty() {
            return Err(damaged());
        }
        verify::check(&public, &algorithm, info.raw, &read.signature_value.data)?;
        let mut names = Vec::new();
        for extension in read.requested_extensions().into_iter().flatten() {
            if let ParsedExtension::SubjectAlternativeName(list) = extension {
                names.extend(list.general_names.iter().filter_map(certificate::name));
            }
        }
        if names.len() > certificate::MAX_NAMES {
            return Err(Flaw::new("asks for more than 1000 names"));
        }
        let name = &info.subject;
        let text = |found: Option<String>| found.unwrap_or_default();
        let subject = Subject {
            country: text(certificate::first(name.iter_country())),
            province: text(certificate::first(name.iter_state_or_province())),
            city: text(certificate::first(name.iter_locality())),
            organization: text(certificate::first(name.iter_organization())),
            unit: text(certificate::first(name.iter_organizational_unit())),
            common_name: text(certificate::first(name.iter_common_name())),
        };
        Ok(Self { subject, subject_der: name.as_raw().to_vec(), names, public })
    }
}
