//! A bundle carries a compiled file to a machine without network: a zip with the file, a manifest, and an Ed25519
//! signature over the manifest, which states the file's SHA-256.

use crate::file::{Mapped, trouble};
use crate::knowledge::Knowledge;
use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use muster_model::{Error, ErrorKind, Micros, Result};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const MANIFEST: &str = "manifest.json";
const SIGNATURE: &str = "manifest.sig";
const PAYLOAD: &str = crate::FILE_NAME;
/// Largest manifest that is read.
const MAX_MANIFEST: u64 = 64 << 10;
/// Largest file that is taken out of a bundle.
const MAX_PAYLOAD: u64 = 64 << 30;

/// What a bundle says about itself; all of it is signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the compiled file.
    pub format: u32,
    /// When the bundle was made.
    pub created: Micros,
    /// When the knowledge was compiled.
    pub built: Micros,
    /// Advisories in it.
    pub advisories: u64,
    /// Size of the file in bytes.
    pub size: u64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Public key of who signed, hexadecimal.
    pub signer: String,
}

/// A public key as people hand it on: 64 hexadecimal digits.
///
/// # Errors
/// `Invalid` for anything else.
pub fn public_key(text: &str) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key)
        .map_err(|_| Error::invalid("key", "a public key is 64 hexadecimal digits"))?;
    Ok(key)
}

/// Writes a bundle of the file at `knowledge`, signed with an Ed25519 key in PKCS#8.
///
/// # Errors
/// `Invalid` for a key that is none; `Unavailable` where the file is damaged or the bundle cannot be written.
pub fn write(knowledge: &Path, target: &Path, pkcs8: &[u8], now: Micros) -> Result<Manifest> {
    let key = Ed25519KeyPair::from_pkcs8(pkcs8)
        .map_err(|_| Error::invalid("key", "is no Ed25519 key in PKCS#8"))?;
    let open = Knowledge::open(knowledge)?;
    open.verify()?;
    let mut file = File::open(knowledge).map_err(|error| trouble(knowledge, error))?;
    let (size, sha256) = copy(&mut file, &mut std::io::sink(), MAX_PAYLOAD)
        .map_err(|error| trouble(knowledge, error))?;
    let manifest = Manifest {
        format: crate::FORMAT,
        created: now,
        built: open.meta().built,
        advisories: open.meta().advisories,
        size,
        sha256,
        signer: hex::encode(key.public_key().as_ref()),
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(Error::internal)?;
    let signature = key.sign(&text);
    let part = target.with_extension("part");
    let failed = |error: &dyn std::fmt::Display| trouble(&part, error);
    let out = File::create(&part).map_err(|error| failed(&error))?;
    let mut zip = ZipWriter::new(BufWriter::new(out));
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    for (name, bytes) in [(MANIFEST, text.as_slice()), (SIGNATURE, signature.as_ref())] {
        zip.start_file(name, options).map_err(|error| failed(&error))?;
        zip.write_all(bytes).map_err(|error| failed(&error))?;
    }
    zip.start_file(PAYLOAD, options).map_err(|error| failed(&error))?;
    let mut file = File::open(knowledge).map_err(|error| trouble(knowledge, error))?;
    std::io::copy(&mut file, &mut zip).map_err(|error| failed(&error))?;
    let out = zip.finish().map_err(|error| failed(&error))?;
    let out = out.into_inner().map_err(|error| failed(&error))?;
    out.sync_all().map_err(|error| failed(&error))?;
    std::fs::rename(&part, target).map_err(|error| failed(&error))?;
    Ok(manifest)
}

/// Whether a file looks like a bundle: a zip with a manifest in it.
pub fn is_bundle(path: &Path) -> bool {
    File::open(path)
        .ok()
        .and_then(|file| ZipArchive::new(BufReader::new(file)).ok())
        .is_some_and(|zip| zip.index_for_name(MANIFEST).is_some())
}

/// Verifies a bundle against the trusted keys and puts its file at `target`, replacing an older one at once. A bundle
/// compiled before `newest` is refused, so that nobody can make this machine forget by handing it an old one.
///
/// # Errors
/// `Forbidden`-like `Invalid` naming what does not hold: no trusted key, a wrong signature, another content, another
/// format; `Conflict` for one that is too old; `Unavailable` where it cannot be read or written.
pub fn take(
    bundle: &Path,
    target: &Path,
    trusted: &[[u8; 32]],
    newest: Option<Micros>,
) -> Result<Manifest> {
    let failed = |error: &dyn std::fmt::Display| trouble(bundle, error);
    let file = File::open(bundle).map_err(|error| failed(&error))?;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| failed(&error))?;
    let text = entry(&mut zip, MANIFEST).map_err(|error| failed(&error))?;
    let signature = entry(&mut zip, SIGNATURE).map_err(|error| failed(&error))?;
    let manifest = verified(&text, &signature, trusted)?;
    if manifest.format != crate::FORMAT {
        let message =
            format!("has format {}, this version reads {}", manifest.format, crate::FORMAT);
        return Err(Error::invalid("bundle", message));
    }
    if let Some(newest) = newest.filter(|newest| manifest.built < *newest) {
        return Err(Error::conflict(format!(
            "the bundle was compiled {}, what is known here {}: --older takes it all the same",
            manifest.built.iso(),
            newest.iso()
        )));
    }
    let part = target.with_extension("part");
    let out = File::create(&part).map_err(|error| trouble(&part, error))?;
    let mut payload = zip.by_name(PAYLOAD).map_err(|error| failed(&error))?;
    let mut out = BufWriter::new(out);
    let copied = copy(&mut payload, &mut out, manifest.size.min(MAX_PAYLOAD));
    let written = copied.map_err(|error| failed(&error)).and_then(|copied| {
        if copied != (manifest.size, manifest.sha256.clone()) {
            return Err(Error::invalid("bundle", "its content is not what the manifest states"));
        }
        let out = out.into_inner().map_err(|error| trouble(&part, error))?;
        out.sync_all().map_err(|error| trouble(&part, error))?;
        Mapped::open(&part)?.verify()
    });
    if let Err(error) = written {
        // What is left of a bundle that does not hold must not lie around; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(&part);
        return Err(error);
    }
    std::fs::rename(&part, target).map_err(|error| trouble(target, error))?;
    Ok(manifest)
}

