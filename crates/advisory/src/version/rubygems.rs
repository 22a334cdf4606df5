//! `Gem::Version`: numbers and words in a row; a word is less than any number, and what is missing is zero.

use super::key::{Writer, digits, is_zero, split};

const WORD: u8 = 1;
const ZEROS_THEN_WORD: u8 = 2;
const END: u8 = 3;
const ZEROS_THEN_NUMBER: u8 = 4;
const NUMBER: u8 = 5;

/// As the end stands for endless zeros, a run of zeros lies on the side of it on which what follows lies.
pub(super) fn key(version: &str, key: &mut Writer) -> Option<()> {
    let segments = canonical(segments(version)?);
    let mut zeros: u8 = 0;
    for segment in segments {
        let is_word = !segment.bytes().all(|b| b.is_ascii_digit());
        if !is_word && is_zero(segment) {
            zeros = zeros.checked_add(1)?;
            continue;
        }
        if zeros > 0 {
            key.tag(if is_word { ZEROS_THEN_WORD } else { ZEROS_THEN_NUMBER });
            // More zeros are nearer to the end: above fewer before a word, below fewer before a number.
            key.tag(if is_word { zeros } else { u8::MAX - zeros });
            zeros = 0;
        }
        if is_word {
            key.tag(WORD);
            key.text(segment);
        } else {
            key.tag(NUMBER);
            key.number(segment)?;
        }
    }
    key.tag(END);
    Some(())
}

/// Runs of digits and of letters. `-` stands for a word `pre`.
fn segments(version: &str) -> Option<Vec<&str>> {
    if !version.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut found = Vec::new();
    let mut rest = version;
    while let Some(first) = rest.bytes().next() {
        if first.is_ascii_digit() {
            let (number, behind) = digits(rest);
            found.push(number);
            rest = behind;
        } else if first.is_ascii_alphabetic() {
            let (word, behind) = split(rest, |b| b.is_ascii_alphabetic());
            found.push(word);
            rest = behind;
        } else if first == b'.' || first == b'-' {
            if first == b'-' {
                found.push("pre");
            }
            rest = rest.get(1..)?;
        } else {
            return None;
        }
    }
    Some(found)
}

/// Without the zeros at the end and before the first word.
fn canonical(segments: Vec<&str>) -> Vec<&str> {
    let mut kept: Vec<&str> = Vec::with_capacity(segments.len());
    let mut words = false;
    for segment in segments {
        if !words && segment.bytes().any(|b| b.is_ascii_alphabetic()) {
            words = true;
            drop_zeros(&mut kept);
        }
        kept.push(segment);
    }
    drop_zeros(&mut kept);
    kept
}

fn drop_zeros(segments: &mut Vec<&str>) {
    while segments.last().is_some_and(|segment| is_zero(segment)) {
        segments.pop();
    }
}
