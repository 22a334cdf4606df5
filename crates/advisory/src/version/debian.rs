//! deb-version(7): epoch, upstream version, revision; `~` comes before everything, even the end.

use super::key::{Writer, digits, split};

const TILDE: u8 = 1;
const END: u8 = 2;

pub(super) fn key(version: &str, key: &mut Writer) -> Option<()> {
    let (epoch, rest) = match version.split_once(':') {
        Some((epoch, rest)) if !epoch.is_empty() && digits(epoch).1.is_empty() => (epoch, rest),
        Some(_) => return None,
        None => ("0", version),
    };
    if rest.is_empty() || rest.contains(char::is_whitespace) {
        return None;
    }
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    key.number(epoch)?;
    part(upstream, key)?;
    part(revision, key)
}

/// Turns of other characters and digits, at least one: nothing is the same as zero.
fn part(text: &str, key: &mut Writer) -> Option<()> {
    let mut rest = text;
    loop {
        let (other, behind) = split(rest, |b| !b.is_ascii_digit());
        let (number, behind) = digits(behind);
        rest = behind;
        for byte in other.bytes() {
            key.tag(match byte {
                b'~' => TILDE,
                letter if letter.is_ascii_alphabetic() => letter,
                // All others after the letters, in the order of their codes.
                other => other | 0x80,
            });
        }
        key.tag(END);
        key.number(number)?;
        if rest.is_empty() {
            key.tag(END);
            return Some(());
        }
    }
}
