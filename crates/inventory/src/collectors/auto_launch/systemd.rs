//! systemd's units that start by themselves: those that are wanted, directly or by another one.
//!
//! Which file a name stands for, what drop-ins change in it, which names are masked and which are
//! aliases is decided as systemd.unit(5) has it.

mod load;

use super::{Home, Sink, code, item};
use load::{Directory, Loaded, Units};
use muster_formats::systemd::{self, Name};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Where the units of the system lie, the strongest first.
const SYSTEM: &[&str] = &[
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// Where those of users' sessions lie, for all users.
const USERS: &[&str] = &[
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/local/share/systemd/user",
    "/usr/lib/systemd/user",
    "/usr/share/systemd/user",
];

/// The same beneath a home directory.
const HOME: &[&str] = &[".config/systemd/user", ".local/share/systemd/user"];

/// Most units followed from one to another.
const MAX_UNITS: usize = 10_000;

/// The system's units.
pub(super) struct System<'a> {
    units: Units<'a>,
    in_charge: bool,
}

impl System<'_> {
    /// Does a unit take the place of the init script of that name?
    pub(super) fn replaces_script(&self, name: &str) -> bool {
        let name = name.strip_suffix(".sh").unwrap_or(name);
        self.in_charge && self.units.exists(&format!("{name}.service"))
    }
}

pub(super) fn collect<'h>(sink: &mut Sink<'_, 'h>, homes: &[Home]) -> System<'h> {
    let files = sink.files();
    let open = |paths: &[&str]| Directory::open_all(files, paths.iter().map(|path| (*path).into()));
    let units = Units::new(files, open(SYSTEM));
    let wanted = units.wanted();
    emit(sink, &units, wanted, "root", "systemd");
    let shared = open(USERS);
    let users = Units::new(files, shared.clone());
    emit(sink, &users, users.wanted(), "", "systemd --user");
    for home in homes {
        let own = HOME.iter().map(|path| format!("{}/{path}", home.path).into());
        let own: Vec<Rc<Directory>> = Directory::open_all(files, own);
        if own.is_empty() {
            continue;
        }
        let wanted = Units::new(files, own.clone()).wanted();
        let all = Units::new(files, own.into_iter().chain(shared.iter().cloned()).collect());
        emit(sink, &all, wanted, &home.user, "systemd --user");
    }
    let programs = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
    let in_charge = programs.iter().any(|path| files.stat(path).is_some());
    System { units, in_charge }
}

/// Adds an item for each wanted unit that does something, and follows what these want in turn.
fn emit(
    sink: &mut Sink<'_, '_>,
    units: &Units<'_>,
    wanted: BTreeMap<String, BTreeSet<String>>,
    user: &str,
    source: &str,
) {
    let mut wanted_by = wanted;
    let mut queue: Vec<String> = wanted_by.keys().cloned().collect();
    let mut done: BTreeMap<String, Loaded> = BTreeMap::new();
    while let Some(name) = queue.pop() {
        if done.contains_key(&name) || done.len() >= MAX_UNITS {
            continue;
        }
        let Some(loaded) = units.load(&name) else { continue };
        for next in loaded.wants() {
            wanted_by.entry(next.clone()).or_default().insert(name.clone());
            queue.push(next);
        }
        done.insert(name, loaded);
    }
    let mut shown = BTreeSet::new();
    for (name, loaded) in &done {
        // An alias and its unit are one thing.
        if shown.insert(loaded.name.clone()) {
            let by = wanted_by.get(name).into_iter().flatten().map(String::as_str);
            describe(sink, units, loaded, by.collect(), user, source);
        }
    }
}

fn describe(
    sink: &mut Sink<'_, '_>,
    units: &Units<'_>,
    loaded: &Loaded,
    wanted_by: Vec<&str>,
    user: &str,
    source: &str,
) {
    let Some(name) = Name::parse(&loaded.name) else { return };
    let (code_type, section, triggers) = match name.suffix {
        "service" => (code::SERVICE, "Service", false),
        "socket" => (code::SERVICE, "Socket", true),
        "path" => (code::SERVICE, "Path", true),
        "timer" => (code::TIMED_TASK, "Timer", true),
        _ => return,
    };
    let mut item = item(source, code_type, &loaded.name, &loaded.path);
    let mut prove = |name: &str, value: serde_json::Value| {
        item.evidence.insert(name.to_owned(), value);
    };
    prove("wanted_by", wanted_by.into());
    if !loaded.drop_ins.is_empty() {
        prove("drop_ins", loaded.drop_ins.clone().into());
    }
    let schedule = loaded.schedule();
    if !schedule.is_empty() {
        prove("schedule", schedule.into());
    }
    let runs = if triggers {
        let unit = loaded.triggered(section);
        prove("unit", unit.clone().into());
        units.load(&unit)
    } else {
        None
    };
    let service = if triggers { runs.as_ref() } else { Some(loaded) };
    item.args = service.map(Loaded::commands).unwrap_or_default().join("; ");
    let own = service.and_then(Loaded::user).map(|user| sink.user(&user));
    item.run_user = own.unwrap_or_else(|| user.to_owned());
    sink.push(item);
}

impl Loaded {
    /// The units it pulls in.
    fn wants(&self) -> Vec<String> {
        let keys = ["Wants", "Requires", "BindsTo", "Upholds"];
        let words = keys.iter().flat_map(|key| self.unit.words("Unit", key));
        let Some(name) = Name::parse(&self.name) else { return Vec::new() };
        words.map(|word| name.expand(word)).collect()
    }

    fn commands(&self) -> Vec<String> {
        let Some(name) = Name::parse(&self.name) else { return Vec::new() };
        let commands = self.unit.all("Service", "ExecStart").iter();
        commands.map(|value| name.expand(systemd::command(value))).collect()
    }

    fn user(&self) -> Option<String> {
        let name = Name::parse(&self.name)?;
        if let Some(user) = self.unit.last("Service", "User") {
            return Some(name.expand(user));
        }
        let dynamic =
            matches!(self.unit.last("Service", "DynamicUser"), Some("yes" | "true" | "1"));
        dynamic.then(|| name.prefix.to_owned())
    }

    /// The unit that a socket, path or timer starts: named, or of its own name. A socket that accepts
    /// starts one instance a connection.
    fn triggered(&self, section: &str) -> String {
        let key = if section == "Socket" { "Service" } else { "Unit" };
        if let Some(unit) = self.unit.last(section, key) {
            return unit.to_owned();
        }
        let stem = self.name.rsplit_once('.').map_or("", |(stem, _)| stem);
        let accepts = matches!(self.unit.last("Socket", "Accept"), Some("yes" | "true" | "1"));
        if accepts { format!("{stem}@.service") } else { format!("{stem}.service") }
    }

    fn schedule(&self) -> Vec<String> {
        let keys = [
            "OnCalendar",
            "OnBootSec",
            "OnStartupSec",
            "OnActiveSec",
            "OnUnitActiveSec",
            "OnUnitInactiveSec",
        ];
        let values = |key: &&str| -> Vec<String> {
            let values = self.unit.all("Timer", key).iter();
            values.map(|value| format!("{key}={value}")).collect()
        };
        keys.iter().flat_map(values).collect()
    }
}
