//! The sites that found web servers serve, by their configurations.

use super::paths::{Includes, MAX_CONFIG, expand, resolve};
use super::rule::Dialect;
use super::{Installation, arguments, config};
use crate::components::jvm::args::CommandLine;
use crate::files::Stat;
use crate::host::Host;
use crate::processes::Process;
use muster_formats::site::Site;
use muster_formats::version_strings::Probe;
use muster_formats::{apache, caddy, nginx, x509};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

mod tomcat;

/// Largest certificate file read, bytes.
const MAX_CERTIFICATE: u64 = x509::MAX_FILE;

/// A site with what was found of it on disk.
pub(crate) struct Served<'a> {
    /// What the configuration says.
    pub(crate) site: Site,
    /// Who serves it.
    pub(crate) installation: &'a Installation,
    /// The process that does, if one runs.
    pub(crate) process: Option<&'a Process>,
    /// Its web root, absolute; variables of the server stay in it.
    pub(crate) root: Option<PathBuf>,
    /// Its certificate file.
    pub(crate) certificate: Option<PathBuf>,
}

/// One configuration in use, or that would be.
struct Context<'a, 'h> {
    host: &'a Host<'h>,
    installation: &'a Installation,
    process: Option<&'a Process>,
    args: Vec<String>,
    path: &'a Path,
}

/// The sites of all these installations, those of running servers first. One place (name, port, address
/// and URL path) stands once.
pub(crate) fn sites<'a>(host: &'a Host<'_>, found: &'a [Installation]) -> Vec<Served<'a>> {
    let mut contexts = Vec::new();
    let mut seen = HashSet::new();
    for installation in found.iter().filter(|installation| installation.rule.sites.is_some()) {
        for instance in &installation.instances {
            let process = &*instance.process;
            if let Some(path) = instance.config.as_deref()
                && seen.insert(path)
            {
                let args = arguments(process);
                contexts.push(Context { host, installation, process: Some(process), args, path });
            }
        }
    }
    for installation in found.iter().filter(|installation| installation.rule.sites.is_some()) {
        if let Some(path) = installation.config.as_deref()
            && installation.instances.is_empty()
            && seen.insert(path)
        {
            contexts.push(Context { host, installation, process: None, args: Vec::new(), path });
        }
    }
    let mut places = HashSet::new();
    let mut served: Vec<Served<'a>> = contexts.iter().flat_map(Context::read).collect();
    served.retain(|Served { site, .. }| {
        places.insert((site.domain.clone(), site.port, site.bind.clone(), site.url_path.clone()))
    });
    served
}

