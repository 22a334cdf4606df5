//! The table of extractors. A row says which files it wants; its function reads one of them. To add an
//! ecosystem, write its file beside the others and add its rows here (`docs/ADDING-AN-EXTRACTOR.md`).

mod conan;
mod conda;
mod cran;
mod dart;
mod dotnet;
mod elixir;
mod go;
mod haskell;
mod java;
mod licence;
mod npm;
mod oci;
mod php;
mod python;
mod ruby;
mod rust;
mod sbom;
mod swift;
mod system;

use crate::content::Program::{Elf, MachO, Pe};
use crate::extractor::Extractor;
use crate::extractor::Select::{Folder, Name, Program, Suffix, Text, Zip};
use muster_model::purl::Purl;

/// Largest program or package database looked into, bytes.
const LARGE: u64 = 2 << 30;

/// Every extractor. At most 128.
pub const TABLE: &[Extractor] = &[
    // Java
    Extractor::new("java-archive", &[Zip], java::archive::extract).up_to(u64::MAX),
    Extractor::new("maven-pom", &[Name("pom.xml")], java::project::pom),
    Extractor::new("maven-repository", &[Suffix(".pom")], java::repository::pom),
    Extractor::new("gradle-lock", &[Suffix("gradle.lockfile")], java::gradle::lock),
    Extractor::new("gradle-catalog", &[Suffix(".versions.toml")], java::gradle::catalog),
    Extractor::new("sbt-lock", &[Suffix(".sbt.lock")], java::gradle::sbt),
    // JavaScript
    Extractor::new(
        "npm-lock",
        &[Name("package-lock.json"), Name("npm-shrinkwrap.json")],
        npm::lock::extract,
    ),
    Extractor::new("yarn-lock", &[Name("yarn.lock")], npm::yarn::extract),
    Extractor::new("pnpm-lock", &[Name("pnpm-lock.yaml")], npm::pnpm::extract),
    Extractor::new("bun-lock", &[Name("bun.lock")], npm::bun::extract),
    Extractor::new("npm-manifest", &[Name("package.json")], npm::manifest::extract),
    // Python
    Extractor::new(
        "python-dist",
        &[
            Suffix(".dist-info/METADATA"),
            Suffix(".egg-info/PKG-INFO"),
            Suffix("EGG-INFO/PKG-INFO"),
            Suffix(".egg-info"),
            Name("PKG-INFO"),
        ],
        python::dist::extract,
    ),
    Extractor::new(
        "python-requirements",
        &[
            Suffix("requirements.txt"),
            Name("requirements-dev.txt"),
            Name("requirements-test.txt"),
            Name("requirements_dev.txt"),
            Name("requirements_test.txt"),
            Folder("requirements"),
        ],
        python::requirements::extract,
    ),
    Extractor::new("poetry-lock", &[Name("poetry.lock")], python::locks::poetry),
    Extractor::new("uv-lock", &[Name("uv.lock")], python::locks::uv),
    Extractor::new("pdm-lock", &[Name("pdm.lock")], python::locks::pdm),
    Extractor::new("pylock", &[Name("pylock.toml")], python::locks::pylock),
    Extractor::new("pipfile-lock", &[Name("Pipfile.lock")], python::locks::pipfile),
    // Go
    Extractor::new("go-mod", &[Name("go.mod")], go::module),
    Extractor::new("go-binary", &[Program(Elf), Program(Pe), Program(MachO)], go::binary)
        .up_to(LARGE),
    // Rust
    Extractor::new("cargo-lock", &[Name("Cargo.lock")], rust::lock::extract),
    Extractor::new(
        "rust-binary",
        &[Program(Elf), Program(Pe), Program(MachO)],
        rust::binary::extract,
    )
    .up_to(LARGE),
    // Operating systems
    Extractor::new("dpkg", &[Suffix("var/lib/dpkg/status"), Folder("status.d")], system::dpkg),
    Extractor::new("deb-archive", &[Name("control")], system::deb_control),
    Extractor::new("apk", &[Suffix("lib/apk/db/installed")], system::apk),
    Extractor::new(
        "rpm",
        &[Suffix("rpm/rpmdb.sqlite"), Suffix("rpm/Packages"), Suffix("rpm/Packages.db")],
        system::rpm,
    )
    .up_to(LARGE),
    Extractor::new("rpm-archive", &[Name(crate::archives::rpm::HEADER)], system::rpm_header),
    Extractor::new("pacman", &[Name("desc")], system::pacman),
    Extractor::new(
        "os-release",
        &[Suffix("etc/os-release"), Suffix("usr/lib/os-release")],
        system::os_release,
    ),
    // .NET
    Extractor::new("dotnet-deps", &[Suffix(".deps.json")], dotnet::deps),
    Extractor::new("nuget-lock", &[Name("packages.lock.json")], dotnet::lock),
    Extractor::new("nuget-assets", &[Name("project.assets.json")], dotnet::assets),
    Extractor::new("nuget-config", &[Name("packages.config")], dotnet::config),
    Extractor::new("nuspec", &[Suffix(".nuspec")], dotnet::nuspec),
    // Ruby, PHP
    Extractor::new("bundler-lock", &[Name("Gemfile.lock"), Name("gems.locked")], ruby::lock),
    Extractor::new("gem-installed", &[Suffix(".gemspec")], ruby::installed),
    Extractor::new("composer-lock", &[Name("composer.lock")], php::lock),
    Extractor::new("composer-installed", &[Name("installed.json")], php::installed),
    // The others
    Extractor::new("conan-lock", &[Name("conan.lock")], conan::lock),
    Extractor::new("conan-info", &[Name("conaninfo.txt")], conan::info),
    Extractor::new("conda", &[Folder("conda-meta")], conda::extract),
    Extractor::new("cran", &[Name("DESCRIPTION")], cran::description),
    Extractor::new("renv-lock", &[Name("renv.lock")], cran::renv),
    Extractor::new("pub-lock", &[Name("pubspec.lock")], dart::extract),
    Extractor::new("mix-lock", &[Name("mix.lock")], elixir::mix),
    Extractor::new("rebar-lock", &[Name("rebar.lock")], elixir::rebar),
    Extractor::new("stack-lock", &[Name("stack.yaml.lock")], haskell::stack),
    Extractor::new("cabal-freeze", &[Suffix("cabal.project.freeze")], haskell::cabal),
    Extractor::new("swift-resolved", &[Name("Package.resolved")], swift::resolved),
    Extractor::new("cocoapods-lock", &[Name("Podfile.lock")], swift::pods),
    // Licences
    Extractor::new(
        "licence-text",
        &[
            Folder("LICENSES"),
            Suffix("/copyright"),
            Suffix(".LICENSE.txt"),
            Suffix("-LICENSE"),
            Name("LICENSE"),
            Name("LICENSE.txt"),
            Name("LICENSE.md"),
            Name("LICENSE.rst"),
            Name("LICENCE"),
            Name("LICENCE.txt"),
            Name("LICENCE.md"),
            Name("LICENCE.rst"),
            Name("License"),
            Name("License.txt"),
            Name("License.md"),
            Name("License.rst"),
            Name("license"),
            Name("license.txt"),
            Name("license.md"),
            Name("license.rst"),
            Name("COPYING"),
            Name("COPYING.txt"),
            Name("COPYING.md"),
            Name("COPYING.rst"),
            Name("LICENSE-MIT"),
            Name("LICENSE-APACHE"),
            Name("LICENSE.APACHE2"),
            Name("LICENSE-APACHE.txt"),
            Name("LICENSE-MIT.txt"),
            Name("LICENSE.MIT"),
            Name("LICENSE.BSD"),
            Name("LICENSE-BSD"),
            Name("LICENSE.APACHE"),
            Name("COPYING.LESSER"),
            Name("COPYING.LIB"),
            Name("COPYING3"),
            Name("UNLICENSE"),
            Name("MIT-LICENSE.txt"),
            Name("MIT-LICENSE"),
        ],
        licence::text,
    )
    .up_to(crate::licences::MAX_TEXT),
    Extractor::new("licence-header", &[Text], licence::source).up_to(u64::MAX),
    // What others have listed
    Extractor::new(
        crate::extractor::SBOM,
        &[
            Folder("sboms"),
            Suffix("bom.json"),
            Suffix(".cdx.json"),
            Suffix(".cyclonedx.json"),
            Suffix(".spdx.json"),
        ],
        sbom::extract,
    ),
    // Images
    Extractor::new("image-manifest", &[Name("manifest.json")], oci::docker),
    Extractor::new("image-index", &[Folder("sha256"), Name("index.json")], oci::layout)
        .up_to(16 << 20),
];

/// A package URL of these parts; none where they cannot make one.
fn purl(kind: &str, namespace: &str, name: &str, version: &str) -> Option<Purl> {
    Purl::new(kind, namespace, name, version).ok()
}

/// `@scope/name` or `vendor/name` in two; the namespace is empty where there is none.
fn split_name(full: &str) -> (&str, &str) {
    full.rsplit_once('/').unwrap_or(("", full))
}
