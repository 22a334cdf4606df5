//! The packages of applications in an image: Python distributions, npm packages, Java archives and what is in these. On a host those count
//! that a process loads; in an image nothing runs, so all of them do.

use crate::files::{Entry, Files};
use crate::hashing;
use crate::images::config::whole;
use muster_formats::jar::{self, Jar, Limits, Survey};
use muster_formats::read_at::SizedFile;
use muster_formats::{npm, purl, python};
use muster_model::asset::JarPackage;
use muster_model::image::MAX_CONTENTS;
use muster_model::{Column, Fact};
use rustix::fs::FileType;
use std::path::{Path, PathBuf};

/// Folders looked into.
const MAX_FOLDERS: usize = 200_000;
/// Folders within folders.
const MAX_DEPTH: usize = 40;
/// Largest file with what a package says of itself, bytes.
const MAX_METADATA: u64 = 16 << 20;
/// Where no packages are, but other file systems.
const NOT_IN: [&str; 4] = ["/proc", "/sys", "/dev", "/run"];

/// All of them, as they come.
pub(super) fn of(files: &Files) -> Vec<Fact> {
    let (mut found, mut looked) = (Vec::new(), 0);
    let mut next = vec![(PathBuf::from("/"), 0)];
    while let Some((folder, depth)) = next.pop() {
        looked += 1;
        if looked > MAX_FOLDERS || found.len() > MAX_CONTENTS {
            files.trouble("walk.too_large", folder.to_string_lossy(), "the rest is left out");
            break;
        }
        for entry in files.list(&folder) {
            match entry.file_type {
                FileType::Directory => {
                    let skipped = NOT_IN.iter().any(|it| entry.path == Path::new(it));
                    if depth < MAX_DEPTH && !skipped {
                        next.push((entry.path, depth + 1));
                    }
                }
                FileType::RegularFile => in_file(files, &entry, &mut found),
                _ => {}
            }
        }
    }
    found
}

/// The file on the disk that a row was made from.
pub(super) fn file_of(fact: &Fact) -> &Path {
    let outer = fact.text(Column::PackagePath);
    Path::new(if outer.is_empty() { fact.text(Column::Path) } else { outer })
}

fn in_file(files: &Files, entry: &Entry, found: &mut Vec<Fact>) {
    let (name, path) = (entry.text(), entry.path.as_path());
    let beside = |nth: usize| {
        let folder = path.ancestors().nth(nth).and_then(Path::file_name);
        folder.unwrap_or_default().to_string_lossy()
    };
    let of_python = match name.as_ref() {
        "METADATA" => beside(1).ends_with(".dist-info"),
        "PKG-INFO" => beside(1).ends_with(".egg-info") || beside(1) == "EGG-INFO",
        _ => name.ends_with(".egg-info"),
    };
    if of_python {
        found.extend(distribution(files, path));
    } else if name == "package.json"
        && (beside(2) == "node_modules"
            || beside(2).starts_with('@') && beside(3) == "node_modules")
    {
        found.extend(package(files, path));
    } else if jar::is_archive(&name) {
        archives(files, path, &name, found);
    }
}

/// A row of a package that is a file or folder of its own.
fn row(kind: &str, name: &str, version: &str, path: &Path, purl: String) -> JarPackage {
    let mut row = JarPackage {
        name: name.to_owned(),
        version: version.to_owned(),
        file_name: name.to_owned(),
        catalogue: "util".to_owned(),
        file_type: kind.to_owned(),
        path: path.to_string_lossy().into_owned(),
        purl,
        ..JarPackage::default()
    };
    row.evidence.insert("found".to_owned(), "image".into());
    row
}

fn distribution(files: &Files, path: &Path) -> Option<Fact> {
    let file = files.open(path, MAX_METADATA)?;
    let it = python::parse_metadata(&whole(&file, MAX_METADATA))?;
    let purl = purl("pypi", "", &python::normal_name(&it.name), &it.version, &[]);
    Some(row("python", &it.name, &it.version, path, purl).into())
}

