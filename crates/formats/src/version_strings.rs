//! Finds what a program says of itself by the text around it: its version, its compiled-in paths.
//!
//! Programs are read in windows and never run. A [`Probe`] is literal text before and after the value;
//! there are no regular expressions, so a search costs one pass over the bytes a probe.

use memchr::memmem;
use std::io::{self, Read};

/// What kind of value stands between the texts of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Numbers parted by dots, with letters (`16beta1`, `1.0.2k`) or a pre-release (`2.0-rc.1`) behind.
    Version,
    /// Anything up to a blank, a quote or a control character.
    Word,
}

/// Text around a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Text right before the value.
    pub before: &'static str,
    /// Text right behind the value; may be empty.
    pub after: &'static str,
    /// What the value is made of.
    pub shape: Shape,
}

impl Probe {
    /// A version behind `before`.
    pub const fn version(before: &'static str) -> Self {
        Self { before, after: "", shape: Shape::Version }
    }

    /// A version between two texts.
    pub const fn between(before: &'static str, after: &'static str) -> Self {
        Self { before, after, shape: Shape::Version }
    }

    /// A word behind `before`.
    pub const fn word(before: &'static str) -> Self {
        Self { before, after: "", shape: Shape::Word }
    }
}

/// Bytes in memory at a time.
const WINDOW: usize = 1024 * 1024;
/// Longest value together with the texts around it.
const OVERLAP: usize = 1024;
/// Longest value.
const MAX_VALUE: usize = 256;

/// The value of each probe, in their order, from at most `limit` bytes of `reader`. Of several values of
/// one probe the most detailed (most dots) counts, and of those the first.
///
/// # Errors
/// What reading gives.
pub fn find(
    reader: &mut dyn Read,
    probes: &[Probe],
    limit: u64,
) -> io::Result<Vec<Option<String>>> {
    let finders: Vec<_> = probes.iter().map(|probe| memmem::Finder::new(anchor(probe))).collect();
    let mut found: Vec<Option<String>> = vec![None; probes.len()];
    let mut reader = reader.take(limit);
    let mut window = Vec::new();
    loop {
        // What is kept lets a value be found that spans two windows.
        let keep = window.len().saturating_sub(OVERLAP);
        window.drain(..keep);
        let want = u64::try_from(WINDOW).unwrap_or(u64::MAX);
        let more = reader.by_ref().take(want).read_to_end(&mut window)?;
        if more == 0 {
            return Ok(found);
        }
        for ((probe, finder), best) in probes.iter().zip(&finders).zip(&mut found) {
            for at in finder.find_iter(&window) {
                if let Some(value) = value(probe, &window, at)
                    && best.as_ref().is_none_or(|best| dots(&value) > dots(best))
                {
                    *best = Some(value);
                }
            }
        }
    }
}

/// Same as [`find`], over text in memory, for one probe.
pub fn find_in(text: &[u8], probe: Probe) -> Option<String> {
    let mut text = text;
    let limit = u64::try_from(text.len()).ok()?;
    find(&mut text, &[probe], limit).ok()?.pop()?
}

fn dots(value: &str) -> usize {
    value.bytes().filter(|b| *b == b'.').count()
}

/// The longer text is the rarer one.
fn anchor(probe: &Probe) -> &'static str {
    if probe.before.len() >= probe.after.len() { probe.before } else { probe.after }
}

/// The value next to the anchor at `at`, if everything fits.
fn value(probe: &Probe, window: &[u8], at: usize) -> Option<String> {
    let start = if probe.before.len() >= probe.after.len() {
        at.checked_add(probe.before.len())?
    } else {
        let back = window.get(at.saturating_sub(MAX_VALUE)..at)?;
        let part = |byte: &&u8| match probe.shape {
            Shape::Version => byte.is_ascii_alphanumeric() || b".+~_-".contains(byte),
            Shape::Word => !is_end(**byte),
        };
        let length = back.iter().rev().take_while(part).count();
        let start = at.checked_sub(length)?;
        if !window.get(..start)?.ends_with(probe.before.as_bytes()) {
            return None;
        }
        start
    };
    let rest = window.get(start..)?;
    let rest = rest.get(..MAX_VALUE).unwrap_or(rest);
    let text = std::str::from_utf8(rest.split(|b| is_end(*b)).next()?).ok()?;
    let value = match probe.shape {
        Shape::Version => version(text)?,
        Shape::Word => text,
    };
    if value.is_empty() || !rest.get(value.len()..)?.starts_with(probe.after.as_bytes()) {
        return None;
    }
    Some(value.to_owned())
}

