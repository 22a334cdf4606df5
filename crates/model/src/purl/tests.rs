//! Spellings, canonical forms and refusals of package URLs.

use super::*;
use proptest::prelude::*;

fn canonical(text: &str) -> String {
    text.parse::<Purl>().unwrap().to_string()
}

#[test]
fn every_spelling_becomes_the_canonical_one() {
    for (text, expected) in [
        ("pkg:maven/org.apache.commons/io@1.3.4", "pkg:maven/org.apache.commons/io@1.3.4"),
        ("PKG://NPM/@Angular/core@12.3.1", "pkg:npm/%40Angular/core@12.3.1"),
        ("pkg:npm/@angular/core", "pkg:npm/%40angular/core"),
        ("pkg:npm/%40angular/core@1", "pkg:npm/%40angular/core@1"),
        ("pkg:npm/JSONStream@1.3.5", "pkg:npm/JSONStream@1.3.5"),
        ("pkg:pypi/Zope._Interface@5", "pkg:pypi/zope-interface@5"),
        (
            "pkg:deb/Debian/Curl@1:7.50.3-1?arch=i386&Distro=jessie",
            "pkg:deb/debian/curl@1:7.50.3-1?arch=i386&distro=jessie",
        ),
        ("pkg:rpm/Fedora/Curl@7?epoch=1&arch=", "pkg:rpm/fedora/Curl@7?epoch=1"),
        (
            "pkg:github/Package-URL/Purl-Spec@244fd47#/everybody/./loves//../dogs",
            "pkg:github/package-url/purl-spec@244fd47#everybody/loves/dogs",
        ),
        (
            "pkg:golang/github.com/BurntSushi/toml@v1.0.0",
            "pkg:golang/github.com/BurntSushi/toml@v1.0.0",
        ),
        (
            "pkg:docker/a/b@sha256:244f?repository_url=gcr.io",
            "pkg:docker/a/b@sha256:244f?repository_url=gcr.io",
        ),
        ("pkg:pub/My-Package@1", "pkg:pub/my_package@1"),
        (
            "pkg:generic/a@1.0?checksum=sha1:1,sha256:2",
            "pkg:generic/a@1.0?checksum=sha1:1%2Csha256:2",
        ),
        ("pkg:cargo/a@1.0.0+b", "pkg:cargo/a@1.0.0%2Bb"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
        assert_eq!(canonical(expected), expected);
    }
}

#[test]
fn what_is_no_package_url_is_refused_with_a_reason() {
    for (text, reason) in [
        ("", "pkg:"),
        ("maven/a/b", "pkg:"),
        ("pkg:maven", "name"),
        ("pkg:maven/@1.0", "name"),
        ("pkg:/a", "name"),
        ("pkg:1maven/a/b", "type"),
        ("pkg:ma_ven/a/b", "type"),
        ("pkg:npm/a%2", "hexadecimal"),
        ("pkg:npm/%FF", "UTF-8"),
        ("pkg:npm/a%2Fb/c", "encoded /"),
        ("pkg:npm/a?b", "no value"),
        ("pkg:npm/a?b=1&B=2", "twice"),
        ("pkg:npm/a?b/c=1", "key"),
    ] {
        let error = text.parse::<Purl>().unwrap_err();
        assert!(error.message().contains(reason), "{text}: {}", error.message());
        assert_eq!(error.parameter(), Some("purl"));
    }
    assert!(format!("pkg:npm/{}", "a".repeat(MAX_LENGTH)).parse::<Purl>().is_err());
}

#[test]
fn parts_can_be_asked_for_and_changed() {
    let purl: Purl = "pkg:deb/debian/libssl3@3.0.1?distro=debian-12&arch=amd64#x".parse().unwrap();
    assert_eq!(
        (purl.kind(), purl.namespace(), purl.name(), purl.version(), purl.subpath()),
        ("deb", "debian", "libssl3", "3.0.1", "x")
    );
    assert_eq!(purl.qualifier("distro"), Some("debian-12"));
    assert_eq!(purl.package().to_string(), "pkg:deb/debian/libssl3");
    assert_eq!(purl.without_qualifiers().to_string(), "pkg:deb/debian/libssl3@3.0.1");
    assert_eq!(purl.clone().with_version("4").version(), "4");
    let purl =
        purl.with_qualifier("arch", "").unwrap().with_qualifier("upstream", "openssl").unwrap();
    assert_eq!(purl.qualifiers().len(), 2);
}

#[test]
fn travels_as_text_in_json() {
    let purl: Purl = serde_json::from_str(r#""pkg:NPM/a@1""#).unwrap();
    assert_eq!(serde_json::to_string(&purl).unwrap(), r#""pkg:npm/a@1""#);
    assert!(serde_json::from_str::<Purl>(r#""npm/a""#).is_err());
}

proptest! {
    #[test]
    fn written_and_read_again_it_is_the_same(
        kind in "[a-zA-Z][a-zA-Z0-9.+-]{0,8}",
        namespace in "\\PC{0,12}",
        name in "\\PC{1,12}",
        version in "\\PC{0,12}",
        key in "[a-z_][a-z0-9._-]{0,5}",
        value in "\\PC{0,12}",
        subpath in "\\PC{0,12}",
    ) {
        prop_assume!(!name.trim_matches('/').is_empty());
        let purl = Purl::new(&kind, &namespace, &name, &version)
            .unwrap()
            .with_qualifier(&key, &value)
            .unwrap()
            .with_subpath(&subpath);
        prop_assert_eq!(purl.to_string().parse::<Purl>().unwrap(), purl);
    }

    #[test]
    fn no_text_makes_it_fail(text in "(pkg:)?\\PC{0,40}") {
        if let Ok(purl) = text.parse::<Purl>() {
            prop_assert_eq!(purl.to_string().parse::<Purl>().unwrap(), purl);
        }
    }
}

#[test]
fn a_package_covers_its_versions_whatever_their_qualifiers() {
    let purl = |text: &str| text.parse::<Purl>().unwrap();
    let held = purl("pkg:deb/debian/openssl@3.0.1?arch=amd64");
    assert!(purl("pkg:deb/debian/openssl").covers(&held));
    assert!(purl("pkg:deb/debian/openssl@3.0.1").covers(&held));
    assert!(!purl("pkg:deb/debian/openssl@3.0.2").covers(&held));
    assert!(!purl("pkg:deb/ubuntu/openssl").covers(&held));
}
