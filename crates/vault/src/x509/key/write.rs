//! Writing private keys.

use super::super::oid;
use super::{Kind, PrivateKey};
use crate::pem;
use aws_lc_rs::encoding::AsDer as _;
use der::asn1::{AnyRef, OctetStringRef};
use der::{Encode as _, Sequence};
use muster_model::{Error, Result};
use sm2::pkcs8::PrivateKeyInfoRef;
use zeroize::Zeroizing;

#[derive(Sequence)]
struct Pkcs8<'a> {
    version: u8,
    algorithm: super::AlgorithmId<'a>,
    key: &'a OctetStringRef,
}

impl PrivateKey {
    /// The key in PKCS#8 DER.
    ///
    /// # Errors
    /// `Internal` if it cannot be encoded.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        let failed = |_| Error::internal("a private key that cannot be written");
        let der = match &self.0 {
            Kind::Rsa(pair) => pair.as_der().map_err(failed)?.as_ref().to_vec(),
            Kind::Ec(_, pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Kind::Ed25519(pair) => pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Kind::Sm2(secret) => {
                let key = secret.to_sec1_der().map_err(Error::internal)?;
                let algorithm = super::AlgorithmId {
                    algorithm: oid::EC,
                    parameters: Some(AnyRef::from(&oid::SM2)),
                };
                let key = OctetStringRef::new(&key).map_err(Error::internal)?;
                Pkcs8 { version: 0, algorithm, key }.to_der().map_err(Error::internal)?
            }
        };
        Ok(Zeroizing::new(der))
    }

    /// The key as PEM in the usual form of its kind: PKCS#1 for RSA, SEC1 for NIST curves, PKCS#8 for the rest.
    ///
    /// # Errors
    /// `Internal` if it cannot be encoded.
    pub fn to_pem(&self) -> Result<Zeroizing<String>> {
        match &self.0 {
            Kind::Rsa(_) => {
                let whole = self.to_pkcs8()?;
                let info = PrivateKeyInfoRef::try_from(whole.as_slice());
                let info = info.map_err(|_| Error::internal("a PKCS#8 key of our own"))?;
                Ok(pem::write("RSA PRIVATE KEY", info.private_key.as_bytes()))
            }
            Kind::Ec(_, pair) => {
                let key = pair.private_key();
                let der = key.as_der().map_err(|_| Error::internal("an EC private key"))?;
                Ok(pem::write("EC PRIVATE KEY", der.as_ref()))
            }
            Kind::Ed25519(_) | Kind::Sm2(_) => Ok(pem::write("PRIVATE KEY", &self.to_pkcs8()?)),
        }
    }
}
