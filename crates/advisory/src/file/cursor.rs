//! Reading and writing of rows: every read is checked, so that a damaged file is an error and never a panic.

/// A place in a slice. All reads answer None past the end.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub(crate) fn f32(&mut self) -> Option<f32> {
        Some(f32::from_bits(self.u32()?))
    }

    pub(crate) fn varint(&mut self) -> Option<usize> {
        let mut value: u64 = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(value).ok();
            }
        }
        None
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.varint()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }
}

pub(crate) fn put_u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn put_f32(out: &mut Vec<u8>, value: f32) {
    put_u32(out, value.to_bits());
}

/// At most 32 bits: a longer list or text has no place in a row and is cut by who makes the row.
pub(crate) fn put_varint(out: &mut Vec<u8>, value: usize) {
    let mut value = u32::try_from(value).unwrap_or(u32::MAX);
    loop {
        let low = value & 0x7f;
        value >>= 7;
        let more = if value == 0 { 0 } else { 0x80 };
        out.push(u8::try_from(low | more).unwrap_or_default());
        if value == 0 {
            return;
        }
    }
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len());
    out.extend_from_slice(bytes);
}

pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_bytes(out, text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(number: u32, text in "\\PC{0,20}", score in 0.0_f32..10.0) {
            let mut out = Vec::new();
            put_varint(&mut out, usize::try_from(number).unwrap());
            put_text(&mut out, &text);
            put_f32(&mut out, score);
            let mut cursor = Cursor(&out);
            prop_assert_eq!(cursor.varint(), usize::try_from(number).ok());
            prop_assert_eq!(cursor.text(), Some(text.as_str()));
            prop_assert_eq!(cursor.f32(), Some(score));
            prop_assert_eq!(cursor.u8(), None);
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            let mut cursor = Cursor(&bytes);
            while cursor.text().is_some() && !cursor.0.is_empty() {}
            let _ = cursor.varint();
        }
    }
}
