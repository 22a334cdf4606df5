//! Mail by SMTP, to a server the operator named.

use crate::Egress;
use lettre::message::Mailbox;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use muster_model::{Error, ErrorKind, Result};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long one step of a delivery may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Receivers of one mail at most.
const MAX_TO: usize = 50;

/// How a connection is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte (`smtps://`, port 465).
    Tls,
    /// TLS after STARTTLS, or nothing is sent (`smtp://`, port 587).
    StartTls,
    /// None (`smtp-plain://`, port 25): without a login.
    Plain,
}

/// A server, who sends and who receives. No `Debug`: it may hold a password.
#[derive(Clone)]
pub struct MailServer {
    security: Security,
    host: String,
    port: u16,
    login: Option<(String, Zeroizing<String>)>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// A mail.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    /// Names it for whoever receives it twice: letters, digits, `-` and `.`.
    pub id: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl MailServer {
    /// A server by its URL (`smtps://host`, `smtp://host:587`, `smtp-plain://host`), and addresses as
    /// `Muster <muster@example.org>`.
    ///
    /// # Errors
    /// `Invalid` naming the setting below `parameter`.
    pub fn new(
        parameter: &str,
        server: &str,
        login: Option<(String, Zeroizing<String>)>,
        from: &str,
        to: &[String],
    ) -> Result<Self> {
        let wrong = |name: &str, why: &str| Error::invalid(format!("{parameter}.{name}"), why);
        let form = "must be smtps://host, smtp://host or smtp-plain://host, with a port if need be";
        let (scheme, rest) = server.split_once("://").ok_or_else(|| wrong("server", form))?;
        let (security, usual) = match scheme {
            "smtps" => (Security::Tls, 465),
            "smtp" => (Security::StartTls, 587),
            "smtp-plain" => (Security::Plain, 25),
            _ => return Err(wrong("server", form)),
        };
        let (host, port) =
            crate::host_and_port(rest, Some(usual)).ok_or_else(|| wrong("server", form))?;
        if login.is_some() && security == Security::Plain {
            return Err(wrong("user", "must not be given to a server without TLS"));
        }
        let mailbox = |name: &str, text: &str| {
            let parsed = text.parse::<Mailbox>();
            parsed.map_err(|_| wrong(name, &format!("{text} is no address like a@example.org")))
        };
        if to.is_empty() || to.len() > MAX_TO {
            return Err(wrong("to", &format!("must be 1 to {MAX_TO} addresses")));
        }
        let from = mailbox("from", from)?;
        let to = to.iter().map(|text| mailbox("to", text)).collect::<Result<_>>()?;
        Ok(Self { security, host, port, login, from, to })
    }
}

impl Egress {
    /// Sends a mail to every receiver of the server in one go. Returns when the server has taken it. Blocks.
    ///
    /// # Errors
    /// `Forbidden` for an address the rules close; `Unavailable` when nobody answers, the server is not who it says, or
    /// refuses.
    pub fn send_mail(&self, server: &MailServer, mail: Mail<'_>) -> Result<()> {
        let address = self.resolve(&server.host, server.port)?;
        let failed = |error: lettre::transport::smtp::Error| {
            Error::new(ErrorKind::Unavailable, format!("{}: {error}", server.host))
        };
        let tls = match server.security {
            Security::Plain => Tls::None,
            Security::Tls => Tls::Wrapper(self.tls(&server.host).map_err(failed)?),
            Security::StartTls => Tls::Required(self.tls(&server.host).map_err(failed)?),
        };
        // The address that was judged, not the name once more.
        let transport = SmtpTransport::builder_dangerous(address.ip().to_string());
        let mut transport = transport.port(server.port).tls(tls).timeout(Some(TIMEOUT));
        if let Some((user, password)) = &server.login {
            let login = Credentials::new(user.clone(), password.as_str().to_owned());
            transport = transport.credentials(login);
        }
        let mut message = Message::builder()
            .message_id(Some(format!("<{}@muster>", mail.id)))
            .from(server.from.clone())
            .subject(mail.subject)
            .header(Automatic);
        for to in &server.to {
            message = message.to(to.clone());
        }
        let message = message.body(mail.text.to_owned()).map_err(Error::internal)?;
        transport.build().send(&message).map(drop).map_err(failed)
    }

    fn tls(
        &self,
        host: &str,
    ) -> std::result::Result<TlsParameters, lettre::transport::smtp::Error> {
        let mut tls =
            TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
        for root in self.roots.iter() {
            tls = tls.add_root_certificate(Certificate::from_der(root.der().to_vec())?);
        }
        tls.build_rustls()
    }
}

/// Tells other machines not to answer (RFC 3834).
#[derive(Clone)]
struct Automatic;

impl Header for Automatic {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> std::result::Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let to = ["Ops <ops@example.org>".to_owned()];
        let new = |server: &str, login: bool, from: &str, to: &[String]| {
            let login = login.then(|| ("me".to_owned(), Zeroizing::new("pw".to_owned())));
            MailServer::new("mail", server, login, from, to).err().map(|it| it.to_string())
        };
        let from = "muster@example.org";
        for server in ["smtps://a", "smtp://a.example:2525", "smtp://[::1]:25"] {
            assert_eq!(new(server, true, from, &to), None, "{server}");
        }
        assert_eq!(new("smtp-plain://localhost", false, from, &to), None);
        for (server, login, from, to, name) in [
            ("a.example", false, from, to.as_slice(), "mail.server"),
            ("http://a", false, from, &to, "mail.server"),
            ("smtp://", false, from, &to, "mail.server"),
            ("smtp://a:port", false, from, &to, "mail.server"),
            ("smtp-plain://a", true, from, &to, "mail.user"),
            ("smtp://a", false, "nobody", &to, "mail.from"),
            ("smtp://a", false, from, &[], "mail.to"),
            ("smtp://a", false, from, &["x".to_owned()], "mail.to"),
        ] {
            let told = new(server, login, from, to).unwrap();
            assert!(told.contains(name), "{server} {name}: {told}");
        }
    }
}
