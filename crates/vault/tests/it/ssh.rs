//! SSH keys against the real `ssh-keygen` and `openssl`.

use muster_model::Micros;
use muster_vault::ssh::{
    Algorithm, Certificate, Kind, MAX_PRIVATE, MAX_PUBLIC, PrivateKey, PublicKey, Refusal, certify,
    generate,
};
use proptest::prelude::*;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program prints, which must succeed.
fn run(program: &str, arguments: &[&str]) -> String {
    #[expect(clippy::disallowed_methods, reason = "the real tools say what is right")]
    let output = Command::new(program).args(arguments).output().unwrap();
    let trouble = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {trouble}");
    String::from_utf8(output.stdout).unwrap()
}

fn keygen(arguments: &[&str]) -> String {
    run("ssh-keygen", arguments)
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file only we may read, as ssh-keygen insists.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    /// Lets ssh-keygen make a key pair and answers the path of its private half.
    fn make(&self, name: &str, arguments: &[&str]) -> String {
        let path = self.path(name).display().to_string();
        let common = ["-q", "-N", "", "-C", "ann@laptop", "-f", &path];
        keygen(&[arguments, &common].concat());
        path
    }
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Kind and base64 of a line.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().take(2).collect()
}

#[test]
fn what_is_made_is_what_ssh_keygen_would_have_made() {
    let folder = Folder::new();
    for algorithm in Algorithm::ALL {
        let made = generate(*algorithm, "web-1").unwrap();
        let label = match algorithm {
            Algorithm::Rsa2048 | Algorithm::Rsa3072 | Algorithm::Rsa4096 => "RSA PRIVATE KEY",
            Algorithm::Ed25519 => "OPENSSH PRIVATE KEY",
            _ => "EC PRIVATE KEY",
        };
        assert!(made.private.starts_with(&format!("-----BEGIN {label}-----\n")), "{algorithm}");
        assert!(made.private.ends_with(&format!("-----END {label}-----\n")), "{algorithm}");
        let file = folder.write(algorithm.name(), &made.private);
        let public = keygen(&["-y", "-f", &file]);
        assert_eq!(words(&public), words(&made.public.line()), "{algorithm}");

        let file = folder.write("public", &made.public.line());
        assert_eq!(keygen(&["-l", "-f", &file]).trim(), made.public.listed(), "{algorithm}");
        let md5 = keygen(&["-l", "-E", "md5", "-f", &file]);
        assert!(md5.contains(&format!(" MD5:{} ", made.public.md5())), "{algorithm}: {md5}");

        let again = PrivateKey::parse(&made.private).unwrap();
        assert!(again.fits(&made.public), "{algorithm}");
        assert!(!again.fits(&generate(Algorithm::EcdsaP256, "").unwrap().public));
    }
}

#[test]
fn every_form_ssh_keygen_writes_is_read() {
    let folder = Folder::new();
    let kinds: [&[&str]; 6] = [
        &["-t", "rsa", "-b", "2048"],
        &["-t", "rsa", "-b", "3073"],
        &["-t", "ecdsa", "-b", "256"],
        &["-t", "ecdsa", "-b", "384"],
        &["-t", "ecdsa", "-b", "521"],
        &["-t", "ed25519"],
    ];
    for (at, kind) in kinds.iter().enumerate() {
        for form in ["RFC4716", "PKCS8", "PEM"] {
            let file = folder.make(&format!("{at}-{form}"), &[*kind, &["-m", form]].concat());
            let line = read(format!("{file}.pub"));
            let public = PublicKey::parse(&line).unwrap();
            assert_eq!((public.comment(), public.line().as_str()), ("ann@laptop", line.trim()));
            let private = PrivateKey::parse(&read(&file))
                .unwrap_or_else(|error| panic!("{kind:?} {form}: {error}"));
            assert!(private.fits(&public), "{kind:?} {form}");
            let own = private.public().unwrap();
            let keeps = read(&file).contains("OPENSSH");
            assert_eq!(own.comment(), if keeps { "ann@laptop" } else { "" }, "{kind:?} {form}");
            // ssh-keygen exports Ed25519 in its own form only.
            if form == "RFC4716" || kind.len() == 4 {
                let exported = keygen(&["-e", "-m", form, "-f", &format!("{file}.pub")]);
                let read = PublicKey::parse(&exported)
                    .unwrap_or_else(|error| panic!("{exported}: {error}"));
                assert_eq!(read.blob(), public.blob(), "{exported}");
            }
        }
    }
}

