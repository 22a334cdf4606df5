//! Package URLs made of what a parser found.

use muster_model::Purl;

/// The canonical `pkg:type/namespace/name@version?key=value&...`, as [`Purl`] writes it.
///
/// Empty parts, and qualifiers without a value, are left out. Empty where there is no name.
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
    let mut made = Purl::new(kind, namespace, name, version);
    for (key, value) in qualifiers {
        made = made.and_then(|purl| purl.with_qualifier(key, value));
    }
    made.map(|purl| purl.to_string()).unwrap_or_default()
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
        assert_eq!(purl("npm", "", "", "1", &[]), "");
    }
}
