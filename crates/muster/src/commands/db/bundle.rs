//! Bundles: a key, who is trusted, writing and taking one.

use crate::files::write_bytes;
use crate::messages::{Lang, Message, say};
use crate::output::print;
use muster_advisory::bundle::{self, Manifest};
use muster_advisory::{Knowledge, Place};
use muster_model::{Clock as _, Error, Result, SystemClock};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;

/// Makes a signing key; an existing file is not replaced.
pub(super) fn key(file: &Path) -> Result<()> {
    if file.exists() {
        return Err(Error::conflict(format!("{}: is there already", file.display())));
    }
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).map_err(Error::internal)?;
    write_bytes(file, zeroize::Zeroizing::new(key.serialize_pem()).as_bytes(), 0o600)?;
    print(&format!("{}\n", hex::encode(key.public_key_raw())))
}

/// Remembers a public key.
pub(super) fn trust(place: &Place, key: &str) -> Result<()> {
    let key = hex::encode(bundle::public_key(key)?);
    let _lock = place.take()?;
    let folder = place.trusted();
    let failed = |error: std::io::Error| {
        Error::invalid("--data-dir", format!("{}: {error}", folder.display()))
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    write_bytes(&folder.join(&key), format!("{key}\n").as_bytes(), 0o600)
}

/// Writes a bundle of what is known.
pub(super) fn write(place: &Place, file: &Path, key: &Path, lang: Lang) -> Result<()> {
    let pem = std::fs::read(key).map(zeroize::Zeroizing::new);
    let pem =
        pem.map_err(|error| Error::invalid("--key", format!("{}: {error}", key.display())))?;
    let pkcs8 = PrivatePkcs8KeyDer::from_pem_slice(&pem).map_err(|_| {
        Error::invalid("--key", format!("{}: is no private key in PEM (PKCS#8)", key.display()))
    })?;
    let written = bundle::write(&place.file(), file, pkcs8.secret_pkcs8_der(), SystemClock.now())?;
    let size = (written.size >> 20).to_string();
    print(&say(
        lang,
        Message::BundleWritten,
        &[&file.display().to_string(), &size, &written.built.iso(), &written.signer],
    ))
}

/// Verifies a bundle and takes it into use.
pub(super) fn take(place: &Place, file: &Path, older: bool) -> Result<Manifest> {
    let mut trusted = Vec::new();
    for entry in std::fs::read_dir(place.trusted()).into_iter().flatten().flatten() {
        if let Ok(text) = std::fs::read_to_string(entry.path()) {
            trusted.push(bundle::public_key(&text)?);
        }
    }
    let present = Knowledge::open(&place.file()).ok().map(|knowledge| knowledge.meta().built);
    bundle::take(file, &place.file(), &trusted, present.filter(|_| !older))
}
