//! Package URLs: one name for a package across all ecosystems (ECMA-427, "Package-URL specification").

use std::fmt::Write as _;

/// `pkg:type/namespace/name@version?key=value&...` with every part encoded as the specification asks.
///
/// `namespace` may hold `/` between its segments. Empty parts, and qualifiers without a value, are left
/// out. Case is the caller's: the rules differ from type to type.
///
/// ```text
/// pkg:deb/debian/curl@7.88.1-10%2Bdeb12u8?arch=amd64
/// ```
pub fn purl(
    kind: &str,
    namespace: &str,
    name: &str,
    version: &str,
    qualifiers: &[(&str, &str)],
) -> String {
    let mut out = String::with_capacity(32 + namespace.len() + name.len() + version.len());
    out.push_str("pkg:");
    out.push_str(kind);
    for segment in namespace.split('/').filter(|segment| !segment.is_empty()) {
        out.push('/');
        encode(segment, &mut out);
    }
    out.push('/');
    encode(name, &mut out);
    if !version.is_empty() {
        out.push('@');
        encode(version, &mut out);
    }
    let mut qualifiers: Vec<_> = qualifiers.iter().filter(|(_, value)| !value.is_empty()).collect();
    qualifiers.sort_unstable();
    for (at, (key, value)) in qualifiers.into_iter().enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        out.push_str(key);
        out.push('=');
        encode(value, &mut out);
    }
    out
}

/// Percent-encodes all but letters, digits and `.-_~:`.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_encoded_and_qualifiers_sorted() {
        assert_eq!(
            purl("deb", "debian", "curl", "1:7.88.1-10+deb12u8~x", &[("arch", "amd64")]),
            "pkg:deb/debian/curl@1:7.88.1-10%2Bdeb12u8~x?arch=amd64"
        );
        assert_eq!(
            purl("rpm", "fedora", "curl", "7.50.3-1.fc25", &[("epoch", "1"), ("arch", "i386")]),
            "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&epoch=1"
        );
        assert_eq!(
            purl("npm", "@angular", "animation", "12.3.1", &[("epoch", "")]),
            "pkg:npm/%40angular/animation@12.3.1"
        );
        assert_eq!(
            purl("golang", "google.golang.org/x", "é g", "", &[]),
            "pkg:golang/google.golang.org/x/%C3%A9%20g"
        );
    }
}
