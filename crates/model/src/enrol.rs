//! The text by which a host joins: a one-time token that also says where, until when and whom to trust.
//!
//! `muster1.<expires>.<project>.<ca>.<secret>`: seconds since 1970, the project's id, the SHA-256 of the
//! server's CA certificate (DER, lower hexadecimal; `-` when the server speaks plain HTTP on loopback)
//! and 64 hexadecimal digits of chance. The server keeps only a hash of the whole text, so no part of it
//! can be changed on the way.

use crate::{Error, Micros, ProjectId, Result};

/// Where [`crate::report::EnrolRequest`] goes (POST).
pub const ENROL_PATH: &str = "/muster/agent/v1/enrol";
/// Where the server's CA certificate lies (GET, PEM). Public: whoever fetches it compares its hash.
pub const CA_PATH: &str = "/muster/agent/v1/ca";

const PREFIX: &str = "muster1";

/// An enrolment token, taken apart. It is a secret: neither `Debug` nor `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolToken {
    /// Not valid from this moment on (whole seconds).
    pub expires: Micros,
    /// The project the host joins.
    pub project: ProjectId,
    /// SHA-256 of the CA certificate the server's certificate must lead to.
    pub ca_sha256: Option<String>,
    /// The secret part, 64 hexadecimal digits.
    pub secret: String,
}

impl EnrolToken {
    /// The token as text.
    pub fn text(&self) -> String {
        let ca = self.ca_sha256.as_deref().unwrap_or("-");
        format!("{PREFIX}.{}.{}.{ca}.{}", self.expires.secs(), self.project, self.secret)
    }

    /// Takes a token apart. Only its form is checked here; whether it holds, the server knows.
    ///
    /// # Errors
    /// `Invalid`, without repeating any of the text.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::invalid("token", "is not an enrolment token (muster1. ...)");
        let mut parts = text.trim().split('.');
        let mut part = || parts.next().ok_or_else(wrong);
        if part()? != PREFIX {
            return Err(wrong());
        }
        let expires = Micros::from_secs(part()?.parse().map_err(|_| wrong())?);
        let project = ProjectId::parse(part()?).map_err(|_| wrong())?;
        let ca_sha256 = match part()? {
            "-" => None,
            ca if is_sha256(ca) => Some(ca.to_owned()),
            _ => return Err(wrong()),
        };
        let secret = part()?;
        if !is_sha256(secret) || parts.next().is_some() {
            return Err(wrong());
        }
        Ok(Self { expires, project, ca_sha256, secret: secret.to_owned() })
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(ca_sha256: Option<String>) -> EnrolToken {
        EnrolToken {
            expires: Micros::from_secs(1_795_262_400),
            project: ProjectId::parse("0a1b").unwrap(),
            ca_sha256,
            secret: "5".repeat(64),
        }
    }

    #[test]
    fn a_token_survives_its_text() {
        for token in [token(None), token(Some("a".repeat(64)))] {
            assert!(EnrolToken::parse(&format!(" {}\n", token.text())).unwrap() == token);
        }
    }

    #[test]
    fn anything_else_is_refused_without_being_repeated() {
        let good = token(None).text();
        for bad in [
            "",
            "muster1",
            "muster2.1.a.-.5",
            &good.replace("muster1", "muster9"),
            &good[..good.len() - 1],
            &format!("{good}.x"),
            &good.replace(".-.", ".zz."),
        ] {
            let error = EnrolToken::parse(bad).err().unwrap();
            assert_eq!(error.parameter(), Some("token"));
            assert!(!error.message().contains(&"5".repeat(64)));
        }
    }
}
