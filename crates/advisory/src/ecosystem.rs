//! Ecosystems: what the advisories call them, what package URLs call them, how they spell names and order versions.

mod release;

use crate::version::Scheme;
use muster_model::Purl;

/// How an ecosystem makes one name of a package URL's namespace and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// `group:artifact`.
    Maven,
    /// `namespace/name`, case does not count.
    FoldedPath,
    /// The name alone, case counts.
    Name,
    /// The name alone, case does not count.
    FoldedName,
    /// The name as PEP 503 folds it.
    Python,
    /// crates.io takes `-` and `_` for the same.
    Cargo,
}

/// A world of packages with its own names and its own order of versions.
#[derive(Debug, PartialEq, Eq)]
pub struct Ecosystem {
    /// What the OSV format calls it, without a release.
    pub name: &'static str,
    /// Type of its package URLs.
    pub purl_type: &'static str,
    /// Namespaces of its package URLs where several ecosystems share a type; empty for any.
    namespaces: &'static [&'static str],
    /// The order of its versions.
    pub scheme: Scheme,
    naming: Naming,
    /// Whether advisories hold for one release of a distribution only.
    pub has_releases: bool,
}

const fn language(
    name: &'static str,
    purl_type: &'static str,
    scheme: Scheme,
    naming: Naming,
) -> Ecosystem {
    Ecosystem { name, purl_type, namespaces: &[], scheme, naming, has_releases: false }
}

const fn distribution(
    name: &'static str,
    purl_type: &'static str,
    namespaces: &'static [&'static str],
    scheme: Scheme,
    has_releases: bool,
) -> Ecosystem {
    Ecosystem { name, purl_type, namespaces, scheme, naming: Naming::FoldedName, has_releases }
}

/// Every ecosystem that can be checked. A new one is one line here, and an order in [`crate::version`] if it has its own.
pub static ECOSYSTEMS: [Ecosystem; 34] = [
    language("Maven", "maven", Scheme::Maven, Naming::Maven),
    // Package URLs of npm are in lower case, advisories of old packages are not.
    language("npm", "npm", Scheme::Semver, Naming::FoldedPath),
    language("PyPI", "pypi", Scheme::Pypi, Naming::Python),
    language("Go", "golang", Scheme::Go, Naming::FoldedPath),
    language("crates.io", "cargo", Scheme::Semver, Naming::Cargo),
    language("NuGet", "nuget", Scheme::Nuget, Naming::FoldedName),
    language("RubyGems", "gem", Scheme::RubyGems, Naming::Name),
    language("Packagist", "composer", Scheme::Composer, Naming::FoldedPath),
    language("Hex", "hex", Scheme::Semver, Naming::FoldedPath),
    language("Pub", "pub", Scheme::Pub, Naming::FoldedName),
    language("CRAN", "cran", Scheme::Cran, Naming::Name),
    language("Bioconductor", "bioconductor", Scheme::Cran, Naming::Name),
    language("Hackage", "hackage", Scheme::Hackage, Naming::Name),
    language("ConanCenter", "conan", Scheme::Conan, Naming::FoldedName),
    language("SwiftURL", "swift", Scheme::Semver, Naming::FoldedPath),
    language("Bitnami", "bitnami", Scheme::Bitnami, Naming::FoldedName),
    language("GitHub Actions", "githubactions", Scheme::Semver, Naming::FoldedPath),
    language("Julia", "julia", Scheme::Semver, Naming::Name),
    language("opam", "opam", Scheme::Debian, Naming::Name),
    distribution("Debian", "deb", &["debian"], Scheme::Debian, true),
    distribution("Ubuntu", "deb", &["ubuntu"], Scheme::Debian, true),
    distribution("Alpine", "apk", &["alpine"], Scheme::Alpine, true),
    distribution("Wolfi", "apk", &["wolfi"], Scheme::Alpine, false),
    distribution("Chainguard", "apk", &["chainguard"], Scheme::Alpine, false),
    distribution("Red Hat", "rpm", &["redhat", "rhel"], Scheme::Rpm, true),
    distribution("Rocky Linux", "rpm", &["rocky", "rocky-linux", "rockylinux"], Scheme::Rpm, true),
    distribution("AlmaLinux", "rpm", &["almalinux", "alma"], Scheme::Rpm, true),
    distribution("Oracle Linux", "rpm", &["oracle", "ol", "oraclelinux"], Scheme::Rpm, true),
    distribution("Amazon Linux", "rpm", &["amazon", "amzn"], Scheme::Rpm, true),
    distribution("SUSE", "rpm", &["suse", "sles", "sled"], Scheme::Rpm, true),
    distribution(
        "openSUSE",
        "rpm",
        &["opensuse", "opensuse-leap", "opensuse-tumbleweed"],
        Scheme::Rpm,
        true,
    ),
    distribution("openEuler", "rpm", &["openeuler"], Scheme::Rpm, true),
    distribution("Mageia", "rpm", &["mageia"], Scheme::Rpm, true),
    distribution("Azure Linux", "rpm", &["azurelinux", "mariner"], Scheme::Rpm, true),
];

