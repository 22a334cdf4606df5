//! PEM as the field writes it: any line width and line ending, anything between blocks, headers inside.
//!
//! A block keeps the very text it was read from, so that what came in can leave byte for byte.

use crate::x509::Flaw;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Longest text worth reading, in bytes.
pub const MAX_TEXT: usize = 256 * 1024;
/// Most blocks of one text.
pub const MAX_BLOCKS: usize = 64;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Files in the wild break base64 off without its padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One block. May hold a private key: wiped when dropped, no `Debug`.
pub struct Block<'t> {
    /// What stands after `BEGIN`.
    pub label: &'t str,
    /// From the first dash of `BEGIN` to the last of `END`.
    pub text: &'t str,
    /// Whether its headers say that it is encrypted, as the older form of keys does.
    pub encrypted: bool,
    /// What it holds.
    pub der: Zeroizing<Vec<u8>>,
}

/// All blocks of `text`, in order.
///
/// # Errors
/// For a text over [`MAX_TEXT`] or [`MAX_BLOCKS`], a block without its end, or one that is no base64.
pub fn blocks(text: &str) -> Result<Vec<Block<'_>>, Flaw> {
    if text.len() > MAX_TEXT {
        return Err(Flaw::new("is longer than 256 KiB"));
    }
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        if blocks.len() == MAX_BLOCKS {
            return Err(Flaw::new("holds more than 64 PEM blocks"));
        }
        let (block, after) = block(rest.get(at..).unwrap_or_default())?;
        blocks.push(block);
        rest = after;
    }
    Ok(blocks)
}

/// The block `text` starts with, and what follows it.
fn block(text: &str) -> Result<(Block<'_>, &str), Flaw> {
    let cut = || Flaw::new("has a PEM block that is cut off");
    let head = text.strip_prefix(BEGIN).ok_or_else(cut)?;
    let (label, body) = head.split_once(DASHES).ok_or_else(cut)?;
    if label.len() > 64 || label.contains(['\n', '\r']) {
        return Err(cut());
    }
    let (body, tail) = body.split_once(END).ok_or_else(cut)?;
    let tail = tail.strip_prefix(label).and_then(|tail| tail.strip_prefix(DASHES));
    let tail = tail.ok_or_else(|| Flaw::new(format!("has a PEM block {label} that is cut off")))?;
    let whole = text.get(..text.len() - tail.len()).ok_or_else(cut)?;
    let (mut encrypted, mut base64) = (false, Zeroizing::new(String::with_capacity(body.len())));
    for line in body.lines().map(str::trim) {
        // Headers of the older form; base64 has no colon.
        match line.split_once(':') {
            Some((_, value)) => encrypted |= value.contains("ENCRYPTED"),
            None => base64.extend(line.split_ascii_whitespace()),
        }
    }
    let der = match LENIENT.decode(base64.as_bytes()) {
        Ok(der) => Zeroizing::new(der),
        // An encrypted block has a line of its header wrapped, at worst: it is refused anyway.
        Err(_) if encrypted => Zeroizing::default(),
        Err(_) => return Err(Flaw::new(format!("has a PEM block {label} that is no base64"))),
    };
    Ok((Block { label, text: whole, encrypted, der }, tail))
}

/// `der` as a PEM block with lines of 64 characters, ending in a line feed.
pub fn write(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(der));
    let mut text =
        Zeroizing::new(String::with_capacity(base64.len() / 64 * 65 + 2 * label.len() + 48));
    text.extend([BEGIN, label, DASHES, "\n"]);
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.extend([line, "\n"]);
        rest = after;
    }
    text.extend([END, label, DASHES, "\n"]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Vec<(&str, Vec<u8>)> {
        let blocks = blocks(text).ok().unwrap();
        blocks.iter().map(|block| (block.label, block.der.to_vec())).collect()
    }

    #[test]
    fn blocks_stand_anywhere_in_any_form() {
        let text = "notes\r\n-----BEGIN A B-----\r\nAQ\r\nID\r\n-----END A B-----\r\n\
                    -----BEGIN C-----\nX: y\n\nBA==\n-----END C-----";
        assert_eq!(read(text), [("A B", vec![1, 2, 3]), ("C", vec![4])]);
        let first = blocks(text).ok().unwrap();
        assert_eq!(first[0].text, "-----BEGIN A B-----\r\nAQ\r\nID\r\n-----END A B-----");
        assert!(!first[1].encrypted);
        assert_eq!(read("no block"), []);
        let old =
            "-----BEGIN K-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,1\n\nAQ==\n-----END K-----";
        assert!(blocks(old).ok().unwrap()[0].encrypted);
    }

    #[test]
    fn what_is_cut_off_or_too_much_is_refused() {
        for text in
            ["-----BEGIN A", "-----BEGIN A-----\nAQ", "-----BEGIN A-----\nAQ\n-----END B-----"]
        {
            assert!(blocks(text).err().unwrap().to_string().contains("cut off"), "{text}");
        }
        assert!(blocks("-----BEGIN A-----\n!!\n-----END A-----").is_err());
        assert!(blocks(&"-----BEGIN A-----\nAQ==\n-----END A-----".repeat(65)).is_err());
        assert!(blocks(&" ".repeat(MAX_TEXT + 1)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(der in proptest::collection::vec(any::<u8>(), 0..300)) {
            let text = write("CERTIFICATE", &der);
            prop_assert_eq!(read(&text), vec![("CERTIFICATE", der)]);
            prop_assert!(text.lines().all(|line| line.len() <= 64));
        }

        #[test]
        fn takes_any_text(text in "(-----BEGIN |-----END |A|-----|\n|AQ==|:|\\PC){0,20}") {
            let _ = blocks(&text);
        }
    }
}
