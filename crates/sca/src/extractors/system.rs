//! The package databases of operating systems, and their packages as files. The distribution comes later, from
//! the `os-release` of the same root.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Note};
use crate::trouble::Trouble;
use muster_formats::dpkg::State;
use muster_formats::rpm::Header;
use muster_formats::{
    apk as apk_format, dpkg as dpkg_format, os_release as os_format, pacman as alpm,
};
use muster_model::purl::Purl;
use std::borrow::Cow;

/// The package URL with its qualifiers; those without a value are left out.
fn qualified(kind: &str, name: &str, version: &str, qualifiers: &[(&str, &str)]) -> Option<Purl> {
    let mut purl = purl(kind, "", name, version)?;
    for (key, value) in qualifiers {
        purl = purl.with_qualifier(key, value).ok()?;
    }
    Some(purl)
}

/// `var/lib/dpkg/status`, and the files of `status.d` in images made without dpkg.
pub(super) fn dpkg(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if file.name().ends_with(".md5sums") {
        return Ok(());
    }
    for package in dpkg_format::packages(file.bytes) {
        if package.state != State::Absent {
            found.add_deb(&package, Kind::Installed);
        }
    }
    Ok(())
}

/// The control file of a `.deb`.
pub(super) fn deb_control(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if !file.path.contains("!/control.tar") {
        return Ok(());
    }
    if let Some(package) = dpkg_format::packages(file.bytes).next() {
        found.add_deb(&package, Kind::Archive);
    }
    Ok(())
}

impl Found {
    fn add_deb(&mut self, package: &dpkg_format::Package<'_>, kind: Kind) {
        let (mut source, mut source_version) = ("", "");
        if package.source != package.name || package.source_version != package.version {
            source = &package.source;
            source_version = &package.source_version;
        }
        let upstream = match (source, source_version == package.version) {
            ("", _) => Cow::Borrowed(""),
            (source, true) => Cow::Borrowed(source),
            (source, false) => Cow::Owned(format!("{source}@{source_version}")),
        };
        let qualifiers = [("arch", &*package.arch), ("upstream", &*upstream)];
        if let Some(purl) = qualified("deb", &package.name, &package.version, &qualifiers) {
            self.add(Finding::new(purl, kind).supplier(&package.maintainer));
        }
    }
}

/// Alpine's `lib/apk/db/installed`.
pub(super) fn apk(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    for package in apk_format::packages(file.bytes) {
        let upstream = if package.origin == package.name { "" } else { &*package.origin };
        let qualifiers = [("arch", &*package.arch), ("upstream", upstream)];
        if let Some(purl) = qualified("apk", &package.name, &package.version, &qualifiers) {
            found.add(Finding::new(purl, Kind::Installed).supplier(&package.maintainer));
        }
    }
    Ok(())
}

/// rpm's database in any of its three forms.
pub(super) fn rpm(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let mut broken = 0_u32;
    let read = muster_formats::rpm::headers(file.bytes, None, &mut |bytes| match rpm_finding(
        bytes,
        Kind::Installed,
    ) {
        Some(finding) => found.add(finding),
        None => broken += 1,
    });
    if let Err(error) = read {
        return Err(Trouble::malformed(error.0));
    }
    // The keys that rpm keeps as packages have no architecture and are no finding.
    if broken > 16 {
        return Err(Trouble::malformed(format!("{broken} headers cannot be read")));
    }
    Ok(())
}

/// The main header of an `.rpm`.
pub(super) fn rpm_header(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let finding = rpm_finding(file.bytes, Kind::Archive)
        .ok_or_else(|| Trouble::malformed("the header names no package"))?;
    found.add(finding);
    Ok(())
}

fn rpm_finding(bytes: &[u8], kind: Kind) -> Option<Finding> {
    let package = Header::new(bytes).ok()?.package().ok()?;
    if package.name == "gpg-pubkey" {
        return None;
    }
    let version = format!("{}-{}", package.version, package.release);
    let epoch = package.epoch.map(|epoch| epoch.to_string()).unwrap_or_default();
    let source = package.source_rpm.trim_end_matches(".src.rpm");
    let qualifiers = [("arch", &*package.arch), ("epoch", epoch.as_str()), ("upstream", source)];
    let purl = qualified("rpm", &package.name, &version, &qualifiers)?;
    Some(Finding::new(purl, kind).supplier(&package.vendor))
}

/// pacman's `var/lib/pacman/local/*/desc`.
pub(super) fn pacman(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if !file.path.contains("lib/pacman/local/") {
        return Ok(());
    }
    let package = alpm::package(file.bytes)
        .ok_or_else(|| Trouble::malformed("not the description of a package"))?;
    let qualifiers = [("arch", &*package.arch)];
    if let Some(purl) = qualified("alpm", &package.name, &package.version, &qualifiers) {
        found.add(Finding::new(purl, Kind::Installed));
    }
    Ok(())
}

/// `os-release`: which distribution the packages of this root are of.
pub(super) fn os_release(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let release = os_format::parse(&file.text());
    if !release.id.is_empty() {
        let place = found.place().to_owned();
        found.note(Note::Distribution { place, id: release.id, version: release.version_id });
    }
    Ok(())
}
