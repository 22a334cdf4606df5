//! The end of a task, told to who asked for it.

use crate::{World, delivery};
use muster_vault::sca_signature::{Algorithm, verify};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A request that came: its headers in lower case, and its body.
type Told = (String, Vec<u8>);

/// Answers these statuses one after another and hands out what came.
fn receiver(answers: &'static [&'static str]) -> (String, Receiver<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/done", listener.local_addr().unwrap());
    let (sender, told) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut stream = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                let line = line.trim_end().to_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(text) = line.strip_prefix("content-length: ") {
                    length = text.parse().unwrap();
                }
                head += &line;
                head.push('\n');
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            write!(
                stream.get_mut(),
                "HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .unwrap();
            sender.send((head, body)).unwrap();
        }
    });
    (url, told)
}

async fn next(told: &Receiver<Told>) -> Told {
    loop {
        if let Ok(told) = told.try_recv() {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_default()
}

#[tokio::test]
async fn the_end_is_told_signed_until_it_is_heard() {
    let world = World::new().await;
    let (url, told) = receiver(&["500 Oops", "200 OK"]);
    let file = world.upload("a.zip", delivery()).await;
    let order = json!({"taskId": "t", "taskName": "验收", "fileId": file, "callbackUrl": url});
    world.data("createTask", order).await;
    let (head, body) = next(&told).await;
    assert!(head.starts_with("post /done "), "{head}");
    assert_eq!(header(&head, "accesskeyid"), world.key.0.to_lowercase());
    assert!(
        verify(Algorithm::HmacMd5, world.key.1.as_bytes(), &body, header(&head, "signature"))
            .unwrap()
    );
    let said: Value = serde_json::from_slice(&body).unwrap();
    let expected = json!({
        "taskId": "t", "taskName": "验收", "errorMassage": "", "status": 2,
        "startTime": "2026-01-01 08:00:00", "endTime": "2026-01-01 08:00:00", "timestamp": 1_767_225_600_000_i64,
    });
    assert_eq!(said, expected);
    // It was not heard: once more, later.
    world.test.clock.advance_secs(60);
    let (_, again) = next(&told).await;
    let said: Value = serde_json::from_slice(&again).unwrap();
    assert_eq!((&said["status"], &said["timestamp"]), (&json!(2), &json!(1_767_225_660_000_i64)));
}
