//! `package.json` of an installed package.

use serde::Deserialize;

/// Name and version of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Package {
    /// Name, with its scope (`@nestjs/core`).
    #[serde(default)]
    pub name: String,
    /// Version; private applications often have none.
    #[serde(default)]
    pub version: String,
}

/// Reads name and version. None unless the name is one that the registry would take: other files of that
/// name (templates, test fixtures, module markers) hold anything.
pub fn parse_package(bytes: &[u8]) -> Option<Package> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let package: Package = serde_json::from_slice(bytes).ok()?;
    (is_name(&package.name) && package.version.len() <= 256).then_some(package)
}

/// `name` or `@scope/name`, of characters that need no encoding in a URL, at most 214 bytes.
pub fn is_name(name: &str) -> bool {
    let part = |text: &str| {
        !text.is_empty()
            && !text.starts_with('.')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~!'()*".contains(&b))
    };
    name.len() <= 214
        && match name.strip_prefix('@') {
            Some(scoped) => scoped.split_once('/').is_some_and(|(a, b)| part(a) && part(b)),
            None => part(name),
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packages_have_names_and_markers_do_not() {
        let package =
            parse_package(br#"{"name":"@nestjs/core","version":"10.0.0","main":7}"#).unwrap();
        assert_eq!((package.name.as_str(), package.version.as_str()), ("@nestjs/core", "10.0.0"));
        assert_eq!(parse_package(br#"{"type":"module"}"#), None);
        assert_eq!(parse_package(br#"{"name":"../x","version":"1"}"#), None);
        assert_eq!(parse_package(br#"{"name":"{{name}}"}"#), None);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[{}\\[\\]\":,a-z@/.\\\\0-9]{0,200}") {
            let _ = parse_package(text.as_bytes());
        }
    }
}
