//! Public keys and their fingerprints.

mod forms;

use super::refusal::Refusal;
use super::wire::{Reader, put_positive, put_string};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ParsedPublicKey,
    VerificationAlgorithm,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use md5::{Digest, Md5};

/// Longest text of a public key, in bytes.
pub const MAX_PUBLIC: usize = 16 * 1024;
/// Longest comment, in characters.
const MAX_COMMENT: usize = 255;

/// A NIST curve of RFC 5656.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// `nistp256`.
    P256,
    /// `nistp384`.
    P384,
    /// `nistp521`.
    P521,
}

impl Curve {
    pub(super) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// RFC 5656's name of the curve.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "nistp256",
            Self::P384 => "nistp384",
            Self::P521 => "nistp521",
        }
    }

    const fn bits(self) -> usize {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_FIXED,
            Self::P384 => &ECDSA_P384_SHA384_FIXED,
            Self::P521 => &ECDSA_P521_SHA512_FIXED,
        }
    }

    /// Whether an uncompressed point lies on the curve.
    fn has(self, point: &[u8]) -> bool {
        point.first() == Some(&4) && ParsedPublicKey::new(self.verification(), point).is_ok()
    }
}

/// What a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RSA of so many bits.
    Rsa(usize),
    /// ECDSA.
    Ecdsa(Curve),
    /// Ed25519.
    Ed25519,
    /// ECDSA over P-256 inside a security key (FIDO).
    SkEcdsa,
    /// Ed25519 inside a security key (FIDO).
    SkEd25519,
}

impl Kind {
    /// The algorithm's name on the wire, `ssh-ed25519`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa(_) => "ssh-rsa",
            Self::Ecdsa(Curve::P256) => "ecdsa-sha2-nistp256",
            Self::Ecdsa(Curve::P384) => "ecdsa-sha2-nistp384",
            Self::Ecdsa(Curve::P521) => "ecdsa-sha2-nistp521",
            Self::Ed25519 => "ssh-ed25519",
            Self::SkEcdsa => "sk-ecdsa-sha2-nistp256@openssh.com",
            Self::SkEd25519 => "sk-ssh-ed25519@openssh.com",
        }
    }

    /// The word `ssh-keygen -l` has for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Rsa(_) => "RSA",
            Self::Ecdsa(_) => "ECDSA",
            Self::Ed25519 => "ED25519",
            Self::SkEcdsa => "ECDSA-SK",
            Self::SkEd25519 => "ED25519-SK",
        }
    }

    /// Its size in bits.
    pub const fn bits(self) -> usize {
        match self {
            Self::Rsa(bits) => bits,
            Self::Ecdsa(curve) => curve.bits(),
            Self::Ed25519 | Self::SkEcdsa | Self::SkEd25519 => 256,
        }
    }
}

/// A public key, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    kind: Kind,
    blob: Vec<u8>,
    comment: String,
}

impl PublicKey {
    /// Reads a key in one of the forms `ssh-keygen` reads: one line of `authorized_keys` without options,
    /// RFC 4716, and PEM of `PUBLIC KEY` and `RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > MAX_PUBLIC {
            return Err(Refusal::TooLong { most: MAX_PUBLIC });
        }
        forms::parse(text)
    }

    /// From the wire's form, as inside `authorized_keys` and certificates of hosts.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_blob(blob: &[u8], comment: &str) -> Result<Self, Refusal> {
        let kind = kind(blob)?;
        let comment = comment.chars().filter(|c| !c.is_control()).take(MAX_COMMENT).collect();
        Ok(Self { kind, blob: blob.to_vec(), comment })
    }

    pub(super) fn rsa(e: &[u8], n: &[u8], comment: &str) -> Result<Self, Refusal> {
        let mut blob = Vec::with_capacity(n.len() + 64);
        put_string(&mut blob, b"ssh-rsa");
        put_positive(&mut blob, e);
        put_positive(&mut blob, n);
        Self::from_blob(&blob, comment)
    }

    pub(super) fn ecdsa(curve: Curve, point: &[u8], comment: &str) -> Result<Self, Refusal> {
        let mut blob = Vec::with_capacity(point.len() + 64);
        put_string(&mut blob, Kind::Ecdsa(curve).name().as_bytes());
        put_string(&mut blob, curve.name().as_bytes());
        put_string(&mut blob, point);
        Self::from_blob(&blob, comment)
    }

    pub(super) fn ed25519(key: &[u8], comment: &str) -> Result<Self, Refusal> {
        let mut blob = Vec::with_capacity(64);
        put_string(&mut blob, b"ssh-ed25519");
        put_string(&mut blob, key);
        Self::from_blob(&blob, comment)
    }

    /// From an RSA key as PKCS#1 has it (`RSAPublicKey`, DER).
    pub(super) fn pkcs1(der: &[u8], comment: &str) -> Result<Self, Refusal> {
        forms::pkcs1(der, comment)
    }

    /// From a `SubjectPublicKeyInfo` (DER).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn spki(der: &[u8], comment: &str) -> Result<Self, Refusal> {
        forms::spki(der, comment)
    }

    /// What it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The wire's form (RFC 4253, section 6.6).
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The comment, or empty.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// The same with another comment.
    #[must_use]
    pub fn with_comment(mut self, comment: &str) -> Self {
        self.comment = comment.chars().filter(|c| !c.is_control()).take(MAX_COMMENT).collect();
        self
    }

    /// The blob as base64: what stands for the key in `authorized_keys`.
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.blob)
    }

    /// One line of `authorized_keys`, without a line feed.
    pub fn line(&self) -> String {
        let line = format!("{} {}", self.kind.name(), self.base64());
        if self.comment.is_empty() { line } else { format!("{line} {}", self.comment) }
    }

    /// `SHA256:` and 43 letters, as `ssh-keygen -l` prints it.
    pub fn sha256(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(digest(&SHA256, &self.blob)))
    }

    /// Sixteen pairs of hexadecimal digits with colons: the vendor's fingerprint of an SSH key pair, and
    /// what `ssh-keygen -l -E md5` prints behind `MD5:`. A name, not a protection.
    pub fn md5(&self) -> String {
        colons(&Md5::digest(&self.blob))
    }

    /// A line as `ssh-keygen -l` prints it: bits, fingerprint, comment, kind.
    pub fn listed(&self) -> String {
        let comment = if self.comment.is_empty() { "no comment" } else { &self.comment };
        format!("{} {} {comment} ({})", self.kind.bits(), self.sha256(), self.kind.label())
    }
}

