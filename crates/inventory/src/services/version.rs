//! A product's version: from its own files, then from the package that owns it, then from the name of
//! its directory.

use super::rule::{Rule, Source};
use crate::files::Stat;
use crate::host::Host;
use muster_formats::manifest::Manifest;
use muster_formats::read_at::SizedFile;
use muster_formats::version_strings::{find, find_in, version};
use muster_formats::zipfile::ZipFile;
use muster_formats::{go_buildinfo, jar_name};
use std::fs::File;
use std::path::Path;

/// How much of a program is read.
const MAX_PROGRAM: u64 = 256 * 1024 * 1024;
/// Largest text or manifest, bytes.
const MAX_TEXT: u64 = 1024 * 1024;
/// Longest version kept, bytes.
const MAX_VERSION: usize = 128;

/// What is known of an installation before its version is.
pub(super) struct Place<'a> {
    /// The file that stands for it.
    pub(super) program: &'a Path,
    /// That file's metadata: of a running program, of what really runs.
    pub(super) stat: &'a Stat,
    /// Opens that file.
    pub(super) open: &'a dyn Fn() -> Option<File>,
    /// Its home.
    pub(super) home: &'a Path,
}

/// The version and where it comes from.
pub(super) type Found = (String, &'static str);

/// From the product's own files.
pub(super) fn own(host: &Host<'_>, rule: &'static Rule, place: &Place<'_>) -> Option<Found> {
    rule.version.iter().find_map(|source| {
        let (version, origin) = match source {
            Source::Program(probes) => {
                let note = host.files().noted(place.stat, rule.name, place.open, |mut file| {
                    let found = find(&mut file, probes, MAX_PROGRAM).ok()?;
                    found.into_iter().flatten().next()
                });
                (note?, "text in the program")
            }
            Source::Go(module) => {
                let note = host.files().noted(place.stat, module, place.open, |file| {
                    let source = SizedFile::new(file).ok()?;
                    let info = go_buildinfo::read(&source)?;
                    let mut modules = std::iter::once(&info.main).chain(&info.modules);
                    let linked = modules.find(|linked| {
                        linked.path.starts_with(module) && linked.version.starts_with('v')
                    })?;
                    Some(linked.version.trim_start_matches('v').to_owned())
                });
                (note?, "the program's list of Go modules")
            }
            Source::File(name, probe) => {
                let path = super::paths::resolve(place.home, name);
                host.files().stat(&path).filter(Stat::is_file)?;
                let text = host.files().read(path, MAX_TEXT)?;
                (find_in(&text, *probe)?, "a file of the installation")
            }
            Source::JarName(directory, artifact) => {
                let entries = host.files().list(place.home.join(directory));
                let found = entries.iter().find_map(|entry| {
                    let name = entry.text();
                    let parsed = jar_name::parse(&name);
                    let hit = parsed.artifact == *artifact && !parsed.version.is_empty();
                    hit.then(|| parsed.version.to_owned())
                });
                (found?, "the name of an archive")
            }
            Source::Manifest(name) => (manifest(host, &place.home.join(name))?, "a manifest"),
            Source::Python(name) => (python(host, place, name)?, "the distribution's metadata"),
        };
        let version = version.trim().trim_end_matches(['.', ',', ')']);
        let fits = !version.is_empty() && version.len() <= MAX_VERSION;
        fits.then(|| (version.to_owned(), origin))
    })
}

/// From what surrounds it.
pub(super) fn surrounding(owner: Option<&str>, home: &Path) -> Option<Found> {
    if let Some(version) = owner.and_then(upstream) {
        return Some((version, "the package that owns it"));
    }
    let name = home.file_name()?.to_str()?;
    let start = name.find(|c: char| c.is_ascii_digit())?;
    let text = name.get(start..)?;
    version(text).map(|version| (version.to_owned(), "the name of its directory"))
}

/// The maker's version in a package URL: without epoch and without the distribution's revision.
fn upstream(purl: &str) -> Option<String> {
    let (_, rest) = purl.split_once('@')?;
    let version = rest.split(['?', '#']).next()?.replace("%3A", ":").replace("%3a", ":");
    let version = version.replace("%2B", "+").replace("%2b", "+").replace("%7E", "~");
    let version = version.split_once(':').map_or(version.as_str(), |(_, version)| version);
    let version = version.rsplit_once('-').map_or(version, |(version, _)| version);
    let repacked = ["+dfsg", "+ds", "~dfsg", "+repack", "+really"];
    let end = repacked.iter().filter_map(|mark| version.find(mark)).min();
    version.get(..end.unwrap_or(version.len())).filter(|v| !v.is_empty()).map(str::to_owned)
}

fn manifest(host: &Host<'_>, path: &Path) -> Option<String> {
    let files = host.files();
    let stat = files.stat(path).filter(Stat::is_file)?;
    let open = || files.open(path, MAX_PROGRAM);
    files.noted(&stat, "implementation version", &open, |file| {
        let source = SizedFile::new(file).ok()?;
        let zip = ZipFile::open(&source).ok()?;
        let entry = zip.entries().find(|entry| entry.name == "META-INF/MANIFEST.MF")?;
        let manifest = Manifest::parse(&zip.read(&entry, MAX_TEXT).ok()?);
        let version =
            manifest.get("Implementation-Version").or_else(|| manifest.get("Bundle-Version"))?;
        Some(version.to_owned())
    })
}

/// From `<prefix>/lib/python*/*-packages/<name>-<version>.{dist,egg}-info`.
fn python(host: &Host<'_>, place: &Place<'_>, name: &str) -> Option<String> {
    let prefix = place.program.parent()?.parent()?.to_str()?.trim_end_matches('/');
    ["python3/dist-packages", "python3*/site-packages", "python3*/dist-packages"]
        .iter()
        .flat_map(|tail| super::paths::expand(host.files(), &format!("{prefix}/lib/{tail}")))
        .flat_map(|directory| host.files().list(directory))
        .find_map(|entry| {
            let file = entry.text();
            let stem =
                file.strip_suffix(".dist-info").or_else(|| file.strip_suffix(".egg-info"))?;
            let (found, version) = stem.split_once('-')?;
            let version = version.split("-py").next()?;
            found.eq_ignore_ascii_case(name).then(|| version.to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_makers_version_of_a_package() {
        for (purl, version) in [
            ("pkg:deb/debian/nginx@1.22.1-9%2Bdeb12u11?arch=amd64", "1.22.1"),
            ("pkg:deb/debian/mariadb-server-core@1%3A10.11.19-0%2Bdeb12u1", "10.11.19"),
            ("pkg:deb/debian/x@5:7.0.15%2Bdfsg1-1~deb12u10?arch=amd64", "7.0.15"),
            ("pkg:rpm/rhel/nginx@1.20.1-14.el9?epoch=1", "1.20.1"),
            ("pkg:apk/alpine/nginx@1.24.0-r6", "1.24.0"),
        ] {
            assert_eq!(upstream(purl).as_deref(), Some(version), "{purl}");
        }
        assert_eq!(upstream("pkg:deb/debian/x"), None);
    }

    #[test]
    fn the_name_of_a_directory() {
        let named = |home: &str| surrounding(None, Path::new(home)).map(|(version, _)| version);
        assert_eq!(named("/opt/apache-tomcat-10.1.5").as_deref(), Some("10.1.5"));
        assert_eq!(named("/opt/ibm/db2/V11.5").as_deref(), Some("11.5"));
        assert_eq!(named("/opt/tomcat9"), None);
    }
}
