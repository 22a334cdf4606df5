//! Where notices of certificates go: a webhook, mail, a syslog, as the operator set them.

use super::CertificateSettings;
use muster_egress::{
    Egress, EgressSettings, Facility, Mail, MailServer, Severity, SyslogMessage, SyslogTarget,
};
use muster_model::{Error, ErrorKind, Micros, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// `[certificates.mail]` of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    /// `smtps://host`, `smtp://host` (STARTTLS or nothing) or `smtp-plain://host`.
    pub server: String,
    /// Who sends, as `Muster <muster@example.org>`.
    pub from: String,
    /// Who receives.
    pub to: Vec<String>,
    /// Who logs in at the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// File with the password, for its owner only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

impl MailSettings {
    fn open(&self) -> Result<MailServer> {
        let login = match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => Some((user.clone(), password(file)?)),
            (None, None) => None,
            _ => {
                let why = "and password_file go together";
                return Err(Error::invalid("certificates.mail.user", why));
            }
        };
        MailServer::new("certificates.mail", &self.server, login, &self.from, &self.to)
    }
}

fn password(file: &Path) -> Result<Zeroizing<String>> {
    let wrong = |why: String| {
        Error::invalid("certificates.mail.password_file", format!("{}: {why}", file.display()))
    };
    let meta = fs::metadata(file).map_err(|error| wrong(error.to_string()))?;
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(wrong("must not be readable by group or others (chmod 600)".to_owned()));
    }
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let text = Zeroizing::new(text);
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

enum Channel {
    Webhook(String),
    Mail(Box<MailServer>),
    Syslog(SyslogTarget),
}

impl Channel {
    const fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Mail(_) => "mail",
            Self::Syslog(_) => "syslog",
        }
    }
}

/// The channels that are set, and the door they go through.
pub struct Channels {
    door: Egress,
    all: Vec<Channel>,
}

impl Channels {
    /// As set.
    ///
    /// # Errors
    /// `Invalid` naming the setting.
    pub fn open(settings: &CertificateSettings, egress: &EgressSettings) -> Result<Self> {
        let door = Egress::new(egress)?;
        let mut all = Vec::new();
        if let Some(url) = &settings.webhook {
            door.check("certificates.webhook", url)?;
            all.push(Channel::Webhook(url.clone()));
        }
        if let Some(mail) = &settings.mail {
            all.push(Channel::Mail(Box::new(mail.open()?)));
        }
        if let Some(syslog) = &settings.syslog {
            all.push(Channel::Syslog(SyslogTarget::parse("certificates.syslog", syslog)?));
        }
        Ok(Self { door, all })
    }

    /// Whether nobody is told.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What they are called in the queue.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.all.iter().map(Channel::name)
    }

    /// Sends a notice by one of them. False if that one is not set any more. Blocks.
    ///
    /// # Errors
    /// `Forbidden` for an address the rules close, `Unavailable` when it did not arrive.
    pub(super) fn send(&self, name: &str, notice: &Value, now: Micros) -> Result<bool> {
        let Some(channel) = self.all.iter().find(|channel| channel.name() == name) else {
            return Ok(false);
        };
        match channel {
            Channel::Webhook(url) => {
                let answer = self.door.post_json(url, &[], notice.to_string().as_bytes())?;
                if !(200..300).contains(&answer.status) {
                    let message = format!("the webhook answered {}", answer.status);
                    return Err(Error::new(ErrorKind::Unavailable, message));
                }
            }
            Channel::Mail(server) => {
                let (subject, text) = told(notice);
                let id = text_of(notice, "event_id");
                self.door.send_mail(server, Mail { id, subject: &subject, text: &text })?;
            }
            Channel::Syslog(target) => {
                let kind = text_of(notice, "notice_type");
                let names = ["event_id", "certificate_id", "name", "domain", "not_after"];
                let values = names.map(|name| (name, text_of(notice, name).to_owned()));
                let severity = match kind {
                    "CERT_EXPIRED" => Severity::Error,
                    _ => Severity::Warning,
                };
                let (subject, _) = told(notice);
                let message = SyslogMessage {
                    facility: Facility::Daemon,
                    severity,
                    at: now,
                    kind,
                    values: &values,
                    text: &subject,
                };
                self.door.send_syslog(target, &message)?;
            }
        }
        Ok(true)
    }
}

fn text_of<'a>(notice: &'a Value, name: &str) -> &'a str {
    notice.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Subject and text for people.
fn told(notice: &Value) -> (String, String) {
    let text = |name| text_of(notice, name);
    let days = notice.get("days").and_then(Value::as_i64).unwrap_or_default();
    let (domain, end) = (text("domain"), text("not_after"));
    let subject = match (text("notice_type"), days) {
        ("CERT_EXPIRED", _) => format!("Certificate of {domain} has expired"),
        (_, 1) => format!("Certificate of {domain} expires within a day"),
        _ => format!("Certificate of {domain} expires within {days} days"),
    };
    let body = format!(
        "{subject}.\r\n\r\nName:         {}\r\nDomain:       {domain}\r\nOther names:  {}\r\nEnds:         {end}\r\n\
         Certificate:  {}\r\n\r\nNo host is seen to serve a newer one.\r\n",
        text("name"),
        text("sans"),
        text("certificate_id"),
    );
    (subject, body)
}