#[test]
fn keys_of_openssl_are_read() {
    let folder = Folder::new();
    for (name, arguments) in [
        ("params", &["ecparam", "-name", "prime256v1", "-genkey"][..]),
        ("pkcs8-ec", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        ("pkcs8-ed", &["genpkey", "-algorithm", "ED25519"]),
        ("pkcs8-rsa", &["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        ("pkcs1", &["genrsa", "-traditional", "2048"]),
    ] {
        let file = folder.write(name, &run("openssl", arguments));
        let private =
            PrivateKey::parse(&read(&file)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let spki = run("openssl", &["pkey", "-in", &file, "-pubout"]);
        assert!(private.fits(&PublicKey::parse(&spki).unwrap()), "{name}");
        // ssh-keygen knows no Ed25519 in PKCS#8 before 9.6.
        if name != "pkcs8-ed" {
            let line = keygen(&["-y", "-f", &file]);
            assert!(private.fits(&PublicKey::parse(&line).unwrap()), "{name}");
        }
    }
    let odd = run("openssl", &["ecparam", "-name", "secp256k1", "-genkey"]);
    assert!(PrivateKey::parse(&odd).is_err());
}

#[test]
fn a_passphrase_is_refused_in_every_form() {
    let folder = Folder::new();
    for form in ["RFC4716", "PKCS8", "PEM"] {
        let file = folder.path(form).display().to_string();
        keygen(&["-q", "-t", "rsa", "-m", form, "-N", "correct horse", "-f", &file]);
        assert_eq!(PrivateKey::parse(&read(&file)).err(), Some(Refusal::Encrypted), "{form}");
    }
    assert!(Refusal::Encrypted.to_string().contains("ssh-keygen -p"));
}

#[test]
fn what_is_no_key_to_be_taken_says_why() {
    let folder = Folder::new();
    let small = folder.make("small", &["-t", "rsa", "-b", "1024", "-m", "PEM"]);
    let newer = folder.make("newer", &["-t", "rsa", "-b", "1024"]);
    let eight = folder.path("eight").display().to_string();
    run("openssl", &["pkcs8", "-topk8", "-nocrypt", "-in", &small, "-out", &eight]);
    for file in [&small, &newer, &eight] {
        assert_eq!(PrivateKey::parse(&read(file)).err(), Some(Refusal::Size), "{file}");
    }
    assert_eq!(PublicKey::parse(&read(format!("{small}.pub"))), Err(Refusal::Size));

    let dsa = folder.make("dsa", &["-t", "dsa"]);
    let authority = folder.make("ca", &["-t", "ed25519"]);
    let subject = folder.make("subject", &["-t", "ed25519"]);
    keygen(&["-q", "-s", &authority, "-I", "x", &format!("{subject}.pub")]);
    let why = |refusal: Option<Refusal>| refusal.expect("a refusal").to_string();
    let public = |text: &str| why(PublicKey::parse(text).err());
    let private = |text: &str| why(PrivateKey::parse(text).err());
    assert!(private(&read(&dsa)).contains("DSA"));
    assert!(public(&read(format!("{dsa}.pub"))).contains("DSA"));
    assert!(public(&read(format!("{subject}-cert.pub"))).contains("certificate"));
    assert!(public(&read(&subject)).contains("private key"));
    let spki = keygen(&["-e", "-m", "PKCS8", "-f", &format!("{small}.pub")]);
    assert!(private(&spki).contains("public key"));
    assert!(private("PuTTY-User-Key-File-3: ssh-ed25519").contains("puttygen"));
    assert!(private("x").contains("OpenSSH or PEM"));
    assert!(public("x y").contains("RFC 4716"));
    assert!(private(&"x".repeat(MAX_PRIVATE + 1)).contains("65535"));
    assert!(public(&"x".repeat(MAX_PUBLIC + 1)).contains("16384"));
    let line = read(format!("{subject}.pub"));
    assert!(public(&format!("{line}{line}")).contains("more than one"));
    assert!(public(&line.replacen("ssh-ed25519", "ssh-rsa", 1)).contains("two kinds"));
    assert!(public(&format!("no-pty {line}")).contains("is not a key"));
}

#[test]
fn a_comment_with_the_words_of_an_armour_is_a_comment() {
    let folder = Folder::new();
    let line = read(format!("{}.pub", folder.make("key", &["-t", "ed25519"])));
    let key = PublicKey::parse(&line).unwrap();
    for comment in [
        "r\x7foot@d\0PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----x-----END PUBLIC KEY-----",
        "---- BEGIN SSH2 PUBLIC KEY ----",
    ] {
        let commented = PublicKey::from_blob(key.blob(), comment).unwrap();
        let again = PublicKey::parse(&commented.line()).unwrap();
        assert_eq!((again.blob(), again.comment()), (key.blob(), commented.comment()), "{comment}");
    }
    // In front of it, it is one.
    let private = PublicKey::parse("note\n-----BEGIN RSA PRIVATE KEY-----\nAAAA").unwrap_err();
    assert!(private.to_string().contains("private key"), "{private}");
}

#[test]
fn a_security_keys_public_half_is_taken() {
    // Made for this test: a point of P-256 and 32 bytes, with the usual application.
    let blob = |name: &str, parts: &[&[u8]]| {
        let mut blob = Vec::new();
        muster_vault::ssh::wire::put_string(&mut blob, name.as_bytes());
        parts.iter().for_each(|part| muster_vault::ssh::wire::put_string(&mut blob, part));
        PublicKey::from_blob(&blob, "").unwrap()
    };
    let key = blob("sk-ssh-ed25519@openssh.com", &[&[7; 32], b"ssh:"]);
    assert_eq!(key.kind(), Kind::SkEd25519);
    let folder = Folder::new();
    let file = folder.write("sk", &key.line());
    assert_eq!(keygen(&["-l", "-f", &file]).trim(), key.listed());
}

#[test]
fn a_pair_of_type_x509_is_a_certificate_openssl_knows() {
    let folder = Folder::new();
    let made = generate(Algorithm::Rsa2048, "").unwrap();
    let certificate = certify(&made.private, "web-1", Micros::from_secs(1_795_262_400)).unwrap();
    assert_eq!(certificate.key.blob(), made.public.blob());
    let file = folder.write("cert", &certificate.pem);
    let printed = run(
        "openssl",
        &[
            "x509",
            "-in",
            &file,
            "-noout",
            "-fingerprint",
            "-sha1",
            "-subject",
            "-ext",
            "extendedKeyUsage",
            "-enddate",
        ],
    );
    let upper = certificate.fingerprint.to_uppercase();
    assert!(printed.contains(&format!("Fingerprint={upper}")), "{printed}");
    assert!(
        printed.contains("CN = web-1") && printed.contains("TLS Web Client Authentication"),
        "{printed}"
    );
    assert!(printed.contains("notAfter=Nov  1 00:00:00 2036"), "{printed}");

    let key = folder.write("key", &made.private);
    let own = run(
        "openssl",
        &["req", "-x509", "-new", "-key", &key, "-subj", "/CN=theirs", "-days", "9"],
    );
    let read = Certificate::parse(&own).unwrap();
    assert_eq!((read.key.blob(), read.pem.as_str()), (made.public.blob(), own.as_str()));
    assert!(
        Certificate::parse(&made.private).unwrap_err().to_string().contains("certificate in PEM")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_altered_key_is_refused_or_is_the_same(at in 0_usize..4000, bit in 0_u8..8) {
        let made = generate(Algorithm::Ed25519, "c").unwrap();
        let mut text = made.private.as_bytes().to_vec();
        let at = at % text.len();
        text[at] ^= 1 << bit;
        if let Ok(text) = String::from_utf8(text)
            && let Ok(read) = PrivateKey::parse(&text)
        {
            prop_assert!(read.fits(&made.public), "byte {at}");
        }
    }

    #[test]
    fn any_text_can_be_read(text in "(ssh-(rsa|ed25519)|[ \n:=]|[A-Za-z0-9+/]{4}|----- ?(BEGIN|END) (OPENSSH|RSA|EC)? ?(PRIVATE|PUBLIC) KEY-----|---- (BEGIN|END) SSH2 PUBLIC KEY ----){0,20}") {
        let _ = PublicKey::parse(&text);
        let _ = PrivateKey::parse(&text);
        let _ = Certificate::parse(&text);
    }
}