/// The manifest, if one of the trusted keys signed it.
fn verified(text: &[u8], signature: &[u8], trusted: &[[u8; 32]]) -> Result<Manifest> {
    let manifest: Manifest = serde_json::from_slice(text)
        .map_err(|_| Error::invalid("bundle", "its manifest cannot be read"))?;
    let signer = public_key(&manifest.signer)?;
    if !trusted.contains(&signer) {
        let message = format!(
            "is signed by {}, which is not trusted here: compare it with the sender's, then muster db trust",
            manifest.signer
        );
        return Err(Error::invalid("bundle", message));
    }
    UnparsedPublicKey::new(&ED25519, signer)
        .verify(text, signature)
        .map_err(|_| Error::invalid("bundle", "its signature does not hold"))?;
    Ok(manifest)
}

fn entry(zip: &mut ZipArchive<impl Read + Seek>, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = zip.by_name(name).map(|entry| entry.take(MAX_MANIFEST).read_to_end(&mut bytes));
    match read {
        Ok(Ok(_)) => Ok(bytes),
        _ => Err(Error::new(ErrorKind::Invalid, format!("has no {name}: is no bundle"))),
    }
}

/// Copies at most `limit` bytes and one more, so that a longer content differs; size and SHA-256 of what was copied.
fn copy(from: &mut impl Read, to: &mut impl Write, limit: u64) -> std::io::Result<(u64, String)> {
    let mut digest = Context::new(&SHA256);
    let mut size = 0;
    let mut buffer = vec![0; 1 << 17];
    let mut from = from.take(limit.saturating_add(1));
    loop {
        let read = from.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        digest.update(bytes);
        to.write_all(bytes)?;
        size += u64::try_from(read).unwrap_or_default();
    }
    Ok((size, hex::encode(digest.finish())))
}
