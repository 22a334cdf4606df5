//! Chains and double certificates that openssl made, requests and certificates of our own that openssl takes.

use crate::openssl::{Folder, KINDS, SM2};
use muster_model::Micros;
use muster_vault::x509::chain::Chain;
use muster_vault::x509::issue::{Issuer, Order, Purpose};
use muster_vault::x509::name::Subject;
use muster_vault::x509::request::Request;
use muster_vault::x509::{Algorithm, PrivateKey, double};
use muster_vault::{pem, x509};

/// The tests' now: made certificates hold from the real now on.
fn now() -> Micros {
    muster_model::Clock::now(&muster_model::SystemClock)
}

const DAY: i64 = 24 * 3600;

/// A root, an intermediate and a leaf for `a.example`.
fn chain(folder: &Folder, how: &str, options: &str) {
    for name in ["root", "mid", "leaf"] {
        folder.run(&format!("genpkey {how} -out {name}.key"));
    }
    folder.put(
        "ca.ext",
        "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n",
    );
    folder.put("leaf.ext", "basicConstraints=CA:FALSE\nsubjectAltName=DNS:a.example,IP:10.0.0.1\n");
    folder.run(&format!(
        "req -new -x509 {options} -key root.key -days 30 -subj /CN=root -out root.crt \
         -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
    ));
    for (name, issuer, ext) in [("mid", "root", "ca"), ("leaf", "mid", "leaf")] {
        folder.run(&format!(
            "req -new {options} -key {name}.key -subj /O=Example/CN={name} -out {name}.csr"
        ));
        let verify = options.replace("-sigopt", "-vfyopt");
        folder.run(&format!(
            "x509 -req {options} {verify} -in {name}.csr -CA {issuer}.crt -CAkey {issuer}.key \
             -CAcreateserial -days 20 -extfile {ext}.ext -out {name}.crt"
        ));
    }
}

#[test]
fn chains_of_every_kind_build_in_any_order() {
    for (kind, how) in KINDS {
        let folder = Folder::new();
        let options = if *kind == "SM2" { format!("-sm3 -sigopt {SM2}") } else { String::new() };
        chain(&folder, how, &options);
        let [leaf, mid, root] = ["leaf.crt", "mid.crt", "root.crt"].map(|file| folder.text(file));
        let key = PrivateKey::from_pem(&folder.text("leaf.key")).unwrap();
        let build =
            |certificate: &str, chain: &str| Chain::assemble(certificate, chain, &key, now());
        let sound = build(&leaf, &format!("{mid}{root}")).unwrap();
        assert_eq!(
            (sound.certificate.as_str(), sound.chain.as_str()),
            (leaf.as_str(), format!("{mid}{root}").as_str())
        );
        assert_eq!(sound.leaf.names, ["a.example", "10.0.0.1"]);
        assert_eq!(Chain::entire(&sound.certificate, &sound.chain), format!("{leaf}{mid}{root}"));
        for (certificate, chain) in [
            (leaf.clone(), format!("{root}{mid}")),
            (format!("{root}{leaf}{mid}"), String::new()),
            (format!("{leaf}{mid}{mid}"), root.clone()),
        ] {
            let built = build(&certificate, &chain).unwrap();
            assert_eq!(built.certificate.trim(), leaf.trim(), "{kind}");
            assert_eq!(built.chain.trim(), format!("{mid}{root}").trim(), "{kind}");
        }
        // Without the one between them the root belongs to nobody.
        let error = build(&leaf, &root).err().unwrap();
        assert_eq!(error.parameter(), Some("certificate_chain"));
        assert!(error.message().contains("is no issuer of"), "{}", error.message());
        build(&leaf, "").unwrap();
        let other = PrivateKey::from_pem(&folder.text("mid.key")).unwrap();
        let error = Chain::assemble(&leaf, "", &other, now()).err().unwrap();
        assert!(error.message().starts_with("private_key: does not match"), "{}", error.message());
        let later = now().plus_secs(25 * DAY);
        let error = Chain::assemble(&leaf, "", &key, later).err().unwrap();
        assert!(error.message().starts_with("certificate: expired at"), "{}", error.message());
        let error = Chain::assemble(&leaf, "", &key, now().plus_secs(-DAY)).err().unwrap();
        assert!(error.message().contains("is not valid before"), "{}", error.message());
    }
}

