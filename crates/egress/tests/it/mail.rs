//! A mail server on loopback: in the clear, after STARTTLS, and under TLS from the first byte.

use muster_egress::{Egress, EgressSettings, Mail, MailServer};
use muster_model::ErrorKind;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use zeroize::Zeroizing;

const MAIL: Mail<'_> = Mail {
    id: "scs1-30",
    subject: "Zertifikat läuft ab\r\nBcc: all@example.org",
    text: "first\r\n.\r\nsecond\r\n",
};

/// A certificate for localhost with its key; the certificate is written to `ca`.
fn identity(ca: &Path) -> Arc<ServerConfig> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(ca, made.cert.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap())
}

fn wrapped(stream: TcpStream, tls: &Arc<ServerConfig>) -> Box<dyn Stream> {
    Box::new(StreamOwned::new(ServerConnection::new(Arc::clone(tls)).unwrap(), stream))
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Speaks SMTP with one client and answers everything it said, a line each.
fn talk(
    stream: Box<dyn Stream>,
    starttls: bool,
    said: &mut Vec<String>,
) -> Option<Box<dyn Stream>> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut data = false;
    loop {
        line.clear();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        let text = line.trim_end().to_owned();
        said.push(text.clone());
        let answer = match text.split(' ').next().unwrap() {
            "." if data => {
                data = false;
                "250 taken"
            }
            _ if data => continue,
            "EHLO" if starttls => "250-localhost\r\n250 STARTTLS",
            "EHLO" => "250-localhost\r\n250 AUTH PLAIN",
            "STARTTLS" => {
                stream.get_mut().write_all(b"220 go on\r\n").unwrap();
                return Some(stream.into_inner());
            }
            "AUTH" => "235 welcome",
            "DATA" => {
                data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        stream.get_mut().write_all(format!("{answer}\r\n").as_bytes()).unwrap();
    }
}

/// Serves one client the given way.
fn server(scheme: &'static str, tls: Arc<ServerConfig>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
    let served = std::thread::spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        let mut said = Vec::new();
        let mut stream: Box<dyn Stream> = match scheme {
            "smtps" => wrapped(tcp.try_clone().unwrap(), &tls),
            _ => Box::new(tcp.try_clone().unwrap()),
        };
        if stream.write_all(b"220 localhost\r\n").is_err() {
            return said;
        }
        if talk(stream, scheme == "smtp", &mut said).is_some() {
            talk(wrapped(tcp, &tls), false, &mut said);
        }
        said
    });
    (url, served)
}

fn send(url: &str, ca: &Path, login: bool) -> muster_model::Result<()> {
    let allow = vec!["127.0.0.0/8".to_owned(), "::1".to_owned()];
    let door = Egress::new(&EgressSettings { allow, ca_file: Some(ca.to_owned()) }).unwrap();
    let login = login.then(|| ("me".to_owned(), Zeroizing::new("secret".to_owned())));
    let to = ["a@example.org".to_owned(), "B <b@example.org>".to_owned()];
    door.send_mail(&MailServer::new("mail", url, login, "Muster <m@example.org>", &to)?, MAIL)
}

#[test]
fn a_mail_arrives_each_way() {
    let dir = tempfile::tempdir().unwrap();
    let ca = dir.path().join("ca.pem");
    let tls = identity(&ca);
    for scheme in ["smtp-plain", "smtp", "smtps"] {
        let (url, served) = server(scheme, Arc::clone(&tls));
        let login = scheme != "smtp-plain";
        send(&url, &ca, login).unwrap();
        let said = served.join().unwrap();
        let has = |begin: &str| said.iter().any(|line| line.starts_with(begin));
        assert_eq!(has("AUTH PLAIN "), login, "{scheme}: {said:?}");
        for line in [
            "MAIL FROM:<m@example.org>",
            "RCPT TO:<a@example.org>",
            "RCPT TO:<b@example.org>",
            "Message-ID: <scs1-30@muster>",
            "Auto-Submitted: auto-generated",
            "Subject: Zertifikat =?utf-8?",
            "..",
        ] {
            assert!(has(line), "{scheme}: {line} in {said:?}");
        }
        assert!(!has("Bcc:"), "a subject adds no header: {said:?}");
        if scheme == "smtp" {
            let starttls = said.iter().position(|line| line == "STARTTLS").unwrap();
            let auth = said.iter().position(|line| line.starts_with("AUTH")).unwrap();
            assert!(starttls < auth, "{said:?}");
        }
    }
}

#[test]
fn nothing_is_said_to_a_server_nobody_vouches_for() {
    let dir = tempfile::tempdir().unwrap();
    let (ca, other) = (dir.path().join("ca.pem"), dir.path().join("other.pem"));
    let (tls, _) = (identity(&ca), identity(&other));
    for scheme in ["smtp", "smtps"] {
        let (url, served) = server(scheme, Arc::clone(&tls));
        let refused = send(&url, &other, true).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable, "{scheme}");
        let said = served.join().unwrap();
        assert!(said.iter().all(|line| !line.starts_with("AUTH") && !line.starts_with("MAIL")));
    }
    // A server that offers no STARTTLS gets nothing either.
    let (url, served) = server("smtp-plain", tls);
    assert!(send(&url.replace("smtp-plain", "smtp"), &ca, true).is_err());
    assert!(served.join().unwrap().iter().all(|line| !line.starts_with("MAIL")));
}

#[test]
fn the_rules_hold_for_mail() {
    let door = Egress::new(&EgressSettings::default()).unwrap();
    let to = ["a@example.org".to_owned()];
    let server = MailServer::new("mail", "smtp-plain://127.0.0.1", None, "m@example.org", &to);
    let refused = door.send_mail(&server.unwrap(), MAIL).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
}
