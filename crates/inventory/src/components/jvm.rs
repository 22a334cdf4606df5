//! The archives of running Java virtual machines: those they hold open or mapped, those their command line
//! names, and those in the places where an application server looks for them.

pub(crate) mod args;

use super::walk::{self, Budget};
use super::{Component, Ecosystem, MAX_COMPONENTS, Seen, absolute, program, services};
use crate::hashing;
use crate::host::Host;
use crate::processes::Process;
use args::{CommandLine, read_argfile};
use muster_formats::jar::{self, Jar, Limits, Survey};
use muster_formats::read_at::SizedFile;
use muster_formats::tomcat;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where application servers keep archives: a system property, and directories in the directory it names
/// with how deep to look in them.
const SERVICE_ROOTS: &[(&str, &[(&str, usize)])] = &[
    ("catalina.home", &[("bin", 0), ("lib", 2)]),
    ("catalina.base", &[("lib", 2), ("webapps", 3)]),
    ("jetty.home", &[("lib", 3)]),
    ("jetty.base", &[("lib", 3), ("webapps", 3)]),
    ("jboss.home.dir", &[("modules", 10), ("standalone/deployments", 4)]),
    ("jboss.server.base.dir", &[("deployments", 4)]),
    ("com.sun.aas.installRoot", &[("modules", 1), ("lib", 1)]),
    ("com.sun.aas.instanceRoot", &[("applications", 4), ("lib", 1)]),
    ("weblogic.home", &[("lib", 1)]),
    ("wlp.install.dir", &[("lib", 1), ("usr/servers", 4)]),
    ("karaf.home", &[("lib", 2), ("system", 10)]),
    ("karaf.base", &[("deploy", 1), ("lib", 2)]),
    ("solr.install.dir", &[("server", 4)]),
    ("es.path.home", &[("lib", 2), ("modules", 2), ("plugins", 2)]),
];

/// Largest context file of Tomcat, bytes.
const MAX_CONTEXT: u64 = 1 << 20;

/// A survey of one archive, or why there is none.
struct Surveyed(Result<Survey, String>);

/// Is this a Java virtual machine?
pub(crate) fn is_jvm(process: &Process) -> bool {
    matches!(program(process).as_ref(), "java" | "javaw" | "jsvc" | "java.original")
}

