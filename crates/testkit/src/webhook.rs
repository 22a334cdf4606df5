//! A receiver of webhooks on loopback.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

/// Answers one request after the other by the next of `statuses`, and hands on what was sent. Answers its address.
///
/// # Panics
/// There is no port left.
pub fn webhook_server(statuses: Vec<u16>) -> (String, Receiver<Value>) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
    let url = format!("http://{}/hook", server.local_addr().expect("its address"));
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = server.accept().expect("a client");
            let body = body_of(&mut stream);
            let answer =
                format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("a client that listens");
            if sender.send(body).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

fn body_of(stream: &mut TcpStream) -> Value {
    let (mut text, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece).expect("a request");
        assert!(count > 0, "a request was cut short");
        text.extend(piece.iter().take(count));
        let head = text.windows(4).position(|it| it == b"\r\n\r\n");
        let body = head.and_then(|at| text.get(at..));
        if let Some(body) = body.and_then(|body| serde_json::from_slice(body).ok()) {
            return body;
        }
    }
}
