//! `openssh-key-v1`, the form OpenSSH itself keeps private keys in (`PROTOCOL.key`).

use super::pem;
use super::private::{Pair, rejected, signing};
use super::public::{Curve, PublicKey};
use super::refusal::Refusal;
use super::wire::{Reader, put_string};
use crate::random;
use aws_lc_rs::rsa::{self, KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair};
use crypto_bigint::{BoxedUint, NonZero};
use muster_model::Result as ModelResult;
use zeroize::Zeroizing;

const MAGIC: &[u8] = b"openssh-key-v1\0";
const BROKEN: Refusal = Refusal::Damaged("it breaks off or does not fit its kind");
/// Letters a line, as `ssh-keygen` writes them.
const WIDTH: usize = 70;
/// Contents are padded to this without a cipher.
const BLOCK: usize = 8;

/// Reads the one key of a file, and its comment.
pub(super) fn read(bytes: &[u8]) -> Result<(Pair, String), Refusal> {
    let bytes = bytes.strip_prefix(MAGIC).ok_or(BROKEN)?;
    let mut outer = Reader::new(bytes);
    let cipher = outer.string().ok_or(BROKEN)?;
    let derivation = outer.string().ok_or(BROKEN)?;
    outer.string().ok_or(BROKEN)?;
    if cipher != b"none" || derivation != b"none" {
        return Err(Refusal::Encrypted);
    }
    if outer.u32() != Some(1) {
        return Err(Refusal::Unsupported("holds more than one key"));
    }
    let public = outer.string().ok_or(BROKEN)?;
    let mut inner = Reader::new(outer.string().ok_or(BROKEN)?);
    if !outer.is_empty() || inner.u32().ok_or(BROKEN)? != inner.u32().ok_or(BROKEN)? {
        return Err(BROKEN);
    }
    let pair = pair(&mut inner)?;
    let comment = inner.string().ok_or(BROKEN)?;
    let padding = inner.rest();
    if padding.len() >= 256 || !padding.iter().zip(1_u8..).all(|(byte, n)| *byte == n) {
        return Err(BROKEN);
    }
    let comment = String::from_utf8_lossy(comment).into_owned();
    if pair.public("")?.blob() != public {
        return Err(Refusal::Damaged("its public half does not fit its private half"));
    }
    Ok((pair, comment))
}

fn pair(inner: &mut Reader<'_>) -> Result<Pair, Refusal> {
    match inner.string().ok_or(BROKEN)? {
        b"ssh-ed25519" => {
            let public = inner.string().ok_or(BROKEN)?;
            let seed = inner.string().and_then(|secret| secret.get(..32)).ok_or(BROKEN)?;
            let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public);
            pair.map(Pair::Ed25519).map_err(rejected)
        }
        b"ssh-rsa" => rsa(inner),
        b"ecdsa-sha2-nistp256" => ecdsa(Curve::P256, inner),
        b"ecdsa-sha2-nistp384" => ecdsa(Curve::P384, inner),
        b"ecdsa-sha2-nistp521" => ecdsa(Curve::P521, inner),
        b"ssh-dss" => Err(Refusal::Unsupported(super::public::DSA)),
        name if name.starts_with(b"sk-") => Err(Refusal::Unsupported(
            "is the handle of a security key: its private half never leaves that key",
        )),
        _ => Err(Refusal::Unsupported("is of a kind that is not known")),
    }
}

fn ecdsa(curve: Curve, inner: &mut Reader<'_>) -> Result<Pair, Refusal> {
    inner.string().filter(|name| *name == curve.name().as_bytes()).ok_or(BROKEN)?;
    let point = inner.string().ok_or(BROKEN)?;
    let scalar = inner.positive().ok_or(BROKEN)?;
    // The provider wants as many bytes as the field has.
    let length = (point.len().max(1) - 1) / 2;
    let zeros = length.checked_sub(scalar.len()).ok_or(BROKEN)?;
    let mut padded = Zeroizing::new(vec![0; zeros]);
    padded.reserve_exact(scalar.len());
    padded.extend_from_slice(scalar);
    EcdsaKeyPair::from_private_key_and_public_key(signing(curve), &padded, point)
        .map(|pair| Pair::Ecdsa(curve, pair))
        .map_err(rejected)
}

fn rsa(inner: &mut Reader<'_>) -> Result<Pair, Refusal> {
    let mut next = || inner.positive().filter(|number| number.len() <= 1024).ok_or(BROKEN);
    let (n, e, d, inverse, p, q) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let components = KeyPairComponents {
        public_key: PublicKeyComponents { n, e },
        d,
        p,
        q,
        dP: &exponent(d, p)?,
        dQ: &exponent(d, q)?,
        qInv: inverse,
    };
    rsa::KeyPair::from_components(&components).map(Pair::Rsa).map_err(rejected)
}

/// `d mod (prime - 1)`: the one number this form leaves out.
fn exponent(d: &[u8], prime: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let bits = |bytes: &[u8]| u32::try_from(bytes.len() * 8).map_err(|_| BROKEN);
    let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, bits(bytes)?).map_err(|_| BROKEN);
    let (d, prime) = (Zeroizing::new(number(d)?), Zeroizing::new(number(prime)?));
    let less = prime.wrapping_sub(BoxedUint::one());
    let less = Option::<NonZero<_>>::from(NonZero::new(less)).ok_or(BROKEN)?;
    let rest = Zeroizing::new(d.rem(&less));
    let bytes = Zeroizing::new(rest.to_be_bytes());
    Ok(Zeroizing::new(super::wire::without_zeros(&bytes).to_vec()))
}

/// Writes an Ed25519 key as `ssh-keygen` does.
pub(super) fn write_ed25519(
    seed: &[u8],
    public: &PublicKey,
    key: &[u8],
) -> ModelResult<Zeroizing<String>> {
    let check = random::bytes::<4>()?;
    let mut inner = Zeroizing::new(Vec::with_capacity(1024));
    inner.extend_from_slice(check.as_slice());
    inner.extend_from_slice(check.as_slice());
    put_string(&mut inner, b"ssh-ed25519");
    put_string(&mut inner, key);
    put_string(&mut inner, &Zeroizing::new([seed, key].concat()));
    put_string(&mut inner, public.comment().as_bytes());
    let missing = (BLOCK - inner.len() % BLOCK) % BLOCK;
    inner.extend((1_u8..).take(missing));

    let mut outer = Zeroizing::new(Vec::with_capacity(2048));
    outer.extend_from_slice(MAGIC);
    put_string(&mut outer, b"none");
    put_string(&mut outer, b"none");
    put_string(&mut outer, b"");
    outer.extend_from_slice(&1_u32.to_be_bytes());
    put_string(&mut outer, public.blob());
    put_string(&mut outer, &inner);
    Ok(pem::write("OPENSSH PRIVATE KEY", &outer, WIDTH))
}
