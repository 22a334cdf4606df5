//! Servers inside Java applications: in the archive that is run, as Spring Boot packs them, or on the
//! class path.

use crate::components::jvm::args::CommandLine;
use crate::host::Host;
use crate::processes::Process;
use muster_formats::jar_name;
use muster_formats::read_at::SizedFile;
use muster_formats::zipfile::ZipFile;
use std::path::{Path, PathBuf};

/// A server found in an application.
pub(super) struct Server {
    pub(super) artifact: &'static str,
    pub(super) version: String,
    /// The application's archive, or the server's own on the class path.
    pub(super) program: PathBuf,
}

/// Largest archive looked into, bytes.
const MAX_ARCHIVE: u64 = 4 * 1024 * 1024 * 1024;

/// The artifacts whose presence makes an application a server. Jetty counts only inside an archive: on a
/// class path many programs that serve nothing have it.
const ARTIFACTS: &[(&str, bool)] =
    &[("tomcat-embed-core", true), ("undertow-core", true), ("jetty-server", false)];

pub(super) fn servers(
    host: &Host<'_>,
    process: &Process,
    launch: &CommandLine,
    archive: Option<&Path>,
) -> Vec<Server> {
    let main = launch.main.as_deref().unwrap_or_default();
    let launcher = main.starts_with("org.springframework.boot.loader.");
    let packed = match archive {
        Some(archive) => Some(archive.to_owned()),
        None => launch.class_path.first().filter(|_| launcher).map(|jar| absolute(process, jar)),
    };
    if let Some(archive) = packed {
        return inside(host, &archive)
            .into_iter()
            .map(|(artifact, version)| Server { artifact, version, program: archive.clone() })
            .collect();
    }
    let mut found = Vec::new();
    for entry in &launch.class_path {
        let path = absolute(process, entry);
        let jars = match path.file_name().is_some_and(|name| name == "*") {
            true => host
                .files()
                .list(path.parent().unwrap_or(&path))
                .into_iter()
                .map(|e| e.path)
                .collect(),
            false => vec![path],
        };
        for jar in jars {
            let name = jar.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let parsed = jar_name::parse(name);
            let server = ARTIFACTS.iter().find(|(name, plain)| *plain && *name == parsed.artifact);
            if let Some((artifact, _)) = server {
                let version = parsed.version.to_owned();
                found.push(Server { artifact, version, program: jar.clone() });
            }
        }
    }
    found
}

fn absolute(process: &Process, path: &str) -> PathBuf {
    super::paths::resolve(&process.cwd, path)
}

/// The servers packed into an archive, each with its version.
fn inside(host: &Host<'_>, archive: &Path) -> Vec<(&'static str, String)> {
    let files = host.files();
    let Some(stat) = files.stat(archive).filter(|stat| stat.is_file()) else { return Vec::new() };
    let open = || files.open(archive, MAX_ARCHIVE);
    let note = files.noted(&stat, "embedded servers", &open, |file| {
        let source = SizedFile::new(file).ok()?;
        let zip = ZipFile::open(&source).ok()?;
        let mut lines = String::new();
        for entry in zip.entries() {
            let Some((_, name)) =
                entry.name.rsplit_once("/lib/").or_else(|| entry.name.split_once("lib/"))
            else {
                continue;
            };
            let parsed = jar_name::parse(name);
            if name.ends_with(".jar") && ARTIFACTS.iter().any(|(name, _)| *name == parsed.artifact)
            {
                lines.push_str(&format!("{}\t{}\n", parsed.artifact, parsed.version));
            }
        }
        Some(lines)
    });
    let note = note.unwrap_or_default();
    let lines = note.lines().filter_map(|line| line.split_once('\t'));
    lines
        .filter_map(|(name, version)| {
            let (artifact, _) = ARTIFACTS.iter().find(|(artifact, _)| *artifact == name)?;
            Some((*artifact, version.to_owned()))
        })
        .collect()
}
