//! authorized_keys: which keys open an account (sshd(8)).

pub mod change;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// A key that opens an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuthorizedKey {
    /// `SHA256:` and 43 characters, as ssh-keygen prints it.
    pub fingerprint: String,
    /// `ssh-ed25519`, `ssh-rsa` ...
    pub algorithm: String,
    /// Names of the options before it, without their values, which may hold secrets.
    pub options: Vec<String>,
    /// What stands behind it, at most 100 characters.
    pub comment: String,
}

/// Most keys read of one file.
pub const MAX_KEYS: usize = 10_000;

/// Reads the file. Lines without a key are skipped.
pub fn parse(text: &str) -> Vec<AuthorizedKey> {
    text.lines().filter_map(key).take(MAX_KEYS).collect()
}

fn key(line: &str) -> Option<AuthorizedKey> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (options, rest) = match at_algorithm(line) {
        Some(rest) => ("", rest),
        None => {
            let end = end_of_options(line)?;
            (line.get(..end)?, at_algorithm(line.get(end..)?.trim_start())?)
        }
    };
    let (algorithm, rest) = rest.split_once([' ', '\t'])?;
    let rest = rest.trim_start();
    let (blob, comment) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let blob = STANDARD.decode(blob).ok()?;
    // The blob names its algorithm again, behind its length.
    let name = blob.get(4..)?.get(..algorithm.len())?;
    if name != algorithm.as_bytes() {
        return None;
    }
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &blob);
    Some(AuthorizedKey {
        fingerprint: format!("SHA256:{}", STANDARD_NO_PAD.encode(hash)),
        algorithm: algorithm.to_owned(),
        options: option_names(options),
        comment: comment.trim().chars().take(100).collect(),
    })
}

/// The line itself if it begins with the name of a key's algorithm.
fn at_algorithm(line: &str) -> Option<&str> {
    let word = line.split([' ', '\t']).next()?;
    let known = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-sha2-", "webauthn-sk-"];
    (known.iter().any(|prefix| word.starts_with(prefix)) && !word.contains(['=', '"', ',']))
        .then_some(line)
}

/// Options end at the first blank outside quotes.
fn end_of_options(line: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, char) in line.char_indices() {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn option_names(options: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut quoted = false;
    let mut name = String::new();
    let mut in_value = false;
    for char in options.chars().chain([',']) {
        match char {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                if !name.is_empty() {
                    names.push(std::mem::take(&mut name).to_ascii_lowercase());
                }
                in_value = false;
            }
            '=' => in_value = true,
            other if !in_value && !quoted => name.push(other),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Made for this test; its fingerprint is the one ssh-keygen -l prints.
    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    #[test]
    fn a_key_is_known_by_its_fingerprint() {
        let text =
            format!("# c\n\nssh-ed25519 {KEY} ann@laptop x\nssh-rsa {KEY}\nssh-ed25519 %%%\n");
        let keys = parse(&text);
        assert_eq!(keys.len(), 1, "one is damaged, and one says what it is not");
        assert_eq!(keys[0].algorithm, "ssh-ed25519");
        assert_eq!(keys[0].comment, "ann@laptop x");
        let printed = "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA";
        assert_eq!(keys[0].fingerprint, printed);
    }

    #[test]
    fn options_lose_their_values() {
        let options = "command=\"echo \\\"a b\\\", c\",no-pty,from=\"10.0.0.0/8,*.x\",Restrict";
        let keys = parse(&format!("{options} ssh-ed25519 {KEY}"));
        assert_eq!(keys[0].options, ["command", "no-pty", "from", "restrict"]);
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in "[a-z0-9 =\",\\\\\\n-]{0,200}") {
            let _ = parse(&text);
        }
    }
}
