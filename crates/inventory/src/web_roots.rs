//! Where web applications lie: the roots of sites, the directories of running services, and the places
//! where they are put by habit. Looked into at bounded depth, each directory once.

use crate::components::{self, jvm};
use crate::files::Entry;
use crate::host::Host;
use crate::processes::Process;
use crate::services;
use muster_model::Kind;
use rustix::fs::FileType;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most directories read below one root, and altogether.
const MAX_BELOW_ROOT: usize = 400;
const MAX_PLACES: usize = 4_000;
/// Below conventional directories and the roots of sites.
const DEPTH: usize = 3;

/// Directories below which web applications are looked for by habit, and how deep.
const CONVENTIONAL: &[(&str, usize)] = &[
    ("/var/www", DEPTH),
    ("/srv", DEPTH),
    ("/opt", 2),
    ("/www/wwwroot", 2),
    ("/home/wwwroot", 2),
    ("/data/wwwroot", 2),
    ("/usr/share/nginx", 2),
    ("/usr/local/nginx/html", 2),
    ("/usr/local/apache2/htdocs", 2),
    ("/usr/local/www", 2),
];

/// Directories of many things, where only those of a known name are looked into.
const BY_NAME: &[&str] = &["/usr/share", "/usr/local", "/usr/local/share", "/usr/lib", "/var/lib"];

/// Names of directories that belong to an application and are none themselves.
const INSIDE: &[&str] = &[
    "META-INF",
    "WEB-INF",
    "__pycache__",
    "assets",
    "backup",
    "bower_components",
    "cache",
    "css",
    "doc",
    "docs",
    "fonts",
    "i18n",
    "images",
    "img",
    "js",
    "lang",
    "locale",
    "log",
    "logs",
    "node_modules",
    "po",
    "sessions",
    "static",
    "storage",
    "templates",
    "test",
    "tests",
    "tmp",
    "uploads",
    "vendor",
    "wp-admin",
    "wp-content",
    "wp-includes",
];

/// Names of a site's root when the application is the directory above it.
const PUBLIC: &[&str] = &["public", "web", "webroot", "htdocs", "html", "docroot", "pub", "www"];

/// A directory below which web applications are looked for.
#[derive(Clone, Debug)]
pub(crate) struct WebRoot {
    pub(crate) path: PathBuf,
    /// How many directories deep.
    pub(crate) depth: usize,
    /// The process that serves it, where known.
    pub(crate) served_by: Option<Arc<Process>>,
}

/// A directory that may hold a web application.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) path: PathBuf,
    pub(crate) entries: Vec<Entry>,
    pub(crate) served_by: Option<Arc<Process>>,
}

impl Place {
    /// Is there an entry of this name?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.binary_search_by(|entry| entry.name.as_os_str().cmp(name.as_ref())).is_ok()
    }
}

/// The roots, those that a process serves first.
pub(crate) fn web_roots(host: &Host<'_>, names: &[&str]) -> Vec<WebRoot> {
    let mut roots = site_roots(host);
    roots.extend(service_roots(host));
    let unserved = |path: PathBuf, depth| WebRoot { path, depth, served_by: None };
    roots.extend(CONVENTIONAL.iter().map(|(path, depth)| unserved(path.into(), *depth)));
    for entry in host.files().list("/home") {
        roots.push(unserved(entry.path.join("public_html"), DEPTH));
    }
    for dir in BY_NAME.iter().filter(|_| !names.is_empty()) {
        for entry in host.files().list(dir) {
            let name = entry.text().to_ascii_lowercase();
            if names.iter().any(|known| name.starts_with(known)) {
                roots.push(unserved(entry.path, 1));
            }
        }
    }
    roots
}

/// The directory that holds the application of a site's root: itself, or the one above `public`.
fn application_of(root: &Path) -> &Path {
    let is_public =
        root.file_name().is_some_and(|name| PUBLIC.iter().any(|public| name == *public));
    match root.parent() {
        // `/var/www` and its like hold many applications.
        Some(above)
            if is_public
                && above.components().count() > 2
                && !CONVENTIONAL.iter().any(|(shared, _)| above == *shared) =>
        {
            above
        }
        _ => root,
    }
}

