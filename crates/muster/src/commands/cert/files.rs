//! The files each kind of server wants of a certificate.

use crate::cli::cert::Format;
use crate::commands::text;
use muster_model::{Clock, Error, Result, SystemClock};
use muster_vault::pem;
use muster_vault::x509::PrivateKey;
use muster_vault::x509::keystore::{jks, pkcs12};
use serde_json::Value;
use std::io::{Cursor, Write};
use zeroize::Zeroizing;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// An exported certificate as a file.
pub(super) struct Made {
    /// Its content.
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// The end of its usual name.
    pub(super) suffix: &'static str,
    /// Whether the password opens it and stands nowhere else.
    pub(super) protected: bool,
    /// Whether it holds a digital envelope.
    pub(super) envelope: bool,
}

/// Makes the file.
pub(super) fn make(exported: &Value, format: Format, password: &str, name: &str) -> Result<Made> {
    let part = |field: &str| text(exported, field).to_owned();
    let key = part("private_key");
    let enc_key = part("enc_private_key");
    let envelope = !enc_key.is_empty() && !enc_key.contains("-----BEGIN");
    let mut entries = Vec::new();
    let mut add = |name: &'static str, content: &[u8]| {
        if !content.is_empty() {
            entries.push((name, Zeroizing::new(content.to_vec())));
        }
    };
    let store = |java: bool| {
        let (key, chain) = (private(&key)?, certificates(&part("entire_certificate"))?);
        if java {
            return jks(password, name, &key, &chain, SystemClock.now());
        }
        pkcs12(password, name, &key, &chain)
    };
    let suffix = match format {
        Format::Pkcs12 | Format::Jks => {
            let java = format == Format::Jks;
            let suffix = if java { "server.jks" } else { "server.p12" };
            return Ok(Made { bytes: store(java)?, suffix, protected: true, envelope: false });
        }
        Format::Tomcat | Format::Iis => {
            let java = format == Format::Tomcat;
            let file = if java { "server.jks" } else { "server.pfx" };
            add(file, &store(java)?);
            add("keystorePass.txt", password.as_bytes());
            if java { "tomcat.zip" } else { "iis.zip" }
        }
        Format::Nginx => {
            add("server.crt", part("entire_certificate").as_bytes());
            add("server.key", key.as_bytes());
            "nginx.zip"
        }
        Format::Apache => {
            add("server.crt", part("certificate").as_bytes());
            add("ca.crt", part("certificate_chain").as_bytes());
            add("server.key", key.as_bytes());
            "apache.zip"
        }
        Format::Pem => {
            add("cert.pem", part("certificate").as_bytes());
            add("chain.pem", part("certificate_chain").as_bytes());
            add("server.key", key.as_bytes());
            "pem.zip"
        }
        Format::Ntls => {
            if part("enc_certificate").is_empty() {
                let why = "ntls is for SM2 double certificates; this is none";
                return Err(Error::invalid("format", why));
            }
            add("sign.crt", part("entire_certificate").as_bytes());
            add("sign.key", key.as_bytes());
            "ntls.zip"
        }
    };
    if matches!(format, Format::Nginx | Format::Apache | Format::Pem | Format::Ntls) {
        add("enc.crt", part("enc_certificate").as_bytes());
        add(if envelope { "enc.key.envelope" } else { "enc.key" }, enc_key.as_bytes());
    }
    Ok(Made { bytes: zip(&entries)?, suffix, protected: false, envelope })
}

fn private(pem: &str) -> Result<PrivateKey> {
    if pem.is_empty() {
        let why = "needs the private key, which is kept where the request was made";
        return Err(Error::invalid("format", why));
    }
    PrivateKey::from_pem(pem).map_err(|flaw| flaw.of("private_key"))
}

fn certificates(text: &str) -> Result<Vec<Vec<u8>>> {
    let blocks = pem::blocks(text).map_err(|flaw| flaw.of("certificate"))?;
    Ok(blocks.iter().map(|block| block.der.to_vec()).collect())
}

fn zip(entries: &[(&str, Zeroizing<Vec<u8>>)]) -> Result<Zeroizing<Vec<u8>>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default().unix_permissions(0o600);
        zip.start_file(*name, options).map_err(Error::internal)?;
        zip.write_all(content).map_err(Error::internal)?;
    }
    let bytes = zip.finish().map_err(Error::internal)?;
    Ok(Zeroizing::new(bytes.into_inner()))
}
