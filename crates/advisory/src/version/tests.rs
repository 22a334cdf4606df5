//! Ascending lists and equal spellings of every scheme, and what holds for all of them.

use super::*;
use proptest::prelude::*;

fn ascending(scheme: Scheme, versions: &[&str]) {
    for (at, left) in versions.iter().enumerate() {
        for right in &versions[at + 1..] {
            assert_eq!(
                scheme.compare(left, right),
                Some(Ordering::Less),
                "{scheme:?}: {left} < {right}"
            );
            assert_eq!(
                scheme.compare(right, left),
                Some(Ordering::Greater),
                "{scheme:?}: {right} > {left}"
            );
        }
    }
}

fn equal(scheme: Scheme, versions: &[&str]) {
    for other in versions {
        assert_eq!(
            scheme.compare(versions[0], other),
            Some(Ordering::Equal),
            "{scheme:?}: {other}"
        );
    }
}

#[test]
fn semantic_versions() {
    ascending(
        Scheme::Semver,
        &[
            "0.0.0-0",
            "0.0.0",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.0.1-0",
            "1.2.3",
            "1.10.0",
            "99999999999999999999999.0.0",
        ],
    );
    equal(Scheme::Semver, &["1.0.0", "v1", "=1.0", "1.0.0+build", "01.0.0"]);
    ascending(Scheme::Pub, &["1.0.0-a", "1.0.0", "1.0.0+1", "1.0.0+2", "1.0.0+10", "1.0.1"]);
    ascending(Scheme::Nuget, &["1.0.0-Alpha", "1.0.0-beta", "1.0.0", "1.0.0.1", "1.0.1"]);
    equal(Scheme::Nuget, &["1.0.0-RC", "1.0-rc", "1.0.0.0-rc+x"]);
    ascending(Scheme::Bitnami, &["1.2.3-rc1", "1.2.3", "1.2.3-1", "1.2.3-r2", "1.2.3-10", "1.2.4"]);
}

#[test]
fn go() {
    ascending(
        Scheme::Go,
        &[
            "v0.0.0-20190101000000-abcdefabcdef",
            "v0.0.0-20200101000000-000000000000",
            "v1.2.3-pre",
            "v1.2.3-pre.0.20200101000000-abcdefabcdef",
            "v1.2.3",
            "v1.2.4-0.20200101000000-abcdefabcdef",
            "v1.2.4",
            "v2.0.0+incompatible",
        ],
    );
    ascending(
        Scheme::Go,
        &["go1.20.14", "go1.21beta1", "go1.21rc2", "go1.21rc10", "go1.21.0", "go1.21.1"],
    );
    equal(Scheme::Go, &["2.0.0", "v2.0.0+incompatible", "go2"]);
}

#[test]
fn maven() {
    ascending(
        Scheme::Maven,
        &[
            "1-alpha",
            "1-alpha2",
            "1-alpha-10",
            "1-beta",
            "1-m1",
            "1-rc",
            "1-rc2",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-abc",
            "1-xyz",
            "1-1",
            "1.0.1",
            "1.1",
            "1.11.a2",
            "1.11.b11",
            "1.11.m3",
            "1.11",
            "2",
        ],
    );
    equal(
        Scheme::Maven,
        &["1", "1.0", "1.0.0", "1-ga", "1.0.Final", "1.0-RELEASE", "1-0", "1.", "1-"],
    );
    equal(Scheme::Maven, &["1-a1", "1-alpha-1", "1.alpha1", "1.0.0-alpha1"]);
    equal(Scheme::Maven, &["1-cr1", "1.0.RC-1"]);
    ascending(
        Scheme::Maven,
        &[
            "5.0.0.Beta1",
            "5.0.0.CR2",
            "5.0.0.Final",
            "5.0.0.Final-redhat-1",
            "5.0.0.SP1",
            "5.0.1.Final",
        ],
    );
}

#[test]
fn python() {
    ascending(
        Scheme::Pypi,
        &[
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12.dev456",
            "1.0a12",
            "1.0b1.dev456",
            "1.0b2",
            "1.0b2.post345.dev456",
            "1.0b2.post345",
            "1.0rc1.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.15",
            "1.1.dev1",
            "1!0.1",
        ],
    );
    equal(Scheme::Pypi, &["1.0", "v1.0.0", "1", "0!1.0"]);
    equal(Scheme::Pypi, &["1.0-1", "1.0.post1", "1.0-r1", "1.0_REV.1"]);
    equal(Scheme::Pypi, &["1.0c1", "1.0-preview_1", "1.0.RC.1"]);
    for not_a_version in ["latest", "1.0-foo", "1.0+", "french toast", "1.0+a_$", "1.0rc1x"] {
        assert!(Scheme::Pypi.key(not_a_version).is_none(), "{not_a_version}");
    }
    assert!(Scheme::Pypi.is_prerelease("1.0rc1") && !Scheme::Pypi.is_prerelease("1.0.post1"));
}