fn package(files: &Files, path: &Path) -> Option<Fact> {
    let file = files.open(path, MAX_METADATA)?;
    let it = npm::parse_package(&whole(&file, MAX_METADATA))?;
    let (scope, name) = it.name.split_once('/').unwrap_or(("", it.name.as_str()));
    let purl = purl("npm", scope, name, &it.version, &[]);
    Some(row("npm", &it.name, &it.version, path, purl).into())
}

fn archives(files: &Files, path: &Path, name: &str, found: &mut Vec<Fact>) {
    let Some(file) = files.open(path, hashing::MAX_BYTES) else { return };
    let surveyed = SizedFile::new(file).map_err(|error| error.to_string()).and_then(|source| {
        jar::survey(&source, name, Limits::default()).map_err(|error| error.message().to_owned())
    });
    let Survey { jars, .. } = match surveyed {
        Ok(survey) => survey,
        Err(message) => {
            return files.trouble("archive.unreadable", path.to_string_lossy(), message);
        }
    };
    for jar in jars {
        found.push(archive(path, name, &jar));
        for inside in &jar.shaded {
            let purl = maven(&inside.group, &inside.artifact, &inside.version);
            let mut shaded = row("jar", &inside.artifact, &inside.version, path, purl);
            shaded.is_embedded = true;
            found.push(shaded.into());
        }
    }
}

fn maven(group: &str, artifact: &str, version: &str) -> String {
    // Without a group it could be anybody's.
    if group.is_empty() { String::new() } else { purl("maven", group, artifact, version, &[]) }
}

fn archive(path: &Path, file: &str, jar: &Jar) -> Fact {
    let file = if jar.inner.is_empty() { file } else { jar.file_name() };
    let id = &jar.identity;
    let name = if id.artifact.is_empty() { file } else { &id.artifact };
    let purl = maven(&id.group, &id.artifact, &id.version);
    let mut row = row("jar", name, &id.version, path, purl);
    row.file_name = file.to_owned();
    if !jar.inner.is_empty() {
        row.is_embedded = true;
        row.package_path = std::mem::replace(&mut row.path, jar.inner.clone());
    }
    row.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_applications_are_found_wherever_they_lie() {
        let (files, folder) = crate::files::of(&[
            (
                "srv/venv/lib/python3.11/site-packages/Flask-2.0.dist-info/METADATA",
                "Name: Flask\nVersion: 2.0\n\nA book",
            ),
            ("usr/lib/python3/dist-packages/six.egg-info", "Name: six\nVersion: 1.16.0\n"),
            ("usr/lib/x.egg-info/PKG-INFO", "Name: x\nVersion: 1\n"),
            ("app/node_modules/left-pad/package.json", r#"{"name":"left-pad","version":"1.3.0"}"#),
            ("app/node_modules/@scope/b/package.json", r#"{"name":"@scope/b","version":"2.0.0"}"#),
            // The application's own is no package of somebody.
            ("app/package.json", r#"{"name":"app","version":"0.1.0"}"#),
            ("app/METADATA", "Name: nothing\nVersion: 1\n"),
            ("proc/node_modules/a/package.json", r#"{"name":"a","version":"1.0.0"}"#),
            ("app/broken.jar", "PK"),
        ]);
        let jar = folder.path().join("app/log4j-core-2.14.1.jar");
        let mut writer = zip::ZipWriter::new(std::fs::File::create(jar).unwrap());
        let options = zip::write::SimpleFileOptions::default();
        let pom = "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties";
        writer.start_file(pom, options).unwrap();
        let text = "groupId=org.apache.logging.log4j\nartifactId=log4j-core\nversion=2.14.1\n";
        std::io::Write::write_all(&mut writer, text.as_bytes()).unwrap();
        writer.finish().unwrap();
        std::os::unix::fs::symlink("/app", folder.path().join("loop")).unwrap();
        let mut purls: Vec<_> =
            of(&files).iter().map(|it| it.text(Column::Purl).to_owned()).collect();
        purls.sort();
        let expected = [
            "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
            "pkg:npm/%40scope/b@2.0.0",
            "pkg:npm/left-pad@1.3.0",
            "pkg:pypi/flask@2.0",
            "pkg:pypi/six@1.16.0",
            "pkg:pypi/x@1",
        ];
        assert_eq!(purls, expected);
        assert_eq!(files.finish().1[0].code, "archive.unreadable");
    }
}
