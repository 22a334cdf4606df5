//! Tomcat's sites: each host on each connector with the applications deployed to it.

use super::{Context, Served};
use crate::components::jvm::args::CommandLine;
use crate::files::{Stat, is_leftover};
use crate::services::java_of;
use crate::services::paths::{MAX_CONFIG, resolve};
use muster_formats::site::Site;
use muster_formats::tomcat::{self, Host, Service};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(super) fn read<'a>(context: &Context<'a, '_>) -> Vec<Served<'a>> {
    let Some(text) = context.text() else { return Vec::new() };
    let files = context.host.files();
    let launch = context.process.map(|process| java_of(context.host, process)).unwrap_or_default();
    let base = base(context, &launch);
    let conf = context.path.parent().unwrap_or(Path::new("/"));
    let properties = conf.join("catalina.properties");
    let properties = files.stat(&properties).and_then(|_| files.text(&properties, MAX_CONFIG));
    let properties = properties.unwrap_or_default();
    let known = |name: &str| match name {
        "catalina.base" => Some(base.to_string_lossy().into_owned()),
        "catalina.home" => Some(context.installation.home.to_string_lossy().into_owned()),
        _ => launch.property(name).or_else(|| property(&properties, name)).map(str::to_owned),
    };
    let mut served = Vec::new();
    for service in tomcat::services(&text, &known) {
        for host in &service.hosts {
            let app_base = resolve(&base, &host.app_base);
            let applications = applications(context, host, &app_base, conf, &known);
            serve(context, &service, host, &base, &applications, &mut served);
        }
    }
    served
}

fn serve<'a>(
    context: &Context<'a, '_>,
    service: &Service,
    host: &Host,
    base: &Path,
    applications: &BTreeMap<String, PathBuf>,
    served: &mut Vec<Served<'a>>,
) {
    for connector in &service.connectors {
        for (url_path, root) in applications {
            let bind = match connector.address.as_str() {
                "" => "0.0.0.0".to_owned(),
                address => address.to_owned(),
            };
            let site = Site {
                domain: host.name.clone(),
                aliases: host.aliases.clone(),
                port: connector.port,
                bind,
                url_path: url_path.clone(),
                root: Some(root.to_string_lossy().into_owned()),
                upstream: None,
                https: connector.tls,
                certificate: connector.certificate.clone().or_else(|| connector.keystore.clone()),
                file: context.name(),
            };
            served.push(context.served(site, base, base));
        }
    }
}

/// The directory of the instance. Debian keeps its `conf` in `/etc`.
fn base(context: &Context<'_, '_>, launch: &CommandLine) -> PathBuf {
    if let (Some(process), Some(base)) = (context.process, launch.property("catalina.base")) {
        return resolve(&process.cwd, base);
    }
    let conf = context.path.parent().unwrap_or(Path::new("/"));
    if conf.file_name().is_some_and(|name| name == "conf") {
        return conf.parent().unwrap_or(conf).to_owned();
    }
    let state = Path::new("/var/lib").join(conf.file_name().unwrap_or_default());
    match context.host.files().stat(&state) {
        Some(_) => state,
        None => context.installation.home.clone(),
    }
}

/// The applications of a host by URL path: named in `server.xml`, in context files, or lying in its
/// directory.
fn applications(
    context: &Context<'_, '_>,
    host: &Host,
    app_base: &Path,
    conf: &Path,
    known: &dyn Fn(&str) -> Option<String>,
) -> BTreeMap<String, PathBuf> {
    let files = context.host.files();
    let mut found = BTreeMap::new();
    for entry in files.list(app_base) {
        let name = entry.text();
        if is_leftover(&entry.name) {
            continue;
        }
        let directory = files.stat(&entry.path).is_some_and(|stat| stat.is_dir());
        match (directory, name.strip_suffix(".war")) {
            (true, _) => {
                found.insert(tomcat::path_of(&name), entry.path.clone());
            }
            (false, Some(stem)) => {
                found.entry(tomcat::path_of(stem)).or_insert_with(|| entry.path.clone());
            }
            (false, None) => {}
        }
    }
    for entry in files.list(conf.join("Catalina").join(&host.name)) {
        let name = entry.text();
        let Some(stem) = name.strip_suffix(".xml") else { continue };
        if files.stat(&entry.path).filter(Stat::is_file).is_none() {
            continue;
        }
        let text = files.text(&entry.path, MAX_CONFIG).unwrap_or_default();
        let doc_base = tomcat::context(&text, known).and_then(|context| context.doc_base);
        if let Some(doc_base) = doc_base {
            found.insert(tomcat::path_of(stem), resolve(app_base, doc_base));
        }
    }
    for named in &host.contexts {
        let path = match named.path.as_deref() {
            None | Some("") => "/".to_owned(),
            Some(path) => path.to_owned(),
        };
        let root = named.doc_base.as_ref().map(|doc_base| resolve(app_base, doc_base));
        found.insert(path, root.unwrap_or_else(|| app_base.to_owned()));
    }
    // A host without any application still answers.
    if found.is_empty() {
        found.insert("/".to_owned(), app_base.to_owned());
    }
    found
}

/// A value of a properties file; its escapes do not occur in ports and paths.
fn property<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then(|| value.trim())
    })
}
