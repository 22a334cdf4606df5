//! What went wrong with one file or member, under a stable code; the rest of the scan goes on.

use muster_model::Diagnostic;
use std::fmt;
use std::io;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// The stable codes of troubles, as `docs/ADDING-AN-EXTRACTOR.md` lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $name,)+ }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }
        }
    };
}

codes! {
    /// Cut short or inconsistent; what could be read of it was.
    Damaged = "archive.damaged",
    /// Encrypted with a password.
    Encrypted = "archive.encrypted",
    /// Compressed by a method that is not known.
    Method = "archive.unsupported_method",
    /// Members share the same packed bytes, as only bombs do.
    Overlap = "archive.overlap",
    /// Only one part of several is there.
    Volume = "archive.missing_volume",
    /// A file on disk cannot be read.
    Unreadable = "file.unreadable",
    /// Larger than the file of its kind may be.
    TooLarge = "file.too_large",
    /// Not of the form its name promises.
    Malformed = "file.malformed",
    /// The file is fine but pins no versions.
    Unpinned = "file.unpinned",
    /// Archives are nested deeper than is followed.
    LimitDepth = "limit.depth",
    /// More files and members than a scan may see.
    LimitMembers = "limit.members",
    /// More archives than a scan may open.
    LimitArchives = "limit.archives",
    /// More bytes unpacked than a scan may unpack.
    LimitTotal = "limit.total",
    /// More bytes unpacked for each packed byte than honest archives have.
    LimitRatio = "limit.ratio",
    /// A member too large to be held in memory.
    LimitMemory = "limit.memory",
    /// The scan took longer than it may.
    LimitTime = "limit.time",
}

impl Code {
    /// Whether the trouble ended the scan: its result is partial.
    pub const fn ends_scan(self) -> bool {
        matches!(
            self,
            Self::LimitMembers
                | Self::LimitArchives
                | Self::LimitTotal
                | Self::LimitRatio
                | Self::LimitTime
        )
    }
}

/// A trouble, before it is known whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which kind.
    pub code: Code,
    /// For people; never holds file content.
    pub message: String,
}

impl Trouble {
    /// A trouble.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Not of the form its name promises.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(Code::Malformed, message)
    }

    /// Cut short or inconsistent.
    pub fn damaged(message: impl Into<String>) -> Self {
        Self::new(Code::Damaged, message)
    }

    /// The trouble of this file or member.
    pub fn of(&self, path: &str) -> Diagnostic {
        Diagnostic::new(self.code.as_str(), path, self.message.as_str())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trouble {}

impl From<io::Error> for Trouble {
    /// Readers of archives hand troubles through `io::Error`; anything else they say is damage.
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            Some(trouble) => trouble.clone(),
            None => Self::damaged(error.to_string()),
        }
    }
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> Self {
        Self::other(trouble)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_survive_a_reader() {
        let mut codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
        let trouble = Trouble::new(Code::LimitTotal, "enough");
        assert_eq!(Trouble::from(io::Error::from(trouble.clone())), trouble);
        assert_eq!(Trouble::from(io::Error::other("odd")).code, Code::Damaged);
    }

    #[test]
    fn every_code_stands_in_the_documents() {
        let text = include_str!("../../../docs/ADDING-AN-EXTRACTOR.md");
        for code in Code::ALL {
            assert!(text.contains(&format!("`{}`", code.as_str())), "{}", code.as_str());
        }
    }
}
