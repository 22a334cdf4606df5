//! Private keys of every form openssl writes, and ours as openssl reads them.

use crate::openssl::{Folder, KINDS};
use muster_vault::x509::{Algorithm, PrivateKey};

fn refusal(text: &str) -> String {
    PrivateKey::from_pem(text).err().map(|flaw| flaw.to_string()).unwrap_or_default()
}

#[test]
fn what_openssl_writes_is_read_and_what_is_written_openssl_reads() {
    let folder = Folder::new();
    for (kind, how) in KINDS {
        folder.run(&format!("genpkey {how} -out key.pem"));
        let key = PrivateKey::from_pem(&folder.text("key.pem")).unwrap();
        assert_eq!(key.algorithm().to_string(), *kind);
        folder.put("ours.pem", key.to_pem().unwrap().as_bytes());
        for file in ["key", "ours"] {
            folder.run(&format!("pkey -in {file}.pem -pubout -outform DER -out {file}.pub"));
        }
        assert_eq!(folder.bytes("key.pub"), folder.bytes("ours.pub"), "{kind}");
        assert_eq!(folder.bytes("key.pub"), key.public_info().unwrap(), "{kind}");
        let again = PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(again.public(), key.public());
    }
}

#[test]
fn the_older_forms_are_read_too() {
    let folder = Folder::new();
    folder.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out new.pem");
    folder.run("rsa -in new.pem -traditional -out old.pem");
    assert!(folder.text("old.pem").starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    let (new, old) = (folder.text("new.pem"), folder.text("old.pem"));
    let read = |text: &str| PrivateKey::from_pem(text).unwrap();
    assert_eq!(read(&new).public(), read(&old).public());
    // Our PKCS#1 is byte for byte theirs.
    assert_eq!(read(&new).to_pem().unwrap().as_str(), old);
    for curve in ["prime256v1", "secp384r1", "SM2"] {
        // With the curve in a block of its own in front.
        folder.run(&format!("ecparam -name {curve} -genkey -out ec.pem"));
        let text = folder.text("ec.pem");
        assert!(text.contains("EC PARAMETERS") || curve == "SM2", "{text}");
        read(&text);
    }
}

#[test]
fn what_cannot_be_taken_is_refused_with_the_reason() {
    let folder = Folder::new();
    folder.run(
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -aes128 -pass pass:x -out pkcs8.pem",
    );
    assert!(
        refusal(&folder.text("pkcs8.pem")).starts_with("is encrypted: take the passphrase off")
    );
    folder
        .run("rsa -in pkcs8.pem -passin pass:x -traditional -aes128 -passout pass:x -out old.pem");
    assert!(refusal(&folder.text("old.pem")).starts_with("is encrypted"));
    folder.run("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.pem");
    assert!(refusal(&folder.text("small.pem")).contains("less than 2048"));
    folder.run("ecparam -name secp224r1 -genkey -noout -out curve.pem");
    assert!(refusal(&folder.text("curve.pem")).contains("other than P-256, P-384, P-521 and SM2"));
    folder.run("genpkey -algorithm X25519 -out x.pem");
    assert!(refusal(&folder.text("x.pem")).contains("not supported"));
    assert!(refusal("nothing").starts_with("holds no PEM private key"));
    let key = PrivateKey::generate(Algorithm::EcP256).unwrap().to_pem().unwrap();
    assert!(refusal(&format!("{}{}", *key, *key)).contains("more than one"));
    assert!(refusal(&key.replace("MHcC", "MHcD")).contains("damaged"));
}
