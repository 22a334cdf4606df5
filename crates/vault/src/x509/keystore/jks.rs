//! Java's first key store format, which older Tomcat installations want. Its protection is SHA-1 and XOR: keep such a
//! file as you would keep the plain key.

use super::{OCTETS, SEQUENCE, check, tlv, utf16};
use crate::random;
use crate::x509::{Algorithm, PrivateKey};
use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use muster_model::{Error, Micros, Result};
use zeroize::Zeroizing;

/// 1.3.6.1.4.1.42.2.17.1.1: the protection of keys in this format.
const PROTECTOR: &[u8] = &[0x06, 10, 0x2b, 6, 1, 4, 1, 0x2a, 2, 0x11, 1, 1];
const HASH: usize = 20;

/// A key store with one entry. `chain` are the certificates in DER, the key's own first.
///
/// # Errors
/// `Invalid` for a password that is not ASCII or an SM2 key, which Java does not know; `Internal` without randomness.
pub fn jks(
    password: &str,
    alias: &str,
    key: &PrivateKey,
    chain: &[Vec<u8>],
    now: Micros,
) -> Result<Zeroizing<Vec<u8>>> {
    check(password)?;
    if key.algorithm() == Algorithm::Sm2 {
        return Err(Error::invalid("format", "jks holds no SM2 keys: Java does not know them"));
    }
    let secret = Zeroizing::new(utf16(password));
    let mut out = Zeroizing::new(Vec::new());
    out.extend_from_slice(&0xfeed_feed_u32.to_be_bytes());
    out.extend_from_slice(&2_u32.to_be_bytes());
    out.extend_from_slice(&1_u32.to_be_bytes());
    // An entry with a private key.
    out.extend_from_slice(&1_u32.to_be_bytes());
    text(&mut out, &alias.to_ascii_lowercase())?;
    out.extend_from_slice(&now.millis().to_be_bytes());
    let protected = protect(&secret, &key.to_pkcs8()?)?;
    let algorithm = tlv(SEQUENCE, &[PROTECTOR.to_vec(), vec![5, 0]]);
    counted(&mut out, &tlv(SEQUENCE, &[algorithm, tlv(OCTETS, &[protected])]))?;
    out.extend_from_slice(&count(chain.len())?);
    for certificate in chain {
        text(&mut out, "X.509")?;
        counted(&mut out, certificate)?;
    }
    let tag = hash(&[&secret, b"Mighty Aphrodite", &out]);
    out.extend_from_slice(&tag);
    Ok(out)
}

fn protect(secret: &[u8], key: &[u8]) -> Result<Vec<u8>> {
    let salt = random::bytes::<HASH>()?;
    let mut protected = salt.to_vec();
    let mut stream = salt.to_vec();
    for piece in key.chunks(HASH) {
        stream = hash(&[secret, &stream]);
        protected.extend(piece.iter().zip(&stream).map(|(byte, mask)| byte ^ mask));
    }
    protected.extend(hash(&[secret, key]));
    Ok(protected)
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    parts.iter().for_each(|part| context.update(part));
    context.finish().as_ref().to_vec()
}

fn count(number: usize) -> Result<[u8; 4]> {
    Ok(u32::try_from(number).map_err(Error::internal)?.to_be_bytes())
}

fn counted(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    out.extend_from_slice(&count(bytes.len())?);
    out.extend_from_slice(bytes);
    Ok(())
}

fn text(out: &mut Vec<u8>, text: &str) -> Result<()> {
    out.extend_from_slice(&u16::try_from(text.len()).map_err(Error::internal)?.to_be_bytes());
    out.extend_from_slice(text.as_bytes());
    Ok(())
}
