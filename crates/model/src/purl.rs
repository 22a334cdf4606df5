//! Package URLs: one name for a package across all ecosystems (ECMA-427, "Package-URL specification").
//!
//! A [`Purl`] is always canonical: two spellings of the same package are equal. What is made canonical
//! differs from type to type and stands in `rules.rs`.

mod parse;
mod rules;
#[cfg(test)]
mod tests;

use crate::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt::{self, Write as _};

pub use rules::normal_python_name;

/// Longest package URL that is read, in bytes.
pub const MAX_LENGTH: usize = 8_192;
/// Most qualifiers of one package URL.
pub const MAX_QUALIFIERS: usize = 64;

/// A package URL: `pkg:type/namespace/name@version?key=value#subpath`.
///
/// Orders by type, namespace, name, version as text: stable, but no version order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purl {
    kind: String,
    namespace: String,
    name: String,
    version: String,
    qualifiers: Vec<(String, String)>,
    subpath: String,
}

impl Purl {
    /// Made of its parts, unencoded. `namespace` may hold `/` between its segments; empty namespace
    /// and version mean none.
    ///
    /// # Errors
    /// `Invalid` where the type has other characters than letters, digits, `.`, `-`, `+`, or the name is empty.
    pub fn new(kind: &str, namespace: &str, name: &str, version: &str) -> Result<Self> {
        let kind = kind.to_ascii_lowercase();
        let fits = kind.bytes().all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b))
            && kind.bytes().next().is_some_and(|first| !first.is_ascii_digit());
        if !fits {
            return Err(invalid(
                "the type has letters, digits, ., - and + and starts with a letter",
            ));
        }
        let name = name.trim_matches('/');
        if name.is_empty() {
            return Err(invalid("the name is missing"));
        }
        let mut purl = Self {
            namespace: segments(namespace, |_| true),
            name: name.to_owned(),
            version: version.to_owned(),
            kind,
            qualifiers: Vec::new(),
            subpath: String::new(),
        };
        rules::apply(&mut purl);
        Ok(purl)
    }

    /// The same with one more qualifier, or another value of it; an empty value takes it away.
    ///
    /// # Errors
    /// `Invalid` where the key has other characters than letters, digits, `.`, `-`, `_`, or there are
    /// more than [`MAX_QUALIFIERS`].
    pub fn with_qualifier(mut self, key: &str, value: &str) -> Result<Self> {
        let key = key.to_ascii_lowercase();
        let fits = key.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
            && key.bytes().next().is_some_and(|first| !first.is_ascii_digit());
        if !fits {
            return Err(invalid("a qualifier's key has letters, digits, ., - and _"));
        }
        self.qualifiers.retain(|(known, _)| *known != key);
        if !value.is_empty() {
            if self.qualifiers.len() >= MAX_QUALIFIERS {
                return Err(invalid(format_args!("at most {MAX_QUALIFIERS} qualifiers")));
            }
            let at = self.qualifiers.partition_point(|(known, _)| *known < key);
            self.qualifiers.insert(at, (key, value.to_owned()));
        }
        Ok(self)
    }

    /// The same with a path inside the package. `.` and `..` are left out of it.
    #[must_use]
    pub fn with_subpath(mut self, path: &str) -> Self {
        self.subpath = segments(path, |segment| segment != "." && segment != "..");
        self
    }

    /// The same package in another version; empty means none.
    #[must_use]
    pub fn with_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        rules::apply(&mut self);
        self
    }

    /// The package alone: without version, qualifiers and subpath.
    #[must_use]
    pub fn package(&self) -> Self {
        Self {
            qualifiers: Vec::new(),
            subpath: String::new(),
            version: String::new(),
            ..self.clone()
        }
    }

    /// The package in its version, without qualifiers and subpath: what a VEX statement is compared with.
    #[must_use]
    pub fn without_qualifiers(&self) -> Self {
        Self { qualifiers: Vec::new(), subpath: String::new(), ..self.clone() }
    }

    /// Whether `other` is of this package, and of this version if this has one. Qualifiers are not looked at.
    pub fn covers(&self, other: &Self) -> bool {
        let package = |purl: &Self| purl.package().without_qualifiers();
        package(self) == package(other)
            && (self.version.is_empty() || self.version == other.version)
    }

    /// The type in lower case, `maven`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The namespace, unencoded, segments parted by `/`; empty for none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name, unencoded.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, unencoded; empty for none.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Keys in order with their values, unencoded.
    pub fn qualifiers(&self) -> &[(String, String)] {
        &self.qualifiers
    }

    /// The value of one qualifier.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The path inside the package; empty for none.
    pub fn subpath(&self) -> &str {
        &self.subpath
    }
}

impl fmt::Display for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}", self.kind)?;
        for segment in self.namespace.split('/').filter(|segment| !segment.is_empty()) {
            f.write_char('/')?;
            encode(segment, f)?;
        }
        f.write_char('/')?;
        encode(&self.name, f)?;
        if !self.version.is_empty() {
            f.write_char('@')?;
            encode(&self.version, f)?;
        }
        for (at, (key, value)) in self.qualifiers.iter().enumerate() {
            f.write_char(if at == 0 { '?' } else { '&' })?;
            write!(f, "{key}=")?;
            encode(value, f)?;
        }
        for (at, segment) in self.subpath.split('/').filter(|part| !part.is_empty()).enumerate() {
            f.write_char(if at == 0 { '#' } else { '/' })?;
            encode(segment, f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Purl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Purl {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Purl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(|error: Error| serde::de::Error::custom(error.message()))
    }
}

/// Percent-encodes all but letters, digits and `.-_~:`.
fn encode(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            f.write_char(char::from(byte))?;
        } else {
            write!(f, "%{byte:02X}")?;
        }
    }
    Ok(())
}

/// The segments of a path that are neither empty nor refused, joined by `/`.
fn segments(path: &str, wanted: impl Fn(&str) -> bool) -> String {
    let kept: Vec<&str> =
        path.split('/').filter(|segment| !segment.is_empty() && wanted(segment)).collect();
    kept.join("/")
}

fn invalid(why: impl fmt::Display) -> Error {
    Error::invalid("purl", why)
}
