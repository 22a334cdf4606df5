//! What readers of databases need: numbers in both byte orders, and an error.

use std::fmt;

/// What is wrong with a database, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken(pub &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Broken {}

/// Shorthand of this module.
pub type Result<T> = std::result::Result<T, Broken>;

/// Byte order of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Big,
    Little,
}

impl Order {
    /// The 32-bit number at `at`.
    pub(crate) fn u32(self, bytes: &[u8], at: usize) -> Result<u32> {
        let word = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(CUT)?;
        Ok(match self {
            Self::Big => u32::from_be_bytes(*word),
            Self::Little => u32::from_le_bytes(*word),
        })
    }

    /// The 16-bit number at `at`.
    pub(crate) fn u16(self, bytes: &[u8], at: usize) -> Result<u16> {
        let word = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or(CUT)?;
        Ok(match self {
            Self::Big => u16::from_be_bytes(*word),
            Self::Little => u16::from_le_bytes(*word),
        })
    }
}

/// Something points beyond what is there.
pub(crate) const CUT: Broken = Broken("a structure is cut off");

/// A 32-bit length or offset as an index.
pub(crate) fn index(number: u32) -> Result<usize> {
    usize::try_from(number).map_err(|_| CUT)
}