impl<'a> Context<'a, '_> {
    fn read(&self) -> Vec<Served<'a>> {
        match self.installation.rule.sites {
            Some(Dialect::Nginx) => self.nginx(),
            Some(Dialect::Apache) => self.apache(),
            Some(Dialect::Tomcat) => tomcat::read(self),
            Some(Dialect::Caddy) => self.caddy(),
            None => Vec::new(),
        }
    }

    fn text(&self) -> Option<String> {
        let path = self.path;
        self.host.files().stat(path).filter(Stat::is_file)?;
        self.host.files().text(path, MAX_CONFIG)
    }

    fn name(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    fn built(&self, probe: Probe) -> Option<PathBuf> {
        let files = self.host.files();
        let open = || files.open(&self.installation.program, super::MAX_PROGRAM);
        let service = config::Service {
            args: &self.args,
            jvm: CommandLine::default(),
            cwd: Path::new("/"),
            home: &self.installation.home,
            stat: &self.installation.stat,
            open: &open,
        };
        config::built(self.host, &service, probe).map(PathBuf::from)
    }

    fn flag(&self, name: &str) -> Option<PathBuf> {
        let cwd = self.process.map_or(Path::new("/"), |process| &process.cwd);
        config::value(&self.args, name).map(|path| resolve(cwd, path))
    }

    /// Makes paths absolute: the root below one directory, the certificate below another.
    fn served(&self, site: Site, roots: &Path, certificates: &Path) -> Served<'a> {
        let root = site.root.as_ref().map(|root| resolve(roots, root));
        let variable = |path: &&String| path.contains('$') || path.starts_with("data:");
        let certificate = site.certificate.as_ref().filter(|path| !variable(path));
        let certificate = certificate.map(|path| resolve(certificates, path));
        let (installation, process) = (self.installation, self.process);
        Served { site, installation, process, root, certificate }
    }

    fn nginx(&self) -> Vec<Served<'a>> {
        let Some(text) = self.text() else { return Vec::new() };
        let home = self.path.parent().unwrap_or(Path::new("/"));
        let prefix = self.flag("-p").or_else(|| self.built(Probe::word("--prefix=")));
        let prefix = prefix.unwrap_or_else(|| self.installation.home.clone());
        nginx::sites(&self.name(), &text, &mut Includes(self.host.files()))
            .into_iter()
            .map(|site| self.served(site, &prefix, home))
            .collect()
    }

    fn apache(&self) -> Vec<Served<'a>> {
        let Some(text) = self.text() else { return Vec::new() };
        let files = self.host.files();
        let home = self.path.parent().unwrap_or(Path::new("/"));
        let root = self.flag("-d").or_else(|| self.built(Probe::word("HTTPD_ROOT=\"")));
        // A program may have been built for another place than that of the configuration it is given.
        let root = root.filter(|root| self.path.starts_with(root));
        let mut environment = HashMap::new();
        let variables = home.join("envvars");
        if files.stat(&variables).is_some_and(|stat| stat.is_file()) {
            environment = apache::envvars(&files.text(&variables, MAX_CONFIG).unwrap_or_default());
        }
        if let Some(process) = self.process {
            environment.extend(self.host.environ(process));
        }
        let defines =
            self.args.windows(2).filter(|pair| pair.first().is_some_and(|flag| flag == "-D"));
        let defines = defines.filter_map(|pair| pair.last().cloned()).collect();
        let server_root = root.map(|root| root.to_string_lossy().into_owned());
        let start = apache::Start { server_root, environment, defines };
        let base = start.server_root.clone().map_or_else(|| home.to_owned(), PathBuf::from);
        apache::sites(&self.name(), &text, &start, &mut Includes(files))
            .into_iter()
            .map(|site| self.served(site, &base, &base))
            .collect()
    }

    fn caddy(&self) -> Vec<Served<'a>> {
        let Some(text) = self.text() else { return Vec::new() };
        // Caddy's own format is no Caddyfile.
        if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() {
            return Vec::new();
        }
        let environment: HashMap<String, String> = self
            .process
            .map(|process| self.host.environ(process))
            .unwrap_or_default()
            .into_iter()
            .collect();
        let storage = match (environment.get("XDG_DATA_HOME"), environment.get("HOME")) {
            (Some(data), _) => format!("{data}/caddy"),
            (None, Some(home)) => format!("{home}/.local/share/caddy"),
            (None, None) => "/var/lib/caddy/.local/share/caddy".to_owned(),
        };
        let cwd = self.process.map_or(Path::new("/"), |process| &process.cwd);
        caddy::sites(&self.name(), &text, &environment, &mut Includes(self.host.files()))
            .into_iter()
            .map(|site| {
                let managed = site.https && site.certificate.is_none();
                let domain = site.domain.replace('*', "wildcard_");
                let mut served = self.served(site, cwd, cwd);
                if managed {
                    let pattern = format!("{storage}/certificates/*/{domain}/{domain}.crt");
                    served.certificate = expand(self.host.files(), &pattern).into_iter().next();
                }
                served
            })
            .collect()
    }
}

impl Served<'_> {
    /// Reads the certificate.
    pub(crate) fn read_certificate(&self, host: &Host<'_>) -> Option<x509::Certificate> {
        let path = self.certificate.as_ref()?;
        host.files().stat(path).filter(Stat::is_file)?;
        let bytes = host.files().read(path, MAX_CERTIFICATE)?;
        let certificate = x509::first(&bytes);
        if certificate.is_none() {
            host.trouble("file.malformed", path.to_string_lossy(), "no certificate in it");
        }
        certificate
    }
}