#[test]
fn an_issuer_of_the_same_name_that_did_not_sign_is_refused() {
    let (real, false_one) = (Folder::new(), Folder::new());
    for folder in [&real, &false_one] {
        chain(folder, KINDS[1].1, "");
    }
    let key = PrivateKey::from_pem(&real.text("leaf.key")).unwrap();
    let error = Chain::assemble(&real.text("leaf.crt"), &false_one.text("mid.crt"), &key, now());
    let error = error.err().unwrap();
    assert!(error.message().contains("signature that does not fit"), "{}", error.message());
    // A leaf issues nothing, whatever it is called.
    let error = Chain::assemble("no certificate", "", &key, now()).err().unwrap();
    assert_eq!(error.parameter(), Some("certificate"));
}

#[test]
fn an_empty_sm2_user_id_is_named() {
    let folder = Folder::new();
    chain(&folder, "-algorithm SM2", "-sm3");
    let key = PrivateKey::from_pem(&folder.text("leaf.key")).unwrap();
    let error = Chain::assemble(&folder.text("leaf.crt"), &folder.text("mid.crt"), &key, now());
    assert!(error.err().unwrap().message().contains("empty SM2 user id"));
}

/// A root of our own and its key.
fn root(algorithm: Algorithm) -> (PrivateKey, Vec<u8>, Vec<u8>) {
    let key = PrivateKey::generate(algorithm).unwrap();
    let subject = Subject { common_name: "Root".into(), ..Subject::default() }.to_der().unwrap();
    let order = Order {
        serial: &[1],
        subject: &subject,
        names: &[],
        public_info: &key.public_info().unwrap(),
        not_before: now().plus_secs(-DAY),
        not_after: Micros::from_secs(2_600_000_000),
        purpose: Purpose::Root,
        crl: None,
    };
    let root = Issuer { name: &subject, key: &key }.issue(&order).unwrap();
    (key, subject, root)
}

#[test]
fn our_requests_certificates_and_lists_hold_for_openssl() {
    for algorithm in [Algorithm::Rsa(2048), Algorithm::EcP256, Algorithm::EcP384, Algorithm::Sm2] {
        let folder = Folder::new();
        let sm2 = algorithm == Algorithm::Sm2;
        let verify = if sm2 { format!("-vfyopt {SM2}") } else { String::new() };
        let key = PrivateKey::generate(algorithm).unwrap();
        let subject = Subject {
            country: "CN".into(),
            province: "上海".into(),
            organization: "Example, \"Ltd\"".into(),
            common_name: "a.example".into(),
            ..Subject::default()
        };
        let names = ["a.example".to_owned(), "*.b.example".to_owned(), "10.0.0.1".to_owned()];
        let request = Request::write(&key, &subject, &names).unwrap();
        folder.put("a.csr", &request);
        let (ok, said) = folder.ask(&format!("req -in a.csr -noout -verify -text {verify}"));
        assert!(ok && said.contains("DNS:*.b.example, IP Address:10.0.0.1"), "{said}");
        let read = Request::from_pem(&request).unwrap();
        assert_eq!((&read.subject, read.names.as_slice()), (&subject, names.as_slice()));
        assert_eq!(read.public.bits, key.public());

        let (root_key, name, root) = root(algorithm);
        let issuer = Issuer { name: &name, key: &root_key };
        let order = Order {
            serial: &[0x7f, 1, 2],
            subject: &read.subject_der,
            names: &names,
            public_info: &read.public.info,
            not_before: now().plus_secs(-60),
            not_after: now().plus_secs(90 * DAY),
            purpose: Purpose::Server,
            crl: Some("http://pki.example/muster/crl/a/RSA.crl"),
        };
        let leaf = issuer.issue(&order).unwrap();
        folder.put("root.crt", pem::write("CERTIFICATE", &root).as_bytes());
        folder.put("a.crt", pem::write("CERTIFICATE", &leaf).as_bytes());
        folder.run(&format!("verify -x509_strict {verify} -CAfile root.crt a.crt"));
        let (_, said) = folder.ask("x509 -in a.crt -noout -ext crlDistributionPoints");
        assert!(said.contains("URI:http://pki.example/muster/crl/a/RSA.crl"), "{said}");
        let chain = Chain::assemble(&folder.text("a.crt"), &folder.text("root.crt"), &key, now());
        assert_eq!(chain.unwrap().leaf.names, names);

        let revoked = [(vec![0x7f, 1, 2], now())];
        for (number, revoked) in [(1, &revoked[..0]), (2, &revoked[..])] {
            let list = issuer.revocations(number, revoked, now(), now().plus_secs(DAY)).unwrap();
            folder.put("crl.pem", pem::write("X509 CRL", &list).as_bytes());
            let line =
                format!("verify {verify} -crl_check -CAfile root.crt -CRLfile crl.pem a.crt");
            if sm2 {
                // openssl has no way to say the user id for a list: it reads it, no more.
                folder.run("crl -in crl.pem -noout -text");
                continue;
            }
            let (ok, said) = folder.ask(&line);
            assert_eq!(ok, revoked.is_empty(), "{said}");
            assert!(ok || said.contains("certificate revoked"), "{said}");
        }
    }
}

