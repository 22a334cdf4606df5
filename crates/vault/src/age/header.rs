//! The header of an age file: who can open it.

use super::{FileKey, MAX_RECIPIENTS, hkdf};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use muster_model::{Error, Result};
use std::io::{BufRead, Read};

const FIRST: &str = "age-encryption.org/v1\n";
/// Longest line, in bytes; those of a body have 64.
const MAX_LINE: u64 = 1024;
/// Most lines of a header: each stanza of ours has four at most.
const MAX_LINES: usize = 8 * (MAX_RECIPIENTS + 4);
/// Characters of a line of a body.
const COLUMNS: usize = 64;

/// The file key, wrapped for one opener.
pub(super) struct Stanza {
    /// Its type and what belongs to it.
    pub(super) args: Vec<String>,
    /// The wrapped key.
    pub(super) body: Vec<u8>,
}

impl Stanza {
    /// Its type, and the root key it is for.
    pub(super) fn name(&self) -> String {
        match self.args.as_slice() {
            [kind, name, ..] if kind == super::ROOT => format!("root key {name}"),
            [kind, ..] => kind.clone(),
            [] => String::new(),
        }
    }
}

/// A header that was read.
pub(super) struct Header {
    pub(super) stanzas: Vec<Stanza>,
    /// What the MAC is over.
    text: String,
    mac: Vec<u8>,
}

impl Header {
    /// Whether it is as whoever knew the file key wrote it.
    pub(super) fn check(&self, key: &FileKey) -> Result<()> {
        let good = hmac::verify(&mac_key(key)?, self.text.as_bytes(), &self.mac);
        good.map_err(|_| Error::invalid("file", "has an altered header"))
    }
}

pub(super) fn not_age() -> Error {
    Error::invalid("file", "is no age file (age-encryption.org/v1), or is cut off")
}

fn mac_key(key: &FileKey) -> Result<hmac::Key> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, hkdf(key.as_slice(), &[], b"header")?.as_slice()))
}

/// The text of a header, its MAC included.
pub(super) fn write(stanzas: &[Stanza], key: &FileKey) -> Result<Vec<u8>> {
    let mut text = FIRST.to_owned();
    for stanza in stanzas {
        text.push_str(&format!("-> {}\n", stanza.args.join(" ")));
        let body = STANDARD_NO_PAD.encode(&stanza.body);
        // A body ends in a line that is not full, be it an empty one.
        let mut rest = body.as_str();
        while let Some((line, more)) = rest.split_at_checked(COLUMNS) {
            text.push_str(line);
            text.push('\n');
            rest = more;
        }
        text.push_str(rest);
        text.push('\n');
    }
    text.push_str("---");
    let mac = hmac::sign(&mac_key(key)?, text.as_bytes());
    text.push_str(&format!(" {}\n", STANDARD_NO_PAD.encode(mac.as_ref())));
    Ok(text.into_bytes())
}

/// Reads a header up to and with its last line.
pub(super) fn read(input: &mut impl BufRead) -> Result<Header> {
    let mut lines = 0;
    let mut next = || {
        let mut line = Vec::new();
        lines += 1;
        let read = Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut line);
        let whole = read.is_ok() && lines <= MAX_LINES && line.last() == Some(&b'\n');
        let line = whole.then(|| String::from_utf8(line).ok()).flatten();
        line.filter(|line| line.is_ascii()).ok_or_else(not_age)
    };
    let mut text = next()?;
    if text != FIRST {
        return Err(not_age());
    }
    let mut stanzas = Vec::new();
    loop {
        let line = next()?;
        if let Some(mac) = line.strip_prefix("--- ") {
            text.push_str("---");
            let mac = STANDARD_NO_PAD.decode(mac.trim_end()).map_err(|_| not_age())?;
            return Ok(Header { stanzas, text, mac });
        }
        let args = line.strip_prefix("-> ").ok_or_else(not_age)?;
        let args = args.trim_end().split(' ').map(str::to_owned).collect();
        text.push_str(&line);
        let mut body = String::new();
        loop {
            let line = next()?;
            text.push_str(&line);
            let part = line.trim_end_matches('\n');
            body.push_str(part);
            match part.len().cmp(&COLUMNS) {
                std::cmp::Ordering::Less => break,
                std::cmp::Ordering::Equal => {}
                std::cmp::Ordering::Greater => return Err(not_age()),
            }
        }
        let body = STANDARD_NO_PAD.decode(body).map_err(|_| not_age())?;
        stanzas.push(Stanza { args, body });
    }
}
