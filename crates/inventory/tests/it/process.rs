//! Processes: this machine's against `/proc`, and some started to be found.
#![expect(clippy::disallowed_methods, reason = "processes are started to be found")]

use muster_inventory::{Inventory, Options, Swept};
use muster_model::report::Row;
use muster_model::{Column, Kind};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Ended when dropped.
struct Started(Child);

impl Started {
    fn new(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn sweep() -> Swept {
    Inventory::new(Options::default()).unwrap().sweep(&[Kind::Process]).remove(0)
}

fn of<'a>(swept: &'a Swept, started: &Started) -> &'a Row {
    let pid = Some(started.0.id());
    swept.rows.iter().find(|row| row.volatile.pid == pid).unwrap()
}

/// The pids of all processes that have an executable.
fn pids() -> BTreeSet<u32> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| fs::read_link(format!("/proc/{pid}/exe")).is_ok())
        .collect()
}

fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

#[test]
fn this_machine_s_processes_equal_proc_s() {
    let before = pids();
    let swept = sweep();
    let after = pids();
    let found: BTreeSet<u32> = swept.rows.iter().map(|row| row.volatile.pid.unwrap()).collect();
    assert_eq!(found.len(), swept.rows.len(), "one row a process");
    assert!(before.intersection(&after).all(|pid| found.contains(pid)));
    let ended = |pid: &u32| fs::read_link(format!("/proc/{pid}/exe")).is_err();
    let known = |pid: &&u32| before.contains(pid) || after.contains(pid) || ended(pid);
    assert_eq!(found.iter().filter(known).count(), found.len());
    let own = swept.rows.iter().find(|row| row.volatile.pid == Some(std::process::id())).unwrap();
    let exe = fs::read_link("/proc/self/exe").unwrap();
    assert_eq!(own.fact.text(Column::Path), exe.to_str().unwrap());
    assert_eq!(own.fact.text(Column::Hash), sha256(&exe));
    let status = fs::read_to_string("/proc/self/status").unwrap();
    if status.contains("\nUid:\t0\t0\t") {
        assert_eq!(own.fact.text(Column::RunUser), "root");
    }
    let loads = own.fact.evidence()["loads"].as_array().unwrap();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    assert!(loads.iter().any(|lib| lib.as_str().unwrap().contains("/libc.so")));
    assert!(loads.iter().all(|lib| maps.contains(lib.as_str().unwrap())));
}

#[test]
fn a_started_program_is_found_with_its_secrets_masked() {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "sleep 60; :", "x", "--db-password=hunter2", "--token", "hunter3", "-v"]);
    let started = Started::new(&mut command);
    let swept = sweep();
    let row = of(&swept, &started);
    assert_eq!(row.fact.text(Column::Name), "sh");
    assert_eq!(
        row.fact.text(Column::Args),
        "-c sleep 60; : x --db-password=****** --token ****** -v"
    );
    assert_eq!(row.fact.text(Column::Mode), "0755");
    let exe = fs::canonicalize("/bin/sh").unwrap();
    assert_eq!(row.fact.text(Column::Path), exe.to_str().unwrap());
    let own = fs::read_link("/proc/self/exe").unwrap();
    assert_eq!(row.fact.evidence()["parent"], own.to_str().unwrap());
    if Path::new("/var/lib/dpkg/status").exists() {
        assert!(row.fact.text(Column::OwnerPurl).starts_with("pkg:deb/"), "the shell is packaged");
    }
}

#[test]
fn deleted_and_replaced_programs_are_hashed_as_they_run() {
    let dir = tempfile::tempdir().unwrap();
    let sleep = fs::canonicalize("/bin/sleep").unwrap();
    let hash = sha256(&sleep);
    let start = |name: &str| {
        let path = dir.path().join(name);
        fs::copy(&sleep, &path).unwrap();
        Started::new(Command::new(&path).arg("60"))
    };
    let (kept, removed, replaced) = (start("kept"), start("removed"), start("replaced"));
    fs::remove_file(dir.path().join("removed")).unwrap();
    fs::write(dir.path().join("new"), "something else").unwrap();
    fs::rename(dir.path().join("new"), dir.path().join("replaced")).unwrap();
    let swept = sweep();
    for (started, name, deleted) in [
        (&kept, "kept", None),
        (&removed, "removed", Some("removed")),
        (&replaced, "replaced", Some("replaced")),
    ] {
        let row = of(&swept, started);
        assert_eq!(row.fact.text(Column::Path), dir.path().join(name).to_str().unwrap());
        assert_eq!(row.fact.text(Column::Hash), hash, "{name}");
        assert_eq!(row.fact.evidence().get("deleted").and_then(|how| how.as_str()), deleted);
    }
}