fn is_end(byte: u8) -> bool {
    byte <= b' ' || byte == b'"' || byte == b'\'' || byte >= 0x7f
}

/// The version that `text` begins with: numbers parted by dots; then letters and digits, or a
/// pre-release after a hyphen. A lone number is none.
pub fn version(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    if !bytes.first()?.is_ascii_digit() {
        return None;
    }
    let mut end = 0;
    let mut dotted = false;
    while let Some(byte) = bytes.get(end) {
        let number_follows = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        match byte {
            b'0'..=b'9' => {}
            b'.' if number_follows => dotted = true,
            _ => break,
        }
        end += 1;
    }
    let numbers = end;
    let rest = text.get(end..)?;
    let release = rest.strip_prefix('-').or_else(|| rest.strip_prefix('~')).unwrap_or(rest);
    let pre = ["alpha", "beta", "rc", "RC", "dev", "preview"];
    let milestone =
        release.starts_with('M') && release.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if milestone || pre.iter().any(|word| release.starts_with(word)) {
        end += rest.len() - release.len();
        let tail = text.get(end..)?;
        end += tail.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'.').count();
        while text.get(..end)?.ends_with('.') {
            end -= 1;
        }
    } else {
        end += rest.bytes().take_while(u8::is_ascii_lowercase).count().min(1);
    }
    (dotted || end > numbers).then(|| text.get(..end)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_end_where_they_end() {
        for (text, expected) in [
            ("1.22.1", Some("1.22.1")),
            ("2.6.12-1+deb12u4, released", Some("2.6.12")),
            ("16beta1", Some("16beta1")),
            ("1.1.1w-x", Some("1.1.1w")),
            ("3.0.0-rc.1 x", Some("3.0.0-rc.1")),
            ("10.11.19-MariaDB", Some("10.11.19")),
            ("11.0.0-M1", Some("11.0.0-M1")),
            ("1.21.4.1.", Some("1.21.4.1")),
            ("15", None),
            ("v1", None),
            ("", None),
        ] {
            assert_eq!(version(text), expected, "{text}");
        }
    }

    #[test]
    fn probes_from_both_sides() {
        let bytes = b"xx Apache/2 Apache/2.4\0Apache/2.4.71 (Debian)\0\x007.0.15\0c11-builtin\0 -D ROOT=\"/etc/a\"";
        assert_eq!(find_in(bytes, Probe::version("Apache/")).as_deref(), Some("2.4.71"));
        assert_eq!(
            find_in(bytes, Probe::between("\0", "\0c11-builtin")).as_deref(),
            Some("7.0.15")
        );
        assert_eq!(find_in(bytes, Probe::word("ROOT=\"")).as_deref(), Some("/etc/a"));
        assert_eq!(find_in(bytes, Probe::version("nginx/")), None);
        let envoy = b"\0b6d3d5a/1.29.1/Clean/RELEASE/";
        assert_eq!(
            find_in(envoy, Probe::between("/", "/Clean/RELEASE/")).as_deref(),
            Some("1.29.1")
        );
        assert_eq!(find_in(bytes, Probe::between("\0", "\0c12")), None);
    }

    proptest! {
        #[test]
        fn a_value_is_found_wherever_windows_end(before in 0usize..2048, after in 0usize..64) {
            let mut bytes = vec![b'.'; WINDOW - 1024 + before];
            bytes.extend_from_slice(b"nginx/1.22.1\0");
            bytes.extend(std::iter::repeat_n(0xff, after));
            prop_assert_eq!(find_in(&bytes, Probe::version("nginx/")).unwrap(), "1.22.1");
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            find_in(&bytes, Probe::between("", "\0"));
            find_in(&bytes, Probe::word("a"));
            version(&String::from_utf8_lossy(&bytes));
        }
    }
}