/// Why a component could not be compared with anything: a state to be shown, never an absence of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotChecked {
    /// No loaded source covers this ecosystem, or this release of the distribution.
    NoSource,
    /// No advisories are made for packages of this type.
    UnknownType,
    /// The group of a Maven artifact is not known.
    NoGroup,
    /// The component has no version.
    NoVersion,
    /// The version is none of its ecosystem (a branch, a commit, `latest`).
    UnreadableVersion,
    /// A distribution's package without its release.
    NoRelease,
}

impl NotChecked {
    /// Stable code for reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSource => "no_source",
            Self::UnknownType => "unknown_type",
            Self::NoGroup => "no_group",
            Self::NoVersion => "no_version",
            Self::UnreadableVersion => "unreadable_version",
            Self::NoRelease => "no_release",
        }
    }
}

/// One package of one ecosystem, and of one release of a distribution: what advisories are filed under.
#[derive(Clone, Debug)]
pub struct PackageKey {
    /// The ecosystem.
    pub ecosystem: &'static Ecosystem,
    /// Release of the distribution in canonical form; empty where there is none.
    pub release: String,
    /// The name in canonical form.
    pub name: String,
}

impl PackageKey {
    /// From an advisory's `package`: `Debian:12` and `openssl`. None for an ecosystem that is not in the table.
    pub fn from_advisory(ecosystem: &str, name: &str) -> Option<Self> {
        let (base, suffix) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
        let ecosystem = ECOSYSTEMS.iter().find(|known| known.name == base)?;
        let release = if ecosystem.has_releases {
            release::canonical(ecosystem.name, suffix)
        } else {
            String::new()
        };
        Some(Self { ecosystem, release, name: ecosystem.folded(name) })
    }

    /// From a component: the keys under which it may be filed (a distribution's source package first, then the
    /// package itself), each with the version to compare.
    pub fn from_purl(purl: &Purl) -> Result<Vec<(Self, String)>, NotChecked> {
        let ecosystem = Ecosystem::of(purl).ok_or(NotChecked::UnknownType)?;
        if purl.version().is_empty() {
            return Err(NotChecked::NoVersion);
        }
        if ecosystem.naming == Naming::Maven && purl.namespace().is_empty() {
            return Err(NotChecked::NoGroup);
        }
        if !matches!(ecosystem.purl_type, "deb" | "rpm" | "apk") {
            let key = Self { ecosystem, release: String::new(), name: ecosystem.name_of(purl) };
            return Ok(vec![(key, purl.version().to_owned())]);
        }
        let release = match purl.qualifier("distro") {
            _ if !ecosystem.has_releases => String::new(),
            Some(distro) => release::canonical(ecosystem.name, distro),
            None => return Err(NotChecked::NoRelease),
        };
        if ecosystem.has_releases && release.is_empty() {
            return Err(NotChecked::NoRelease);
        }
        let version = match purl.qualifier("epoch") {
            Some(epoch) if !purl.version().contains(':') => format!("{epoch}:{}", purl.version()),
            _ => purl.version().to_owned(),
        };
        let own = ecosystem.name_of(purl);
        let mut keys = Vec::with_capacity(2);
        if let Some(source) = purl.qualifier("upstream").or_else(|| purl.qualifier("origin")) {
            let (name, source_version) = source.split_once('@').unwrap_or((source, ""));
            let name = ecosystem.folded(name.strip_suffix(".src.rpm").unwrap_or(name));
            if name != own {
                let version = if source_version.is_empty() { &version } else { source_version };
                keys.push((Self { ecosystem, release: release.clone(), name }, version.to_owned()));
            }
        }
        keys.push((Self { ecosystem, release, name: own }, version));
        Ok(keys)
    }

    /// The text it is filed under.
    pub(crate) fn index(&self) -> String {
        format!("{}:{}\n{}", self.ecosystem.name, self.release, self.name)
    }

    /// As the OSV format writes ecosystem and release: `Debian:12`.
    pub fn ecosystem_label(&self) -> String {
        if self.release.is_empty() {
            self.ecosystem.name.to_owned()
        } else {
            format!("{}:{}", self.ecosystem.name, self.release)
        }
    }
}