/// Lower hexadecimal pairs with colons between them.
pub(super) fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// Checks a blob and says what it is.
fn kind(blob: &[u8]) -> Result<Kind, Refusal> {
    let damaged = || Refusal::Damaged("its contents do not fit its kind");
    let mut reader = Reader::new(blob);
    let name = reader.string().ok_or_else(damaged)?;
    let kind = match name {
        b"ssh-rsa" => {
            let exponent = reader.positive().ok_or_else(damaged)?;
            let modulus = reader.positive().ok_or_else(damaged)?;
            rsa(exponent, modulus)?
        }
        b"ecdsa-sha2-nistp256" | b"ecdsa-sha2-nistp384" | b"ecdsa-sha2-nistp521" => {
            let wanted = reader.string().ok_or_else(damaged)?;
            let point = reader.string().ok_or_else(damaged)?;
            let curve = Curve::ALL.into_iter().find(|curve| curve.name().as_bytes() == wanted);
            let curve = curve.filter(|curve| Kind::Ecdsa(*curve).name().as_bytes() == name);
            Kind::Ecdsa(curve.filter(|curve| curve.has(point)).ok_or_else(damaged)?)
        }
        b"ssh-ed25519" => {
            reader.string().filter(|key| key.len() == 32).ok_or_else(damaged)?;
            Kind::Ed25519
        }
        b"sk-ssh-ed25519@openssh.com" => {
            reader.string().filter(|key| key.len() == 32).ok_or_else(damaged)?;
            reader.string().ok_or_else(damaged)?;
            Kind::SkEd25519
        }
        b"sk-ecdsa-sha2-nistp256@openssh.com" => {
            reader.string().filter(|curve| *curve == b"nistp256").ok_or_else(damaged)?;
            reader.string().filter(|point| Curve::P256.has(point)).ok_or_else(damaged)?;
            reader.string().ok_or_else(damaged)?;
            Kind::SkEcdsa
        }
        b"ssh-dss" => return Err(Refusal::Unsupported(DSA)),
        name if name.ends_with(b"-cert-v01@openssh.com") => {
            return Err(Refusal::Unsupported("is a certificate, not a key"));
        }
        _ => return Err(Refusal::Unsupported("is of a kind that is not known")),
    };
    if reader.is_empty() { Ok(kind) } else { Err(damaged()) }
}

/// Said of DSA keys.
pub(super) const DSA: &str = "is a DSA key: OpenSSH itself no longer takes those";

fn rsa(exponent: &[u8], modulus: &[u8]) -> Result<Kind, Refusal> {
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    if !odd(exponent) || exponent == [1] || exponent.len() > 8 || !odd(modulus) {
        return Err(Refusal::Damaged("its numbers are not those of an RSA key"));
    }
    let zeros = modulus.first().map_or(0, |first| first.leading_zeros());
    let bits = modulus.len() * 8 - usize::try_from(zeros).unwrap_or(0);
    if (2048..=8192).contains(&bits) { Ok(Kind::Rsa(bits)) } else { Err(Refusal::Size) }
}
