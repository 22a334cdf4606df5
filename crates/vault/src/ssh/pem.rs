//! PEM armour (RFC 7468 and its elders), with private contents wiped.
//!
//! Ours rather than a crate's because contents must be wiped, and because the headers inside old blocks, which
//! newer readers refuse, say that a key is encrypted.

use super::refusal::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Blocks looked at before it is given up: keys come behind `EC PARAMETERS` at most.
const MAX_BLOCKS: usize = 4;

/// A block of PEM.
pub(super) struct Block<'a> {
    /// `RSA PRIVATE KEY` ...
    pub(super) label: &'a str,
    /// Whether its headers say it is encrypted.
    pub(super) encrypted: bool,
    /// The decoded contents.
    pub(super) contents: Zeroizing<Vec<u8>>,
}

/// The first block of `text` that is not of a label in `skipped`. None if there is no block at all.
pub(super) fn first<'a>(text: &'a str, skipped: &[&str]) -> Result<Option<Block<'a>>, Refusal> {
    let mut rest = text;
    for _ in 0..MAX_BLOCKS {
        let Some((label, body, after)) = split(rest) else { return Ok(None) };
        if !skipped.contains(&label) {
            return block(label, body).map(Some);
        }
        rest = after;
    }
    Ok(None)
}

/// Label, text between the lines, and what follows.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (_, text) = text.split_once("-----BEGIN ")?;
    let (label, text) = text.split_once("-----")?;
    let end = text.find("-----END ")?;
    let (body, after) = text.split_at_checked(end)?;
    Some((label, body, after.strip_prefix("-----END ")?))
}

fn block<'a>(label: &'a str, body: &str) -> Result<Block<'a>, Refusal> {
    let mut encrypted = false;
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    for line in body.lines().map(str::trim) {
        if line.contains(':') {
            encrypted |= line.starts_with("Proc-Type:") && line.contains("ENCRYPTED");
        } else if !line.starts_with("DEK-Info") {
            base64.push_str(line);
        }
    }
    let contents = if encrypted {
        Zeroizing::default()
    } else {
        let mut contents = Zeroizing::new(Vec::with_capacity(base64.len()));
        STANDARD
            .decode_vec(base64.as_bytes(), &mut contents)
            .map_err(|_| Refusal::Damaged("its text is not base64"))?;
        contents
    };
    Ok(Block { label, encrypted, contents })
}

/// Writes a block with `width` letters a line and a line feed at its end.
pub(super) fn write(label: &str, contents: &[u8], width: usize) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(contents));
    let mut text = Zeroizing::new(String::with_capacity(base64.len() * 2 + 2 * label.len() + 64));
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(width.min(rest.len()));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(contents in proptest::collection::vec(any::<u8>(), 0..300), width in 4_usize..80) {
            let text = write("X KEY", &contents, width);
            let block = first(&text, &[]).unwrap().unwrap();
            prop_assert_eq!((block.label, block.encrypted), ("X KEY", false));
            prop_assert_eq!(block.contents.as_slice(), contents.as_slice());
            prop_assert!(first(&text, &["X KEY"]).unwrap().is_none());
        }

        #[test]
        fn any_text_can_be_read(text in "(-----(BEGIN|END) [A-Z ]{0,3}-----|\\PC|\n){0,40}") {
            let _ = first(&text, &[]);
        }
    }
}