impl Ecosystem {
    /// The ecosystem of a package URL.
    pub fn of(purl: &Purl) -> Option<&'static Self> {
        ECOSYSTEMS.iter().find(|known| {
            known.purl_type == purl.kind()
                && (known.namespaces.is_empty() || known.namespaces.contains(&purl.namespace()))
        })
    }

    /// The ecosystem of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ECOSYSTEMS.iter().find(|known| known.name == name)
    }

    fn name_of(&self, purl: &Purl) -> String {
        let (namespace, name) = (purl.namespace(), purl.name());
        match self.naming {
            Naming::Maven => format!("{namespace}:{name}"),
            Naming::FoldedPath if !namespace.is_empty() => {
                self.folded(&format!("{namespace}/{name}"))
            }
            _ => self.folded(name),
        }
    }

    fn folded(&self, name: &str) -> String {
        match self.naming {
            Naming::Maven | Naming::Name => name.to_owned(),
            Naming::FoldedPath | Naming::FoldedName => name.to_lowercase(),
            Naming::Python => muster_model::purl::normal_python_name(name),
            Naming::Cargo => name.to_lowercase().replace('_', "-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(purl: &str) -> Result<Vec<String>, NotChecked> {
        let keys = PackageKey::from_purl(&purl.parse().unwrap())?;
        Ok(keys
            .iter()
            .map(|(key, version)| format!("{} {} {version}", key.ecosystem_label(), key.name))
            .collect())
    }

    #[test]
    fn a_component_is_filed_where_its_advisories_are() {
        for (purl, expected) in [
            ("pkg:maven/org.a/b@1", "Maven org.a:b 1"),
            ("pkg:npm/%40a/b@1", "npm @a/b 1"),
            ("pkg:npm/xdLocalStorage@1", "npm xdlocalstorage 1"),
            ("pkg:pypi/Zope.Interface@1", "PyPI zope-interface 1"),
            ("pkg:golang/github.com/BurntSushi/toml@v1", "Go github.com/burntsushi/toml v1"),
            ("pkg:cargo/serde_json@1", "crates.io serde-json 1"),
            ("pkg:composer/Symfony/Http-Kernel@1", "Packagist symfony/http-kernel 1"),
            ("pkg:nuget/System.Text.Json@1", "NuGet system.text.json 1"),
            ("pkg:swift/github.com/apple/swift-nio@1", "SwiftURL github.com/apple/swift-nio 1"),
            ("pkg:deb/debian/curl@1?distro=bookworm", "Debian:12 curl 1"),
            ("pkg:apk/alpine/curl@1-r0?distro=alpine-3.18.4", "Alpine:3.18 curl 1-r0"),
            ("pkg:rpm/rocky/curl@1-1?epoch=2&distro=rocky-9.3", "Rocky Linux:9 curl 2:1-1"),
        ] {
            assert_eq!(keys(purl).unwrap(), [expected], "{purl}");
        }
        assert_eq!(
            keys("pkg:deb/debian/libssl3@3.0.1-1?distro=debian-12.5&upstream=openssl%403.0.1")
                .unwrap(),
            ["Debian:12 openssl 3.0.1", "Debian:12 libssl3 3.0.1-1"]
        );
    }

    #[test]
    fn what_cannot_be_compared_says_why() {
        for (purl, reason) in [
            ("pkg:maven/b@1", NotChecked::NoGroup),
            ("pkg:npm/b", NotChecked::NoVersion),
            ("pkg:generic/b@1", NotChecked::UnknownType),
            ("pkg:deb/debian/b@1", NotChecked::NoRelease),
            ("pkg:deb/devuan/b@1?distro=x", NotChecked::UnknownType),
        ] {
            assert_eq!(keys(purl).unwrap_err(), reason, "{purl}");
        }
    }

    #[test]
    fn an_advisory_is_filed_where_its_components_are() {
        for (ecosystem, name, expected) in [
            ("Debian:12", "openssl", "Debian:12 openssl"),
            ("Alpine:v3.18", "curl", "Alpine:3.18 curl"),
            ("Ubuntu:22.04:LTS", "curl", "Ubuntu:22.04 curl"),
            ("PyPI", "Zope.Interface", "PyPI zope-interface"),
            ("npm", "xdLocalStorage", "npm xdlocalstorage"),
        ] {
            let key = PackageKey::from_advisory(ecosystem, name).unwrap();
            assert_eq!(format!("{} {}", key.ecosystem_label(), key.name), expected);
        }
        assert!(PackageKey::from_advisory("OSS-Fuzz", "x").is_none());
    }
}
