//! The data types of RFC 4251, section 5.

/// Takes bytes apart from the front. Every step is none where too few are left.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the front.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `n` bytes.
    pub fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    /// A byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    /// `uint32`.
    pub fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// `string`.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        self.bytes(length)
    }

    /// `mpint`, positive and in its shortest form; without the sign's zero byte.
    pub fn positive(&mut self) -> Option<&'a [u8]> {
        let bytes = self.string()?;
        match bytes.split_first()? {
            (0, rest) => Some(rest).filter(|it| it.first().is_some_and(|next| *next >= 0x80)),
            (first, _) => (*first < 0x80).then_some(bytes),
        }
    }

    /// What is left.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether all is taken.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Appends a `string`. Callers keep their contents far below 4 GiB.
pub fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Appends a positive number given in big-endian bytes as an `mpint`.
pub fn put_positive(out: &mut Vec<u8>, number: &[u8]) {
    let number = without_zeros(number);
    let sign = number.first().is_some_and(|first| *first >= 0x80);
    let length = u32::try_from(number.len() + usize::from(sign)).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    if sign {
        out.push(0);
    }
    out.extend_from_slice(number);
}

/// A big-endian number without leading zero bytes.
pub(super) fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_one_form() {
        for (bytes, number) in [
            (&[0, 0, 0, 1, 5][..], Some(&[5][..])),
            (&[0, 0, 0, 2, 0, 0x80], Some(&[0x80])),
            (&[0, 0, 0, 1, 0x80], None), // negative
            (&[0, 0, 0, 2, 0, 5], None), // too long
            (&[0, 0, 0, 0], None),       // zero
            (&[0, 0, 0, 2, 1], None),    // cut off
        ] {
            assert_eq!(Reader::new(bytes).positive(), number, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_put_is_taken(text in proptest::collection::vec(any::<u8>(), 0..40), mut number in proptest::collection::vec(any::<u8>(), 1..40)) {
            number.push(1);
            let mut out = Vec::new();
            put_string(&mut out, &text);
            put_positive(&mut out, &number);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.string(), Some(text.as_slice()));
            prop_assert_eq!(reader.positive(), Some(without_zeros(&number)));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Reader::new(&bytes);
            while reader.string().is_some() || reader.positive().is_some() {}
        }
    }
}