#[test]
fn distributions() {
    ascending(
        Scheme::Debian,
        &[
            "1.0~rc1-1",
            "1.0-1~bpo",
            "1.0-1",
            "1.0-1+deb12u1",
            "1.0-1.1",
            "1.0a-1",
            "1.0+dfsg-1",
            "1.0.1-1",
            "1.10-1",
            "1:0.1-1",
        ],
    );
    equal(Scheme::Debian, &["1.0", "1.0-0", "0:1.0", "1.00"]);
    ascending(
        Scheme::Rpm,
        &[
            "1.0~rc1-1",
            "1.0-1",
            "1.0-1.el9",
            "1.0-1.1",
            "1.0-2",
            "1.0^git1-1",
            "1.0a-1",
            "1.0.1-1",
            "1:0.1-1",
        ],
    );
    equal(Scheme::Rpm, &["1.0-1", "1_0-1", "0:1.0-1", "1.0.-1"]);
    ascending(
        Scheme::Alpine,
        &[
            "1.0_alpha",
            "1.0_alpha1",
            "1.0_rc1",
            "1.0",
            "1.0-r1",
            "1.0-r10",
            "1.0_p1",
            "1.0_p1-r1",
            "1.0a",
            "1.0.00",
            "1.0.01",
            "1.0.1",
            "1.0.9",
            "1.0.10",
            "1.1",
        ],
    );
    assert!(Scheme::Alpine.key("1.0_foo").is_none());
}

#[test]
fn the_other_languages() {
    ascending(
        Scheme::RubyGems,
        &["1.0.a", "1.0.b", "1.0.rc1", "1.0", "1.0.0.1", "1.0.1", "1.9", "1.10"],
    );
    ascending(Scheme::RubyGems, &["1.a", "1.a.0.1", "1.b", "1"]);
    equal(Scheme::RubyGems, &["1", "1.0", "1.0.0"]);
    equal(Scheme::RubyGems, &["1.0-1", "1.pre.1"]);
    ascending(
        Scheme::Composer,
        &[
            "1.0.0-dev",
            "1.0.0-alpha1",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-RC1-dev",
            "1.0.0-RC1",
            "1.0.0",
            "1.0.0-pl1",
            "1.0.1",
            "1.9999999-dev",
            "2.x-dev",
        ],
    );
    equal(Scheme::Composer, &["1.0", "v1.0.0.0", "1.0.0-stable", "1.0+build"]);
    assert!(Scheme::Composer.key("dev-main").is_none());
    ascending(Scheme::Cran, &["1.0", "1.0.0", "1.0-1", "1.2", "1.10"]);
    ascending(Scheme::Hackage, &["0.9", "1", "1.0", "1.0.0", "1.1"]);
    ascending(
        Scheme::Conan,
        &[
            "1.0-pre",
            "1.0",
            "1.0+build",
            "1.1.1",
            "1.1.1a",
            "1.1.1k",
            "1.1.2",
            "cci.20200101",
            "system",
        ],
    );
    equal(Scheme::Conan, &["1", "1.0", "1.0.0"]);
}

#[test]
fn what_is_no_version_has_no_key() {
    for scheme in Scheme::ALL {
        for text in ["", "  ", "\0", &"1".repeat(MAX_LENGTH + 1)] {
            assert!(scheme.key(text).is_none(), "{scheme:?}: {text}");
        }
    }
    assert!(Scheme::Semver.key("latest").is_none());
    assert_eq!(Scheme::major("v12.3"), Some("12"));
    assert_eq!(Scheme::major("latest"), None);
}

fn scheme() -> impl Strategy<Value = Scheme> {
    proptest::sample::select(&Scheme::ALL[..])
}

proptest! {
    #[test]
    fn the_order_is_total(
        scheme in scheme(),
        versions in proptest::collection::vec("[0-2av]?[0-2](([.+~^_-]|[.-]rc|a|-r|_p)[0-2a]{1,2}){0,3}", 3),
    ) {
        let [a, b, c] = [0, 1, 2].map(|at: usize| versions[at].as_str());
        if let (Some(ab), Some(bc), Some(ac)) =
            (scheme.compare(a, b), scheme.compare(b, c), scheme.compare(a, c))
        {
            prop_assert_eq!(scheme.compare(b, a), Some(ab.reverse()));
            if ab == bc || bc == Ordering::Equal {
                prop_assert_eq!(ac, ab);
            }
            prop_assert_eq!(scheme.compare(a, a), Some(Ordering::Equal));
        }
    }

    #[test]
    fn a_greater_number_at_the_same_place_is_greater(
        scheme in scheme(), front in 0_u64..99, left: u64, right: u64,
    ) {
        let [l, r] = [left, right].map(|last| format!("{front}.{last}"));
        prop_assert_eq!(scheme.compare(&l, &r), Some(left.cmp(&right)));
    }

    #[test]
    fn no_text_makes_it_fail(scheme in scheme(), text in "\\PC{0,30}") {
        scheme.key(&text);
        scheme.is_prerelease(&text);
    }
}
