//! PKCS#12 and Java key stores as openssl and keytool read them.
#![expect(clippy::disallowed_methods, reason = "keytool is the reader that counts")]

use crate::openssl::{Folder, KINDS};
use muster_vault::pem;
use muster_vault::x509::keystore::{jks, pkcs12};
use muster_vault::x509::{Algorithm, PrivateKey};
use std::process::Command;

fn made(folder: &Folder, how: &str) -> (PrivateKey, Vec<Vec<u8>>) {
    folder.run(&format!("genpkey {how} -out it.key"));
    folder.run("req -new -x509 -key it.key -days 10 -subj /CN=a.example -out it.crt");
    let text = folder.text("it.crt");
    let der = pem::blocks(&text).unwrap().remove(0).der.to_vec();
    (PrivateKey::from_pem(&folder.text("it.key")).unwrap(), vec![der])
}

fn keytool(folder: &Folder, line: &str) -> Option<String> {
    let output = Command::new("keytool").args(line.split(' ')).current_dir(folder.path()).output();
    let Ok(output) = output else {
        assert!(std::env::var_os("CI").is_none(), "keytool is not installed");
        return None;
    };
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "keytool {line}: {said}");
    Some(said)
}

#[test]
fn openssl_and_java_read_pkcs12() {
    for (kind, how) in KINDS {
        let folder = Folder::new();
        let (key, chain) = made(&folder, how);
        folder.put("it.p12", pkcs12("pass word", "a.example", &key, &chain).unwrap().as_slice());
        folder.put("pass", "pass word\n");
        folder.run("pkcs12 -in it.p12 -passin file:pass -nodes -out out.pem");
        let out = PrivateKey::from_pem(&folder.text("out.pem")).unwrap();
        assert_eq!(out.public(), key.public(), "{kind}");
        let text = folder.text("out.pem");
        assert!(text.contains("friendlyName: a.example") && text.contains("localKeyID"), "{text}");
        let (ok, _) = folder.ask("pkcs12 -in it.p12 -passin pass:wrong -nodes -out out.pem");
        assert!(!ok);
        if *kind != "SM2" {
            let line = "-list -v -keystore it.p12 -storetype PKCS12 -storepass:file pass";
            let Some(said) = keytool(&folder, line) else { return };
            assert!(said.contains("PrivateKeyEntry") && said.contains("CN=a.example"), "{said}");
        }
    }
}

#[test]
fn java_reads_its_own_format_and_finds_the_key() {
    for (kind, how) in KINDS.iter().filter(|(kind, _)| *kind != "SM2" && *kind != "ED25519") {
        let folder = Folder::new();
        let (key, chain) = made(&folder, how);
        let now = muster_model::Clock::now(&muster_model::SystemClock);
        folder.put("it.jks", jks("password", "A.example", &key, &chain, now).unwrap().as_slice());
        // Turning it into PKCS#12 needs the key itself, not only the certificates.
        let line = "-importkeystore -srckeystore it.jks -srcstoretype JKS -srcstorepass password \
                    -destkeystore it.p12 -deststoretype PKCS12 -deststorepass password";
        if keytool(&folder, line).is_none() {
            return;
        }
        folder.run("pkcs12 -in it.p12 -passin pass:password -nodes -out out.pem");
        let out = PrivateKey::from_pem(&folder.text("out.pem")).unwrap();
        assert_eq!(out.public(), key.public(), "{kind}");
    }
}

#[test]
fn what_cannot_be_written_is_said() {
    let key = PrivateKey::generate(Algorithm::Sm2).unwrap();
    let message = |result: muster_model::Result<zeroize::Zeroizing<Vec<u8>>>| {
        result.err().unwrap().message().to_owned()
    };
    assert!(message(pkcs12("short", "a", &key, &[])).contains("6 to 128"));
    assert!(message(pkcs12("pässword", "a", &key, &[])).contains("ASCII"));
    assert!(message(jks("password", "a", &key, &[], muster_model::Micros(0))).contains("SM2"));
}
