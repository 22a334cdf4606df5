//! Requests that the published Python client signed, by all five schemes, and what must break them.

use muster_model::Micros;
use muster_vault::signature::{
    Authorization, Refusal, Request, Scheme, SecretKey, Signer, Verified, sign, verify,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const NOON: Micros = Micros::from_secs(1_795_262_400);

#[derive(Deserialize)]
struct File {
    access: String,
    secret: String,
    requests: Vec<Sent>,
}

#[derive(Clone, Deserialize)]
struct Sent {
    name: String,
    method: String,
    path: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Sent {
    fn check(&self, key: &SecretKey, now: Micros, unsigned: bool) -> Result<Verified, Refusal> {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        let request = Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: self.body.as_bytes(),
        };
        let authorization = Authorization::parse(&self.headers["Authorization"]).unwrap()?;
        assert_eq!(authorization.access, key.access());
        verify(&authorization, &request, key, now, unsigned)
    }
}

fn sent() -> (SecretKey, Vec<Sent>) {
    let file: File = serde_json::from_str(include_str!("sdk-requests.json")).unwrap();
    let key = SecretKey::new(&file.access, Zeroizing::new(file.secret.into_bytes()));
    (key, file.requests)
}

fn named(name: &str) -> (SecretKey, Vec<Sent>) {
    let (key, all) = sent();
    (key, all.into_iter().filter(|sent| sent.name == name).collect())
}

#[test]
fn every_request_of_the_published_client_verifies() {
    let (key, all) = sent();
    assert_eq!(all.len(), 35);
    for sent in all {
        let result = sent.check(&key, NOON, sent.name.starts_with("unsigned"));
        assert!(result.is_ok(), "{} {}: {result:?}", sent.name, sent.headers["Authorization"]);
    }
}

/// The two signatures that the tests of the vendor's Go client (`core/auth/signer`) expect.
#[test]
fn the_signatures_of_the_vendors_own_tests_verify() {
    let key = SecretKey::new("AccessKey", Zeroizing::new(b"SecretKey".to_vec()));
    let at = Micros::from_secs(1_136_214_245);
    let requests = [
        ("GET", "limit=1", "", "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624"),
        (
            "POST",
            "key=value",
            "{\"Name\":\"test\",\"Id\":1}\n",
            "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59",
        ),
    ];
    for (method, query, body, signature) in requests {
        let header = format!(
            "SDK-HMAC-SHA256 Access=AccessKey, SignedHeaders=x-sdk-date, Signature={signature}"
        );
        let headers = [("x-sdk-date", b"20060102T150405Z".as_slice())];
        let ask = |body: &str| {
            let body = body.as_bytes();
            let request = Request { method, path: "/path", query, headers: &headers, body };
            verify(&Authorization::parse(&header).unwrap()?, &request, &key, at, false)
        };
        assert!(ask(body).is_ok(), "{method}: {:?}", ask(body));
        assert_eq!(ask("{}"), Err(Refusal::Mismatch));
    }
}

#[test]
fn another_secret_date_method_path_query_header_or_body_does_not() {
    let (key, all) = named("body");
    let other = SecretKey::new(key.access(), Zeroizing::new(b"another".to_vec()));
    for sent in all {
        let changed = |change: &dyn Fn(&mut Sent)| {
            let mut sent = sent.clone();
            change(&mut sent);
            sent.check(&key, NOON, true).unwrap_err()
        };
        assert_eq!(sent.check(&other, NOON, true), Err(Refusal::Mismatch));
        assert_eq!(changed(&|sent| sent.method = "PUT".to_owned()), Refusal::Mismatch);
        assert_eq!(changed(&|sent| sent.path.push('x')), Refusal::Mismatch);
        assert_eq!(changed(&|sent| sent.query.push_str("&x=1")), Refusal::Mismatch);
        assert_eq!(changed(&|sent| sent.body.push(' ')), Refusal::Mismatch);
        assert_eq!(
            changed(&|sent| {
                sent.headers.insert("Host".to_owned(), "elsewhere".to_owned());
            }),
            Refusal::Mismatch
        );
        assert_eq!(
            changed(&|sent| {
                sent.headers.remove("Host");
            }),
            Refusal::HeaderMissing
        );
    }
}

#[test]
fn a_signature_lives_fifteen_minutes_either_way() {
    let (key, all) = named("list");
    for sent in all {
        for (secs, fits) in [(900, true), (-900, true), (901, false), (-901, false)] {
            assert_eq!(sent.check(&key, NOON.plus_secs(secs), false).is_ok(), fits, "{secs}");
        }
    }
}

#[test]
fn an_unsigned_payload_is_taken_only_where_it_may_be() {
    let (key, all) = named("unsigned");
    for sent in all {
        assert_eq!(sent.check(&key, NOON, false), Err(Refusal::UnsignedPayload));
        assert!(sent.check(&key, NOON, true).is_ok());
    }
    let (key, all) = named("unsigned-empty");
    for mut sent in all {
        assert!(sent.check(&key, NOON, false).is_ok());
        "grown".clone_into(&mut sent.body);
        assert!(sent.check(&key, NOON, false).is_err());
    }
}

#[test]
fn a_declared_hash_must_be_the_bodys() {
    let key = SecretKey::new("AK", Zeroizing::new(b"SK".to_vec()));
    let body = b"{}".as_slice();
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let check = |declared: &str, body: &[u8]| {
        let headers = [("host", b"h".as_slice()), ("x-sdk-content-sha256", declared.as_bytes())];
        let request = Request { method: "POST", path: "/", query: "", headers: &headers, body };
        let signer = Signer { key: &key, scheme: Scheme::HmacSha256, scope: ("", "") };
        let [date, authorization] = sign(&signer, &request, NOON)?;
        let headers = [&headers[..], &[(date.0, date.1.as_bytes())]].concat();
        let authorization = Authorization::parse(&authorization.1).unwrap()?;
        let request = Request { headers: &headers, ..request };
        verify(&authorization, &request, &key, NOON, true)?;
        verify(&authorization, &Request { body: b"[]", ..request }, &key, NOON, false)
    };
    assert_eq!(check(hash, body), Err(Refusal::PayloadDiffers));
    assert_eq!(check(&"0".repeat(64), body), Err(Refusal::PayloadDiffers));
    assert_eq!(check("UNSIGNED-PAYLOAD", body), Err(Refusal::UnsignedPayload));
}

#[test]
fn scope_headers_added_after_signing_do_no_harm_and_a_doubled_signed_header_does() {
    let (key, all) = named("list");
    for mut sent in all {
        sent.headers.insert("X-Project-Id".to_owned(), "p2".to_owned());
        assert!(sent.check(&key, NOON, false).is_ok());
        sent.headers.insert("HOST".to_owned(), "elsewhere".to_owned());
        assert_eq!(sent.check(&key, NOON, false), Err(Refusal::HeaderMissing));
    }
}

#[test]
fn the_date_must_be_signed() {
    let key = SecretKey::new("AK", Zeroizing::new(b"SK".to_vec()));
    let headers = [("host", b"h".as_slice()), ("x-sdk-date", b"20261121T120000Z".as_slice())];
    let request = Request { method: "GET", path: "/", query: "", headers: &headers, body: b"" };
    let header = "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=00";
    let authorization = Authorization::parse(header).unwrap().unwrap();
    let result = verify(&authorization, &request, &key, NOON, false);
    assert_eq!(result, Err(Refusal::DateUnusable));
}

#[test]
fn a_java_client_keeps_the_order_of_repeated_values() {
    // Signed over the second form by signing a query whose sorted form differs.
    let key = SecretKey::new("AK", Zeroizing::new(b"SK".to_vec()));
    let hash =
        |data: &[u8]| hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data));
    let empty = hash(b"");
    let date = "20261121T120000Z";
    let canonical = format!("GET\n/a/\nk=z&k=a\nx-sdk-date:{date}\n\nx-sdk-date\n{empty}");
    let text = format!("SDK-HMAC-SHA256\n{date}\n{}", hash(canonical.as_bytes()));
    let hmac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, b"SK");
    let signature = hex::encode(aws_lc_rs::hmac::sign(&hmac, text.as_bytes()));
    let header =
        format!("SDK-HMAC-SHA256 Access=AK, SignedHeaders=x-sdk-date, Signature={signature}");
    let authorization = Authorization::parse(&header).unwrap().unwrap();
    let headers = [("X-Sdk-Date", date.as_bytes())];
    let request =
        Request { method: "GET", path: "/a", query: "k=z&k=a", headers: &headers, body: b"" };
    assert!(verify(&authorization, &request, &key, NOON, false).is_ok());
    let swapped = Request { query: "k=a&k=z", ..request };
    assert!(verify(&authorization, &swapped, &key, NOON, false).is_err());
}

#[test]
fn what_we_sign_we_verify_by_every_scheme() {
    let key = SecretKey::new("AK", Zeroizing::new(b"SK".to_vec()));
    for scheme in Scheme::ALL {
        let signer = Signer { key: &key, scheme, scope: ("r", "hss") };
        let headers = [("host", b"h:1".as_slice()), ("X_under", b"v".as_slice())];
        let request =
            Request { method: "PUT", path: "/a b", query: "x", headers: &headers, body: b"{}" };
        let [date, authorization] = sign(&signer, &request, NOON).unwrap();
        let headers = [&headers[..], &[(date.0, date.1.as_bytes())]].concat();
        let authorization = Authorization::parse(&authorization.1).unwrap().unwrap();
        let request = Request { headers: &headers, ..request };
        assert!(verify(&authorization, &request, &key, NOON, false).is_ok(), "{scheme:?}");
    }
}
