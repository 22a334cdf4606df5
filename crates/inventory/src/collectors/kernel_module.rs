//! Loaded kernel modules, with what their files say of them.
//!
//! Which are loaded is `/proc/modules`' word, checked against `/sys/module`: a module that is in one
//! but not in the other hides. Which file a module comes from is looked up in `modules.dep`.

use crate::collector::{Collector, Findings};
use crate::files::Files;
use crate::host::Host;
use muster_formats::kernel_module::{self, Loaded, ModInfo};
use muster_model::Kind;
use muster_model::asset::KernelModule;
use muster_model::report::Volatile;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Largest list of modules, and largest module file, that is read, in bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Files of `/sys/module` hold one line.
const MAX_LINE: u64 = 64 * 1024;

/// Loaded kernel modules.
pub(crate) struct KernelModules;

impl Collector for KernelModules {
    fn kind(&self) -> Kind {
        Kind::KernelModule
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        // A kernel without modules has no such file.
        let Some(text) = host.proc_text("modules") else { return };
        let modules = kernel_module::loaded(&text);
        let hidden = hidden(host, &modules);
        let release = host.proc_text("sys/kernel/osrelease").unwrap_or_default();
        let on_disk = on_disk(host.files(), release.trim());
        for (modules, hides) in [(modules, false), (hidden, true)] {
            for module in modules {
                describe(host, &module, &on_disk, hides, out);
            }
        }
    }
}

/// Modules that `/sys/module` knows and `/proc/modules` does not. What is built into the kernel has no
/// size there.
fn hidden(host: &Host<'_>, known: &[Loaded]) -> Vec<Loaded> {
    let files = host.files();
    let known: BTreeSet<&str> = known.iter().map(|module| module.name.as_str()).collect();
    let mut found = Vec::new();
    for entry in files.list("/sys/module") {
        let Some(name) = entry.name.to_str().filter(|name| !known.contains(name)) else { continue };
        let Some(size) = line(files, name, "coresize").and_then(|size| size.parse().ok()) else {
            continue;
        };
        let state = line(files, name, "initstate").unwrap_or_default();
        let taints = line(files, name, "taint").unwrap_or_default();
        found.push(Loaded { name: name.to_owned(), size, state, taints });
    }
    if !found.is_empty() {
        // Loaded since the first look, it is in both by now.
        let now = kernel_module::loaded(&host.proc().text("modules").unwrap_or_default());
        found.retain(|module| !now.iter().any(|listed| listed.name == module.name));
    }
    found
}

/// A file of `/sys/module/NAME`, where there is one.
fn line(files: &Files, name: &str, file: &str) -> Option<String> {
    let path = Path::new("/sys/module").join(name).join(file);
    files.stat(&path)?;
    files.text(&path, MAX_LINE).map(|text| text.trim().to_owned())
}

/// The files of the running kernel's modules by name.
fn on_disk(files: &Files, release: &str) -> HashMap<String, PathBuf> {
    let mut found = HashMap::new();
    for base in ["/lib/modules", "/usr/lib/modules"] {
        let base = Path::new(base).join(release);
        let Some(text) = files.text(base.join("modules.dep"), MAX_BYTES) else { continue };
        for path in kernel_module::paths(&text) {
            if let Some(name) = kernel_module::name_of(path) {
                // An absolute path stays one when it is joined.
                found.insert(name, base.join(path));
            }
        }
        break;
    }
    found
}

fn describe(
    host: &Host<'_>,
    loaded: &Loaded,
    on_disk: &HashMap<String, PathBuf>,
    hides: bool,
    out: &mut Findings,
) {
    let files = host.files();
    let path = on_disk.get(&loaded.name);
    let stat = path.and_then(|path| files.stat(path));
    let info = path.and_then(|path| info(host, path)).unwrap_or_default();
    // The one that is loaded may not be the one on disk any more.
    let running = line(files, &loaded.name, "srcversion").unwrap_or_default();
    let differs = !running.is_empty() && !info.srcversion.is_empty() && running != info.srcversion;
    let version = line(files, &loaded.name, "version").unwrap_or_default();
    let or = |own: String, of_file: &str| if own.is_empty() { of_file.to_owned() } else { own };
    let mut module = KernelModule {
        name: loaded.name.clone(),
        version: or(version, &info.version),
        srcversion: or(running, &info.srcversion),
        size: Some(loaded.size),
        description: info.description,
        ..KernelModule::default()
    };
    let mut prove = |name: &str, value: serde_json::Value| {
        module.evidence.insert(name.to_owned(), value);
    };
    prove("state", loaded.state.clone().into());
    for (name, value) in
        [("license", info.license), ("vermagic", info.vermagic), ("taints", loaded.taints.clone())]
    {
        if !value.is_empty() {
            prove(name, value.into());
        }
    }
    let claims = [
        ("in_tree", info.intree),
        ("signed", info.signed),
        // Where no list of files can be read, nothing can be said of a single one.
        ("not_on_disk", stat.is_none() && !on_disk.is_empty()),
        ("differs_from_file", differs),
        ("hidden_from_proc", hides),
    ];
    for (name, _) in claims.into_iter().filter(|(_, holds)| *holds) {
        prove(name, true.into());
    }
    if let (Some(path), Some(stat)) = (path, stat) {
        module.file_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        module.path = path.to_string_lossy().into_owned();
        module.mode = stat.permissions();
        module.uid = Some(stat.uid);
        module.hash = files.sha256(path).unwrap_or_default();
    }
    let volatile = Volatile {
        ctime: stat.map(|stat| stat.ctime),
        mtime: stat.map(|stat| stat.mtime),
        atime: stat.map(|stat| stat.atime),
        ..Volatile::default()
    };
    out.push(module, volatile);
}

/// What the file of a module says of it.
fn info(host: &Host<'_>, path: &Path) -> Option<ModInfo> {
    let read = |file: &File| kernel_module::read(file).map_err(|error| error.to_string());
    match host.files().parsed(path, MAX_BYTES, read)?.as_ref() {
        Ok(info) => Some(info.clone()),
        Err(error) => {
            host.trouble("file.malformed", path.to_string_lossy(), error.as_str());
            None
        }
    }
}