/// The roots of the sites in the configurations of web servers.
fn site_roots(host: &Host<'_>) -> Vec<WebRoot> {
    let servers = services::find(host, Kind::WebService);
    let sites = services::sites(host, &servers);
    let process = |pid: u32| {
        let at = host.processes().binary_search_by_key(&pid, |process| process.pid).ok()?;
        host.processes().get(at).map(Arc::clone)
    };
    sites
        .iter()
        .filter_map(|site| {
            let path = application_of(site.root.as_ref()?).to_owned();
            let served_by = site.process.and_then(|serving| process(serving.pid));
            (path.parent().is_some()).then_some(WebRoot { path, depth: DEPTH, served_by })
        })
        .collect()
}

/// Where running services have their applications.
fn service_roots(host: &Host<'_>) -> Vec<WebRoot> {
    let mut roots = Vec::new();
    for process in components::services(host, |process| {
        components::is_runtime(process) || is_script_server(process)
    }) {
        let mut add = |path: PathBuf, depth| {
            roots.push(WebRoot { path, depth, served_by: Some(Arc::clone(process)) });
        };
        if jvm::is_jvm(process) {
            let line = jvm::command_line(host, process);
            let root =
                |name: &str| line.property(name).map(|dir| components::absolute(process, dir));
            for base in ["catalina.base", "jetty.base"].into_iter().filter_map(root) {
                add(base.join("webapps"), 1);
                add(base, 0);
            }
            for home in ["catalina.home", "karaf.home", "karaf.base"].into_iter().filter_map(root) {
                add(home, 0);
            }
        }
        if !matches!(process.cwd.to_str(), None | Some("" | "/" | "/tmp" | "/var/tmp")) {
            add(process.cwd.clone(), 0);
        }
    }
    roots
}

/// Whether a process coming or going may change what is found: an interpreter, a web server, or a program
/// that is none of the distribution's commands, which come and go by the minute and serve nothing.
pub(crate) fn concerns(process: &Process) -> bool {
    const COMMANDS: &[&str] = &["/usr/bin", "/bin", "/usr/sbin", "/sbin"];
    components::is_runtime(process)
        || is_script_server(process)
        || services::concerns(process)
        || !COMMANDS.iter().any(|dir| process.exe.parent() == Some(Path::new(dir)))
}

/// Ruby and PHP processes: their working directory tells of applications, their components are not listed.
pub(crate) fn is_script_server(process: &Process) -> bool {
    let name = components::program(process);
    name.starts_with("ruby") || name.starts_with("php")
}

/// The directories at and below the roots, each once with its entries.
pub(crate) fn places(host: &Host<'_>, roots: Vec<WebRoot>) -> Vec<Place> {
    let mut places = Vec::new();
    let mut seen = HashSet::new();
    for root in roots {
        let mut next = vec![(root.path.clone(), 0)];
        let mut read = 0;
        while let Some((path, level)) = next.pop() {
            if read == MAX_BELOW_ROOT || places.len() == MAX_PLACES {
                let subject = root.path.to_string_lossy();
                host.trouble("walk.too_large", subject, "more directories than are looked into");
                break;
            }
            if seen.contains(&path) {
                continue;
            }
            let entries = host.files().list(&path);
            if entries.is_empty() {
                continue;
            }
            read += 1;
            if level < root.depth {
                let below = entries.iter().filter(|entry| may_hold_application(host, entry));
                next.extend(below.map(|entry| (entry.path.clone(), level + 1)));
            }
            seen.insert(path.clone());
            places.push(Place { path, entries, served_by: root.served_by.clone() });
        }
    }
    places
}

fn may_hold_application(host: &Host<'_>, entry: &Entry) -> bool {
    let name = entry.text();
    !name.starts_with('.')
        && !INSIDE.contains(&name.as_ref())
        && match entry.file_type {
            FileType::Directory => true,
            FileType::Symlink | FileType::Unknown => {
                host.files().stat(&entry.path).is_some_and(|stat| stat.is_dir())
            }
            _ => false,
        }
}
