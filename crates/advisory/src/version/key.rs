//! The bytes of a sort key.

use std::fmt;

/// A version in a form whose bytes compare as the versions do. Keys of different schemes do not compare.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey(Box<[u8]>);

impl VersionKey {
    /// The bytes, to be kept in a file or a table.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for VersionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Builds a key. A scheme chooses its tags so that at every place the smaller tag is the smaller version.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new(length: usize) -> Self {
        Self(Vec::with_capacity(length * 2 + 8))
    }

    /// What kind of thing stands at this place, or that nothing does.
    pub(super) fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    /// A number of any size, given as decimal digits: first how many, then which.
    pub(super) fn number(&mut self, digits: &str) -> Option<()> {
        let digits = digits.trim_start_matches('0');
        self.0.push(u8::try_from(digits.len()).ok()?);
        self.0.extend_from_slice(digits.as_bytes());
        Some(())
    }

    /// A text; one that continues another is the greater.
    pub(super) fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(0);
    }

    pub(super) fn finish(self) -> VersionKey {
        VersionKey(self.0.into_boxed_slice())
    }
}

/// Splits off the leading decimal digits.
pub(super) fn digits(text: &str) -> (&str, &str) {
    split(text, |b| b.is_ascii_digit())
}

/// Splits off the leading bytes of a class of ASCII.
pub(super) fn split(text: &str, class: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|b| !class(b)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Whether a number is zero, however many zeros it is written with.
pub(super) fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|b| b == b'0')
}

/// Numbers without their trailing zeros: `1.0` is `1`.
pub(super) fn without_trailing_zeros<'a, 'b>(numbers: &'b [&'a str]) -> &'b [&'a str] {
    let kept = numbers.iter().rposition(|number| !is_zero(number)).map_or(0, |last| last + 1);
    numbers.get(..kept).unwrap_or(numbers)
}
