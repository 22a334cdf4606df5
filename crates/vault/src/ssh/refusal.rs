//! Why a text is not taken for a key.

use std::fmt;

/// What is wrong with a key from outside. `Display` is fit to follow the parameter's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More bytes than a key can have.
    TooLong {
        /// Bytes that are taken.
        most: usize,
    },
    /// It wants a passphrase.
    Encrypted,
    /// Nothing that is known as a key. Holds what would be.
    NotAKey(&'static str),
    /// A key of a form that is known, but not whole or not consistent.
    Damaged(&'static str),
    /// A key of a kind that is not taken, with the reason.
    Unsupported(&'static str),
    /// RSA outside of 2048 to 8192 bits.
    Size,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { most } => write!(f, "must have at most {most} bytes"),
            Self::Encrypted => f.write_str(
                "is protected by a passphrase: take it off first (ssh-keygen -p -N '' -f FILE)",
            ),
            Self::NotAKey(wanted) => write!(f, "is not a key: {wanted} is wanted"),
            Self::Damaged(what) => write!(f, "is damaged: {what}"),
            Self::Unsupported(why) => f.write_str(why),
            Self::Size => f.write_str("must have 2048 to 8192 bits, being an RSA key"),
        }
    }
}

impl std::error::Error for Refusal {}
