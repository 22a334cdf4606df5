//! Bytes on a socket, as the vendors' clients see them.

use crate::router;
use axum::Router;
use muster_http::serve::{Tls, serve, tls};
use muster_model::Result;
use muster_testkit::TestApp;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    done: JoinHandle<Result<()>>,
}

#[expect(clippy::disallowed_methods, reason = "the server under test")]
fn start(router: Router, tls: Option<Tls>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let done = tokio::spawn(serve(router, listener, tls, stop.clone()));
    Running { address, stop, done }
}

/// Asks on one connection and reads until the server closes it.
fn ask(mut stream: impl Read + Write, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: muster.test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn header_names_leave_in_title_case_and_bodies_with_type_and_length() {
    let test = TestApp::new().await;
    let Running { address, stop, done } = start(router(&test.app), None);
    let asked = tokio::task::spawn_blocking(move || {
        ["/open", "/nowhere", "/open?a=%ff"]
            .map(|path| ask(TcpStream::connect(address).unwrap(), path))
    });
    let [open, nowhere, odd] = asked.await.unwrap();
    assert!(open.starts_with("HTTP/1.1 200 OK\r\n"), "{open}");
    for header in ["X-Subject-Token: abc", "Content-Type: application/json", "X-Request-Id: "] {
        assert!(open.contains(header), "{header} is not in {open}");
    }
    assert!(open.contains("Content-Length: 13\r\n") && open.ends_with("{\"open\":true}"), "{open}");
    assert!(nowhere.starts_with("HTTP/1.1 404 Not Found\r\n"), "{nowhere}");
    assert!(nowhere.contains("\"error_code\":\"APIGW.0101\""), "{nowhere}");
    assert!(odd.starts_with("HTTP/1.1 200 OK\r\n"), "{odd}");
    stop.cancel();
    done.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).is_err(), "it still listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_with_a_certificate_of_our_own_and_with_none_that_fits() {
    let test = TestApp::new().await;
    let made = rcgen::generate_simple_self_signed(vec!["muster.test".to_owned()]).unwrap();
    let (chain, key) =
        (made.cert.pem().into_bytes(), made.signing_key.serialize_pem().into_bytes());
    let config = tls(chain.clone(), key).await.unwrap();
    assert!(tls(chain, b"no key".to_vec()).await.is_err());
    let Running { address, stop, done } = start(router(&test.app), Some(config));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    // One that would rather have what the server has last.
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.cipher_suites.reverse();
    let client = rustls::ClientConfig::builder_with_provider(Arc::new(provider));
    let client = client.with_safe_default_protocol_versions().unwrap();
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let asked = tokio::task::spawn_blocking(move || {
        let name = "muster.test".try_into().unwrap();
        let tls = rustls::ClientConnection::new(Arc::new(client), name).unwrap();
        let stream = TcpStream::connect(address).unwrap();
        let mut stream = rustls::StreamOwned::new(tls, stream);
        let secure = ask(&mut stream, "/open");
        let suite = stream.conn.negotiated_cipher_suite().unwrap().suite();
        assert_eq!(suite, rustls::CipherSuite::TLS13_AES_256_GCM_SHA384);
        let plain = ask(TcpStream::connect(address).unwrap(), "/open");
        (secure, plain)
    });
    let (secure, plain) = asked.await.unwrap();
    assert!(secure.contains("X-Subject-Token: abc"), "{secure}");
    assert!(!plain.contains("200 OK"), "{plain}");
    stop.cancel();
    done.await.unwrap().unwrap();
}
