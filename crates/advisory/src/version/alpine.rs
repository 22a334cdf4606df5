//! apk-tools: `digits{.digits}[letter]{_suffix[digits]}[~hash][-rN]`.

use super::key::{Writer, digits, split};

const SUFFIX_BEFORE: u8 = 1;
const END: u8 = 2;
const REVISION: u8 = 3;
const HASH: u8 = 4;
const SUFFIX_AFTER: u8 = 5;
const SUFFIX_NUMBER: u8 = 6;
const LETTER: u8 = 7;
const NUMBER: u8 = 8;

/// In their order; the first four come before the version without suffix.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
const BEFORE: usize = 4;

pub(super) fn key(version: &str, key: &mut Writer) -> Option<()> {
    let (first, mut rest) = digits(version);
    if first.is_empty() {
        return None;
    }
    key.tag(NUMBER);
    key.tag(2);
    key.number(first)?;
    while let Some(after) = rest.strip_prefix('.') {
        let (number, behind) = digits(after);
        if number.is_empty() {
            return None;
        }
        key.tag(NUMBER);
        // A number with leading zeros is a fraction: it compares as text and is below all others.
        if number.starts_with('0') {
            key.tag(1);
            key.text(number);
        } else {
            key.tag(2);
            key.number(number)?;
        }
        rest = behind;
    }
    if let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) {
        key.tag(LETTER);
        key.tag(letter);
        rest = rest.get(1..)?;
    }
    while let Some(after) = rest.strip_prefix('_') {
        let (word, behind) = split(after, |b| b.is_ascii_lowercase());
        let order = SUFFIXES.iter().position(|suffix| *suffix == word)?;
        key.tag(if order < BEFORE { SUFFIX_BEFORE } else { SUFFIX_AFTER });
        key.tag(u8::try_from(order).ok()?);
        let (number, behind) = digits(behind);
        if !number.is_empty() {
            key.tag(SUFFIX_NUMBER);
            key.number(number)?;
        }
        rest = behind;
    }
    if let Some(after) = rest.strip_prefix('~') {
        let (hash, behind) = split(after, |b| b.is_ascii_hexdigit());
        key.tag(HASH);
        key.text(hash);
        rest = behind;
    }
    if let Some(after) = rest.strip_prefix("-r") {
        let (number, behind) = digits(after);
        if number.is_empty() {
            return None;
        }
        key.tag(REVISION);
        key.number(number)?;
        rest = behind;
    }
    key.tag(END);
    rest.is_empty().then_some(())
}
