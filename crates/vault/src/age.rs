//! Files in the age format (age-encryption.org/v1): encrypted to recipients, opened by the identity of any of them.
//!
//! The format, not the crate: it takes X25519, HKDF, HMAC and ChaCha20-Poly1305, all of which the provider has, and
//! every age tool opens what was written to a recipient. Beside recipients a file may be written to the root key,
//! by a stanza of our own (`muster.root`), which other tools pass over as the format wants it.
//!
//! ```text
//! age-encryption.org/v1
//! -> X25519 <share>
//! <file key, wrapped>
//! -> muster.root <name of the root key> [<salt of its passphrase>]
//! <file key, sealed>
//! --- <MAC of the header>
//! <nonce (16)> <chunks of 64 KiB, each with its tag, numbered, the last one marked>
//! ```

mod header;
mod keys;
mod stream;
#[cfg(test)]
mod vectors;

pub use keys::{Identity, Recipient};
pub use stream::{Reader, Writer};

use crate::{Keyring, random};
use header::Stanza;
use muster_model::{Error, ErrorKind, Result};
use std::io::{BufRead, Write};
use zeroize::Zeroizing;

/// The secret of one file.
type FileKey = Zeroizing<[u8; FILE_KEY]>;
const FILE_KEY: usize = 16;
/// What the root key seals a file key as.
const SEALED_AS: &str = "age/file_key";
/// The type of a stanza for the root key.
const ROOT: &str = "muster.root";
/// Recipients of one file at most.
pub const MAX_RECIPIENTS: usize = 16;

/// The root key as somebody a file is written to.
pub struct Root<'a> {
    /// The keys; the newest seals.
    pub ring: &'a Keyring,
    /// The salt of the passphrase it is made of, if it is: needed to make it again, and no secret.
    pub salt: Option<[u8; 16]>,
}

/// Begins a file that the root key (if one is given) and every recipient can open. Nothing of it holds before
/// [`Writer::finish`].
///
/// # Errors
/// `Invalid` for nobody or too many to open it; `Internal` without randomness; `Unavailable` if it cannot be written.
pub fn encrypt<W: Write>(
    root: Option<&Root<'_>>,
    recipients: &[Recipient],
    mut out: W,
) -> Result<Writer<W>> {
    let readers = recipients.len() + usize::from(root.is_some());
    if readers == 0 || recipients.len() > MAX_RECIPIENTS {
        let why = format!("must be somebody who can open it, and {MAX_RECIPIENTS} at most");
        return Err(Error::invalid("recipients", why));
    }
    let key: FileKey = random::bytes()?;
    let mut stanzas = Vec::new();
    for recipient in recipients {
        stanzas.push(recipient.wrap(&key)?);
    }
    if let Some(Root { ring, salt }) = root {
        let name = ring.names().into_iter().next().unwrap_or_default();
        let mut args = vec![ROOT.to_owned(), name];
        args.extend(salt.map(hex::encode));
        stanzas.push(Stanza { args, body: ring.seal(SEALED_AS, key.as_slice())? });
    }
    let nonce = *random::bytes::<{ stream::NONCE }>()?;
    let mut head = header::write(&stanzas, &key)?;
    head.extend_from_slice(&nonce);
    out.write_all(&head).map_err(unwritten)?;
    Writer::new(out, &key, &nonce)
}

/// Who opens a file.
pub enum Opener<'a> {
    /// Somebody it was written to.
    Identity(&'a Identity),
    /// A root key it was written to.
    Root(&'a Keyring),
}

/// Opens a file. What the reader gives holds chunk by chunk; it is whole when the reader has come to its end.
///
/// # Errors
/// `Invalid`, if it is no such file or its header was altered; `Forbidden`, if it was not written to this opener.
pub fn decrypt<R: BufRead>(opener: &Opener<'_>, mut input: R) -> Result<Reader<R>> {
    let head = header::read(&mut input)?;
    let key = head.stanzas.iter().find_map(|stanza| opener.file_key(stanza)).ok_or_else(|| {
        let names: Vec<_> = head.stanzas.iter().map(Stanza::name).collect();
        let message = format!("the file was not written to this key, but to {}", names.join(", "));
        Error::new(ErrorKind::Forbidden, message)
    })?;
    head.check(&key)?;
    let mut nonce = [0; stream::NONCE];
    input.read_exact(&mut nonce).map_err(|_| header::not_age())?;
    Reader::new(input, &key, &nonce)
}

/// The salt of the passphrase whose root key a file was written to, if it was to one. Nobody has vouched for it: a wrong
/// one makes a key that opens nothing.
///
/// # Errors
/// `Invalid`, if it is no age file.
pub fn salt(mut input: impl BufRead) -> Result<Option<[u8; 16]>> {
    let head = header::read(&mut input)?;
    let of = |stanza: &Stanza| match stanza.args.as_slice() {
        [kind, _, salt] if kind == ROOT => {
            let mut bytes = [0; 16];
            hex::decode_to_slice(salt, &mut bytes).ok().map(|()| bytes)
        }
        _ => None,
    };
    Ok(head.stanzas.iter().find_map(of))
}

impl Opener<'_> {
    fn file_key(&self, stanza: &Stanza) -> Option<FileKey> {
        match self {
            Self::Identity(identity) => identity.unwrap(stanza),
            Self::Root(ring) => {
                (stanza.args.first()? == ROOT).then_some(())?;
                let key = ring.open(SEALED_AS, &stanza.body).ok()?;
                Some(Zeroizing::new(key.as_slice().try_into().ok()?))
            }
        }
    }
}

fn unwritten(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("cannot be written: {error}")).with_source(error)
}

/// HKDF-SHA256 to 32 bytes.
fn hkdf(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
    use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
    let failed = |_| Error::internal("HKDF");
    let key = Salt::new(HKDF_SHA256, salt).extract(secret);
    let mut out = Zeroizing::new([0; 32]);
    let info = [info];
    let filled = key.expand(&info, HKDF_SHA256).and_then(|okm| okm.fill(out.as_mut_slice()));
    filled.map_err(failed).map(|()| out)
}