/// What the command line and environment of a virtual machine say.
pub(crate) fn command_line(host: &Host<'_>, process: &Process) -> CommandLine {
    let expand = |name: &str| {
        let path = absolute(process, name);
        host.files().text(path, args::MAX_ARGFILE).map(|text| read_argfile(&text))
    };
    let environment = host.environ(process);
    let variable = |name: &str| {
        environment.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    let mut line = CommandLine::default();
    line.read(&read_argfile(variable("JDK_JAVA_OPTIONS")), &expand);
    line.read(process.args.get(1..).unwrap_or_default(), &expand);
    // As the launcher does it: the variable counts only where the command line is silent.
    if line.class_path.is_empty() && line.jar.is_none() {
        line.class_path = args::split_path(variable("CLASSPATH"));
    }
    line
}

/// The components of all running virtual machines.
pub(crate) fn components(host: &Host<'_>) -> Vec<Component> {
    let mut found = Vec::new();
    let mut seen = Seen::default();
    let mut budget = Budget::default();
    for process in services(host, is_jvm) {
        for (path, how) in archives(host, process, &mut budget) {
            if found.len() >= MAX_COMPONENTS {
                let message = "more archives than are listed";
                host.trouble("components.too_many", "java", message);
                return found;
            }
            if let Some(stat) = seen.first(host, &path)
                && let Some(surveyed) = survey(host, &path)
            {
                push(host, process, &path, how, stat, &surveyed, &mut found);
            }
        }
    }
    found
}

/// The archives of one virtual machine: those it holds first, because they are loaded for certain.
fn archives(
    host: &Host<'_>,
    process: &Process,
    budget: &mut Budget,
) -> Vec<(PathBuf, &'static str)> {
    let held = host.held_files(process, |path| jar::is_archive(&path.to_string_lossy()));
    let mut found: Vec<_> = held.into_iter().map(|path| (path, "open")).collect();
    let line = command_line(host, process);
    for element in line.jar.iter().chain(&line.class_path).chain(&line.agents) {
        if let Some(dir) =
            element.strip_suffix('*').filter(|dir| dir.is_empty() || dir.ends_with('/'))
        {
            let dir = absolute(process, dir);
            let inside = walk::files(host, &dir, 0, budget, jar::is_archive);
            found.extend(inside.into_iter().map(|path| (path, "class path")));
        } else if jar::is_archive(element) {
            found.push((absolute(process, element), "class path"));
        }
    }
    for (property, dirs) in SERVICE_ROOTS {
        let Some(root) = line.property(property).map(|root| absolute(process, root)) else {
            continue;
        };
        for (dir, depth) in *dirs {
            let inside = walk::files(host, &root.join(dir), *depth, budget, jar::is_archive);
            found.extend(inside.into_iter().map(|path| (path, "service directory")));
        }
    }
    if let Some(base) = line.property("catalina.base").map(|base| absolute(process, base)) {
        let deployed = deployed(host, &base, &line, budget);
        found.extend(deployed.into_iter().map(|path| (path, "service directory")));
    }
    found
}

/// The archives of applications that a Tomcat's context files (`conf/ENGINE/HOST/NAME.xml`) take from
/// elsewhere.
fn deployed(host: &Host<'_>, base: &Path, line: &CommandLine, budget: &mut Budget) -> Vec<PathBuf> {
    let known = |name: &str| line.property(name).map(str::to_owned);
    let contexts = walk::files(host, &base.join("conf"), 2, budget, |name| name.ends_with(".xml"));
    let mut found = Vec::new();
    for file in contexts.iter().filter(|file| file.parent() != Some(&base.join("conf"))) {
        let text = host.files().text(file, MAX_CONTEXT).unwrap_or_default();
        let Some(place) = tomcat::context(&text, &known).and_then(|context| context.doc_base)
        else {
            continue;
        };
        let place = base.join("webapps").join(place);
        if jar::is_archive(&place.to_string_lossy()) {
            found.push(place);
        } else {
            let libraries = place.join("WEB-INF/lib");
            found.extend(walk::files(host, &libraries, 0, budget, jar::is_archive));
        }
    }
    found
}

fn survey(host: &Host<'_>, path: &Path) -> Option<Arc<Surveyed>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let surveyed = host.files().parsed(path, hashing::MAX_BYTES, |file| {
        let source = file.try_clone().and_then(SizedFile::new);
        Surveyed(match source {
            Ok(source) => jar::survey(&source, &name, Limits::default())
                .map_err(|error| error.message().to_owned()),
            Err(error) => Err(error.to_string()),
        })
    })?;
    if let Err(message) = &surveyed.0 {
        host.trouble("archive.unreadable", path.to_string_lossy(), message.as_str());
    }
    Some(surveyed)
}

fn push(
    host: &Host<'_>,
    process: &Arc<Process>,
    path: &Path,
    found: &'static str,
    stat: crate::files::Stat,
    surveyed: &Surveyed,
    out: &mut Vec<Component>,
) {
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let unknown = [Jar::default()];
    let jars = match &surveyed.0 {
        Ok(survey) => {
            for (inner, message) in &survey.troubles {
                let subject = format!("{}!/{inner}", path.display());
                host.trouble("archive.unreadable", subject, message.as_str());
            }
            survey.jars.as_slice()
        }
        // A file that a process holds is listed even if it cannot be understood.
        Err(_) => &unknown,
    };
    for jar in jars {
        let file_name = if jar.inner.is_empty() { &file_name } else { jar.file_name() };
        let name = match jar.identity.artifact.as_str() {
            "" => file_name,
            artifact => artifact,
        };
        out.push(Component {
            ecosystem: Ecosystem::Jar,
            group: jar.identity.group.clone(),
            name: name.to_owned(),
            version: jar.identity.version.clone(),
            version_source: jar.identity.version_source.name(),
            file_name: file_name.to_owned(),
            file: path.to_owned(),
            inner: jar.inner.clone(),
            inner_hash: jar.sha256.clone(),
            size: if jar.inner.is_empty() { stat.size } else { jar.size },
            stat,
            shaded: jar.shaded.clone(),
            attributes: if jar.inner.is_empty() { jar.attributes.clone() } else { Vec::new() },
            found,
            process: Arc::clone(process),
        });
    }
}