#[test]
fn a_request_somebody_changed_is_refused() {
    let folder = Folder::new();
    folder.run("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -subj /CN=a.example -addext subjectAltName=DNS:b.example -out a.csr");
    let text = folder.text("a.csr");
    let read = Request::from_pem(&text).unwrap();
    assert_eq!(
        (read.subject.common_name.as_str(), read.names),
        ("a.example", vec!["b.example".to_owned()])
    );
    let mut der = pem::blocks(&text).ok().unwrap()[0].der.to_vec();
    let at = der.windows(9).position(|window| window == b"a.example").unwrap();
    der[at] = b'c';
    let changed = pem::write("CERTIFICATE REQUEST", &der);
    assert!(Request::from_pem(&changed).unwrap_err().to_string().contains("does not fit"));
}

#[test]
fn double_certificates_are_told_apart() {
    let (root_key, name, root) = root(Algorithm::Sm2);
    let issuer = Issuer { name: &name, key: &root_key };
    let pair = |purpose, serial: &[u8]| {
        let key = PrivateKey::generate(Algorithm::Sm2).unwrap();
        let subject = Subject { common_name: "a.example".into(), ..Subject::default() };
        let order = Order {
            serial,
            subject: &subject.to_der().unwrap(),
            names: &["a.example".to_owned()],
            public_info: &key.public_info().unwrap(),
            not_before: now().plus_secs(-60),
            not_after: now().plus_secs(DAY),
            purpose,
            crl: None,
        };
        (key, pem::write("CERTIFICATE", &issuer.issue(&order).unwrap()).to_string())
    };
    let (sign_key, sign) = pair(Purpose::Sign, &[2]);
    let (enc_key, enc) = pair(Purpose::Encrypt, &[3]);
    let root = pem::write("CERTIFICATE", &root);
    let chain = Chain::assemble(&sign, &root, &sign_key, now()).unwrap();
    let read = double::check(&chain.leaf, &chain.issuers, &enc, &enc_key, now()).unwrap();
    assert_eq!(read.public.bits, enc_key.public());
    let refused = |certificate: &str, key: &PrivateKey| {
        let refused = double::check(&chain.leaf, &chain.issuers, certificate, key, now());
        refused.err().unwrap().message().to_owned()
    };
    assert!(refused(&enc, &sign_key).contains("enc_private_key: does not match"));
    assert!(refused(&sign, &sign_key).contains("the two pairs must differ"));
    let (other_key, other) = pair(Purpose::Sign, &[4]);
    assert!(refused(&other, &other_key).contains("are the two swapped"));
    let swapped = Chain::assemble(&enc, &root, &enc_key, now()).unwrap();
    let error = double::check(&swapped.leaf, &swapped.issuers, &sign, &sign_key, now());
    assert!(error.err().unwrap().message().starts_with("certificate: lacks the key usage"));
    let x509::Certificate { public, .. } = read;
    assert!(public.is_sm2());
}
