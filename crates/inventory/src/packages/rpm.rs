//! rpm's packages, in whichever of its databases there are.

use super::{Distro, Installed};
use crate::files::Files;
use muster_formats::read_at::{ReadAt, SizedFile};
use muster_formats::rpm::{self, Header, Package};
use muster_model::Micros;

/// Where distributions keep the database, with its file names in all three forms and the log of the first.
pub(crate) const DATABASES: &[&str] = &[
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/rpm/rpmdb.sqlite-wal",
    "/var/lib/rpm/Packages.db",
    "/var/lib/rpm/Packages",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
    "/usr/lib/sysimage/rpm/Packages.db",
    "/usr/lib/sysimage/rpm/Packages",
    "/usr/share/rpm/rpmdb.sqlite",
    "/usr/share/rpm/rpmdb.sqlite-wal",
];
const WAL: &str = "-wal";

/// Largest database; that of a system with 10,000 packages has 500 MB. It is not read into memory.
const MAX_DATABASE: u64 = 4 << 30;

pub(crate) fn packages(files: &Files, distro: &Distro, found: &mut dyn FnMut(Installed)) {
    each(files, &mut |_, package| {
        let evr = package.evr();
        let source = package.source().map(|(name, version)| (name.to_owned(), version.to_owned()));
        let notes = [("vendor", &package.vendor), ("module", &package.module)];
        found(Installed {
            name: package.name.to_string(),
            purl: url(package, distro),
            version: evr,
            arch: package.arch.to_string(),
            manager: "rpm",
            source,
            updated: package.installed.map(|secs| Micros::from_secs(secs.into())),
            notes: notes
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| (name, text.to_string()))
                .collect(),
            ..Installed::default()
        });
    });
}

pub(crate) fn ownership(files: &Files, distro: &Distro, owned: &mut dyn FnMut(&[u8], &str)) {
    each(files, &mut |header, package| {
        let url = url(package, distro);
        header.paths(&mut |path| owned(path, &url));
    });
}

/// Calls `each` with every package. The keys that rpm keeps among them are none.
fn each(files: &Files, each: &mut dyn FnMut(&Header<'_>, &Package<'_>)) {
    let mut seen = Vec::new();
    for path in DATABASES.iter().filter(|path| !path.ends_with(WAL)) {
        let Some(stat) = files.stat(path).filter(|stat| stat.is_file() && stat.size > 0) else {
            continue;
        };
        // One of the folders is often a link to the other.
        if seen.contains(&(stat.dev, stat.ino)) {
            continue;
        }
        seen.push((stat.dev, stat.ino));
        let open =
            |path: &str| files.open(path, MAX_DATABASE).and_then(|file| SizedFile::new(file).ok());
        let Some(database) = open(path) else { continue };
        let wal = path.ends_with("sqlite").then(|| open(&format!("{path}{WAL}"))).flatten();
        let wal = wal.as_ref().map(|wal| wal as &dyn ReadAt);
        let mut broken = 0u32;
        let read = rpm::headers(&database, wal, &mut |blob| match Header::new(blob)
            .and_then(|header| Ok((header, header.package()?)))
        {
            Ok((_, package)) if package.name == "gpg-pubkey" => {}
            Ok((header, package)) => each(&header, &package),
            Err(_) => broken += 1,
        });
        if let Err(error) = read {
            files.trouble("file.malformed", *path, error.to_string());
        }
        if broken > 0 {
            files.trouble("file.malformed", *path, format!("{broken} headers could not be read"));
        }
    }
}

fn url(package: &Package<'_>, distro: &Distro) -> String {
    let version = format!("{}-{}", package.version, package.release);
    let epoch = package.epoch.map(|epoch| epoch.to_string()).unwrap_or_default();
    let qualifiers = [("arch", &*package.arch), ("epoch", epoch.as_str())];
    distro.url(
        ("rpm", distro.namespace("")),
        (&package.name, &version),
        package.source(),
        &qualifiers,
    )
}
