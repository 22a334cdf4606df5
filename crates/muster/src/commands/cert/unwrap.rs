//! Opening a digital envelope, on this machine alone.

use super::{MAX_FILE, read, read_text};
use crate::cli::cert::UnwrapArgs;
use crate::files::write_bytes;
use crate::output::print;
use muster_model::{Error, Result};
use muster_vault::x509::{Certificate, PrivateKey};
use muster_vault::{envelope, pem};
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// Opens the envelope and writes the key as PEM.
pub(crate) fn unwrap(args: &UnwrapArgs) -> Result<()> {
    let sealed = if args.envelope == Path::new("-") {
        let mut bytes = Zeroizing::new(Vec::new());
        let read = std::io::stdin().lock().take(MAX_FILE).read_to_end(&mut bytes);
        read.map_err(|error| Error::invalid("envelope", error))?;
        bytes
    } else {
        read(&args.envelope)?
    };
    let signing = PrivateKey::from_pem(&read_text(&args.key)?).map_err(|flaw| flaw.of("key"))?;
    let certificate = args.certificate.as_deref().map(read_text).transpose()?;
    let certified = certificate.as_ref().map(|text| point(text)).transpose()?;
    let opened = envelope::open(&sealed, &signing, certified.as_deref());
    let key = opened.map_err(|flaw| flaw.of("envelope"))?.to_pem()?;
    match &args.file {
        Some(file) => write_bytes(file, key.as_bytes(), 0o600),
        None => print(&key),
    }
}

/// The public key of a certificate.
fn point(text: &str) -> Result<Vec<u8>> {
    let blocks = pem::blocks(text).map_err(|flaw| flaw.of("certificate"))?;
    let block =
        blocks.first().ok_or_else(|| Error::invalid("certificate", "holds no PEM certificate"))?;
    let read = Certificate::from_der(&block.der).map_err(|flaw| flaw.of("certificate"))?;
    Ok(read.public.bits)
}
