//! A text as hashes of runs of words.

/// Words in a run.
const RUN: usize = 6;
/// One in so many hashes stands for the text.
const KEEP: u64 = 4;

/// The hashes that stand for a text, sorted, each once.
pub(super) fn hashes(text: &[u8]) -> Vec<u32> {
    let mut hashes = Vec::with_capacity(text.len() / 24);
    let mut window = [0_u64; RUN];
    let mut count = 0_usize;
    for line in text.split(|byte| *byte == b'\n') {
        if names_a_holder(line) {
            continue;
        }
        for word in line.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
        {
            window.rotate_left(1);
            if let Some(last) = window.last_mut() {
                *last = word_hash(word);
            }
            count += 1;
            if count >= RUN {
                let run = window.iter().fold(0_u64, |hash, word| {
                    (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
                });
                let run = run ^ (run >> 32);
                if run.is_multiple_of(KEEP) {
                    hashes.push(u32::try_from((run >> 2) & 0xffff_ffff).unwrap_or(0));
                }
            }
        }
    }
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// In lower case; British and American spelling and both schemes of addresses are one.
fn word_hash(word: &[u8]) -> u64 {
    let is = |other: &[u8]| word.eq_ignore_ascii_case(other);
    let word = match word.len() {
        5 if is(b"https") => b"http".as_slice(),
        7 if is(b"licence") => b"license".as_slice(),
        8 if is(b"licences") => b"licenses".as_slice(),
        _ => word,
    };
    word.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}

/// A line that says whose copyright it is: that differs from copy to copy.
fn names_a_holder(line: &[u8]) -> bool {
    let start =
        line.iter().position(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'(' | 0xc2));
    let Some(line) = start.and_then(|at| line.get(at..)) else { return false };
    let starts =
        |word: &[u8]| line.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    let holds =
        |bytes: &[u8]| line.windows(bytes.len()).any(|part| part.eq_ignore_ascii_case(bytes));
    starts(b"(c)")
        || starts("©".as_bytes())
        || starts(b"copyright")
            && (line.iter().any(|byte| byte.is_ascii_digit() || matches!(byte, b'<' | b'[' | b'{'))
                || holds(b"(c)")
                || holds("©".as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_and_holders_do_not_matter() {
        let one = b"Copyright (c) 2020 A\nThe Licence is granted, free of charge, to any person; see https://x.org for more of it all";
        let two = b" * Copyright 1999-2001 <b@c>\n * the license is GRANTED free\n * of charge to any person see http://x.org for more of it all\n";
        assert_eq!(hashes(one), hashes(two));
        assert!(!hashes(one).is_empty());
        assert!(names_a_holder(b"# (C) me") && !names_a_holder(b"copyright notice and this"));
    }
}
