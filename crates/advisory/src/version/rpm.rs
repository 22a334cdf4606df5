//! rpm's order of epoch, version and release (`rpmvercmp`): separators only separate, `~` comes before the end,
//! `^` after it.

use super::key::{Writer, digits, split};

const TILDE: u8 = 1;
const END: u8 = 2;
const CARET: u8 = 3;
const WORD: u8 = 4;
const NUMBER: u8 = 5;

pub(super) fn key(version: &str, key: &mut Writer) -> Option<()> {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) if digits(epoch).1.is_empty() => (epoch, rest),
        Some(_) => return None,
        None => ("0", version),
    };
    if !rest.bytes().any(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
    key.number(epoch)?;
    part(version, key)?;
    part(release, key)
}

fn part(text: &str, key: &mut Writer) -> Option<()> {
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        if first.is_ascii_digit() {
            let (number, behind) = digits(rest);
            key.tag(NUMBER);
            key.number(number)?;
            rest = behind;
        } else if first.is_ascii_alphabetic() {
            let (word, behind) = split(rest, |b| b.is_ascii_alphabetic());
            key.tag(WORD);
            key.text(word);
            rest = behind;
        } else {
            match first {
                b'~' => key.tag(TILDE),
                b'^' => key.tag(CARET),
                _ => {}
            }
            let mut characters = rest.chars();
            characters.next();
            rest = characters.as_str();
        }
    }
    key.tag(END);
    Some(())
}
