//! The five schemes and what differs between them.

use super::authorization::Scope;
use sm3::{Digest, Sm3};

/// One of the signature schemes, named by the first word of the `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `SDK-HMAC-SHA256`: HMAC by the secret itself.
    HmacSha256,
    /// `SDK-HMAC-SM3`: the same with SM3 for every hash.
    HmacSm3,
    /// `SDK-ECDSA-P256-SHA256`: ECDSA by a key derived from the secret.
    EcdsaP256,
    /// `SDK-SM2-SM3`: SM2 by a key derived from the secret, SM3 for every hash.
    Sm2Sm3,
    /// `V11-HMAC-SHA256`: HMAC by a key derived for a day, a region and a service.
    HmacSha256Derived,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::HmacSha256, Self::HmacSm3, Self::EcdsaP256, Self::Sm2Sm3, Self::HmacSha256Derived];

    /// The word in the header.
    pub const fn word(self) -> &'static str {
        match self {
            Self::HmacSha256 => "SDK-HMAC-SHA256",
            Self::HmacSm3 => "SDK-HMAC-SM3",
            Self::EcdsaP256 => "SDK-ECDSA-P256-SHA256",
            Self::Sm2Sm3 => "SDK-SM2-SM3",
            Self::HmacSha256Derived => "V11-HMAC-SHA256",
        }
    }

    /// Back from [`Scheme::word`].
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.word() == word)
    }

    const fn is_sm3(self) -> bool {
        matches!(self, Self::HmacSm3 | Self::Sm2Sm3)
    }

    /// The header that may declare the payload's hash.
    pub(super) const fn content_header(self) -> &'static str {
        if self.is_sm3() { "x-sdk-content-sm3" } else { "x-sdk-content-sha256" }
    }

    /// Lower hexadecimal of the scheme's hash.
    pub(super) fn hash_hex(self, data: &[u8]) -> String {
        if self.is_sm3() {
            hex::encode(Sm3::digest(data))
        } else {
            hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data))
        }
    }

    /// What is signed: names the scheme and the date, and holds the hash of the canonical request.
    pub(super) fn string_to_sign(
        self,
        date: &[u8],
        scope: Option<&Scope<'_>>,
        canonical: &[u8],
    ) -> Vec<u8> {
        let mut text = Vec::with_capacity(160);
        text.extend_from_slice(self.word().as_bytes());
        text.push(b'\n');
        text.extend_from_slice(date);
        text.push(b'\n');
        if let Some(scope) = scope {
            text.extend_from_slice(scope.text.as_bytes());
            text.push(b'\n');
        }
        text.extend_from_slice(self.hash_hex(canonical).as_bytes());
        text
    }
}
