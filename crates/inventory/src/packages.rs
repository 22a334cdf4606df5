//! Installed packages, from the databases of every package manager known here.
//!
//! No package tool is run and none need be there. One reader a manager; each gives the packages, and those
//! whose database says it also the files each package owns.

pub(crate) mod apk;
pub(crate) mod dpkg;
pub(crate) mod flatpak;
pub(crate) mod pacman;
pub(crate) mod rpm;
pub(crate) mod snap;

use crate::files::Files;
use muster_formats::{os_release, purl};
use muster_model::Micros;

/// An installed package.
#[derive(Debug, Default)]
pub(crate) struct Installed {
    pub(crate) name: String,
    /// As the package manager prints it.
    pub(crate) version: String,
    pub(crate) arch: String,
    pub(crate) purl: String,
    /// `dpkg`, `rpm`, `apk`, `pacman`, `snap`, `flatpak`.
    pub(crate) manager: &'static str,
    pub(crate) install_dir: String,
    /// Name and version of the source package: what advisories of a distribution speak of.
    pub(crate) source: Option<(String, String)>,
    /// Last installation or update.
    pub(crate) updated: Option<Micros>,
    /// Further evidence.
    pub(crate) notes: Vec<(&'static str, String)>,
}

/// Calls `found` with every package beneath the root.
pub(crate) fn installed(files: &Files, found: &mut dyn FnMut(Installed)) {
    let distro = Distro::read(files);
    dpkg::packages(files, &distro, found);
    rpm::packages(files, &distro, found);
    apk::packages(files, &distro, found);
    pacman::packages(files, &distro, found);
    snap::packages(files, found);
    flatpak::packages(files, found);
}

/// Calls `owned` with every file that a package owns: a path from the root, and the package's purl.
pub(crate) fn ownership(files: &Files, owned: &mut dyn FnMut(&[u8], &str)) {
    let distro = Distro::read(files);
    dpkg::ownership(files, &distro, owned);
    rpm::ownership(files, &distro, owned);
    apk::ownership(files, &distro, owned);
    pacman::ownership(files, &distro, owned);
}

/// What the operating system is called: the namespace and the release of its packages' URLs.
pub(crate) struct Distro {
    id: String,
    /// `debian-12`; empty where the root does not say.
    release: String,
}

impl Distro {
    fn read(files: &Files) -> Self {
        let release = ["/etc/os-release", "/usr/lib/os-release"]
            .iter()
            .find_map(|path| files.text(path, 64 * 1024))
            .map(|text| os_release::parse(&text))
            .unwrap_or_default();
        let named = |version: &str| format!("{}-{version}", release.id);
        let release_name = match release.version_id.as_str() {
            "" if release.codename.is_empty() => String::new(),
            "" => named(&release.codename),
            version => named(version),
        };
        Self { id: release.id, release: release_name }
    }

    /// The URL of a package, with what advisories of distributions are filed under: the release (`distro`), and
    /// the source package (`upstream`) where it has another name or version.
    fn url(
        &self,
        (kind, namespace): (&str, &str),
        (name, version): (&str, &str),
        source: Option<(&str, &str)>,
        qualifiers: &[(&str, &str)],
    ) -> String {
        let upstream = match source {
            Some((source, of)) if of != version && !of.is_empty() => format!("{source}@{of}"),
            Some((source, _)) if source != name => source.to_owned(),
            _ => String::new(),
        };
        let own = [("distro", self.release.as_str()), ("upstream", &upstream)];
        purl(kind, namespace, name, version, &[qualifiers, &own].concat())
    }

    /// The namespace, `usual` where the root does not say what it is. rpm's namespaces are those of the
    /// vendors, which differ from the systems' own names for some.
    pub(crate) fn namespace<'a>(&'a self, usual: &'a str) -> &'a str {
        match self.id.as_str() {
            "" => usual,
            "rhel" => "redhat",
            id if id.starts_with("opensuse") => "opensuse",
            id => id,
        }
    }
}
