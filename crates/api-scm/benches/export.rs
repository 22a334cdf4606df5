//! Exports with durable audit through the whole edge: real HTTP on loopback, kept-alive connections, a token.
//!
//! `cargo bench -p muster-api-scm --bench export -- [exports of each kind] [connections]`. Server and clients are one
//! process, so the CPU time is that of both. The limit on exports is lifted; everything else is as it is served. Records
//! are those the built-in authority issued: RSA 2048, EC P-256, and an SM2 double certificate with both its keys.
#![expect(clippy::unwrap_used, reason = "a program for people, run by hand")]

use muster_figures::{Bar, Figures, cpu};
use muster_http::{edge, serve};
use muster_testkit::{Client, TestApp};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Exports a second on two cores, and milliseconds that 99 of 100 take at most.
const RATE: Bar = Bar::AtLeast(3_000.0);
const P99: Bar = Bar::AtMost(10.0);

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|text| text.parse().ok()).collect();
    let count = numbers.first().copied().unwrap_or(20_000);
    let connections = numbers.get(1).copied().unwrap_or(16);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run(count, connections));
}

async fn run(count: usize, connections: usize) {
    let figures = Figures::of(&format!("exports over HTTP, {connections} connections"));
    let test = TestApp::new().await;
    let router = edge(muster_api_scm::router(&test.app));
    let (admin, known) = (test.admin(&router).await, &test.credentials);
    let token = test.token(&known.user_name, &known.password).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let served = serve::serve(router.clone(), listener, None, stop.clone());
    let mut servers = JoinSet::new();
    servers.spawn(served);
    for (name, algorithm) in [("RSA 2048", "RSA_2048"), ("EC P-256", "EC_P256"), ("SM2", "SM2")] {
        let id = issued(&admin, algorithm).await;
        let request = format!(
            "POST /v3/scm/certificates/{id}/export HTTP/1.1\r\nHost: muster.test\r\nX-Auth-Token: {token}\r\n\
             Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"
        );
        load(address, &request, count / 10, connections).await;
        let (began, used) = (Instant::now(), cpu());
        let mut took = load(address, &request, count, connections).await;
        let (wall, used) = (began.elapsed(), cpu() - used);
        took.sort();
        let done = f64::from(u32::try_from(took.len()).unwrap());
        let note = format!("{:.3} ms CPU each", used.as_secs_f64() * 1e3 / done);
        figures.plain(&format!("{name}, exports"), done / wall.as_secs_f64(), "/s", RATE, &note);
        let at = |share: usize| took.get(took.len() * share / 100).unwrap().as_secs_f64() * 1e3;
        let note = format!("half within {:.2} ms", at(50));
        figures.plain(&format!("{name}, 99 of 100 within"), at(99), "ms", P99, &note);
        figures.rate(&format!("{name}, by CPU time"), used, took.len(), Bar::AtLeast(1_500.0));
    }
    stop.cancel();
    servers.join_all().await.into_iter().for_each(|ended| ended.unwrap());
    test.app.close().await;
}

/// A certificate of the built-in authority.
async fn issued(admin: &Client, algorithm: &str) -> String {
    let buy = json!({
        "cert_brand": "GEOTRUST", "cert_type": "DV_SSL_CERT", "domain_type": "SINGLE_DOMAIN",
        "effective_time": 1, "domain_numbers": 1, "order_number": 1, "agree_privacy_protection": true,
    });
    let order: Value = admin.post("/v3/scm/certificates/buy", &buy).await.json();
    let id = order.pointer("/cert/0/cert_id").and_then(Value::as_str).unwrap().to_owned();
    let apply = json!({
        "domain": "a.example", "applicant_name": "a", "applicant_phone": "1", "applicant_email": "a@b",
        "agree_privacy_protection": true, "domain_method": "DNS", "key_algorithm": algorithm,
    });
    let applied = admin.post(&format!("/v3/scm/certificates/{id}/apply"), &apply).await;
    assert_eq!(applied.status, 200, "{}", applied.json());
    id
}

/// Sends a request `count` times over so many connections. Answers how long each took.
async fn load(
    address: SocketAddr,
    request: &str,
    count: usize,
    connections: usize,
) -> Vec<Duration> {
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        clients.spawn(client(address, request.to_owned(), count.div_ceil(connections)));
    }
    clients.join_all().await.concat()
}

async fn client(address: SocketAddr, request: String, count: usize) -> Vec<Duration> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut took = Vec::with_capacity(count);
    let mut answer = Vec::new();
    for _ in 0..count {
        let began = Instant::now();
        stream.write_all(request.as_bytes()).await.unwrap();
        read(&mut stream, &mut answer).await;
        took.push(began.elapsed());
        let text = String::from_utf8_lossy(&answer);
        assert!(text.starts_with("HTTP/1.1 200 ") && text.contains("PRIVATE KEY"), "{text}");
    }
    took
}

/// Reads one answer: its head, and as much as that announces.
async fn read(stream: &mut BufReader<TcpStream>, answer: &mut Vec<u8>) {
    answer.clear();
    let mut piece = vec![0; 16 * 1024];
    loop {
        let n = stream.read(&mut piece).await.unwrap();
        assert!(n > 0, "the server closed: {}", String::from_utf8_lossy(answer));
        answer.extend(piece.iter().take(n));
        if whole(answer) {
            return;
        }
    }
}

fn whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(answer.get(..head).unwrap_or_default()).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap();
    answer.len() >= head + 4 + length
}
