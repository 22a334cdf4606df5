//! A container that only writes: no process of it starts or ends. And one that is seen as it starts.

use muster_inventory::live::Options as Live;
use muster_inventory::{Inventory, Options, Swept};
use muster_model::container::SignKind;
use muster_model::report::Row;
use muster_model::{Column, Kind};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const ID: &str = "muster-written";
/// There is one container of that name at a time.
static ONE: Mutex<()> = Mutex::new(());
/// A shell that starts nothing for any of it.
const WRITES: &str = "echo ready; while read -r path; do echo word >>$path; done";

fn run(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// On an overlay of its own; removed with its test.
struct Writer<'f> {
    folder: &'f Path,
    child: Child,
}

impl<'f> Writer<'f> {
    /// None where that is not possible; CI has to be able to.
    fn start(folder: &'f Path) -> Option<Self> {
        let [lower, upper, work, root] =
            ["lower", "upper", "work", "rootfs"].map(|part| folder.join(part));
        for part in ["bin", "etc", "proc", "sys", "dev", "tmp"] {
            std::fs::create_dir_all(lower.join(part)).unwrap();
        }
        for part in [&upper, &work, &root] {
            std::fs::create_dir_all(part).unwrap();
        }
        std::fs::write(lower.join("etc/passwd"), "root:x:0:0::/:/bin/sh\n").unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let [lower_dir, upper, work, root] = [&lower, &upper, &work, &root].map(|it| text(it));
        let options = format!("lowerdir={lower_dir},upperdir={upper},workdir={work}");
        let able = std::fs::copy("/usr/bin/busybox", lower.join("bin/sh")).is_ok()
            && run("runc", &["spec", "--bundle", &text(folder)])
            && run("mount", &["-t", "overlay", "overlay", "-o", &options, &root]);
        if !able {
            assert!(std::env::var_os("CI").is_none(), "CI has to run containers");
            return None;
        }
        let config = folder.join("config.json");
        let spec = std::fs::read_to_string(&config).unwrap();
        let mut spec: serde_json::Value = serde_json::from_str(&spec).unwrap();
        // Raising limits takes a right that a machine for tests may lack.
        spec["process"].as_object_mut().unwrap().remove("rlimits");
        spec["process"]["terminal"] = false.into();
        spec["process"]["args"] = ["sh", "-c", WRITES].as_slice().into();
        spec["root"]["readonly"] = false.into();
        std::fs::write(&config, spec.to_string()).unwrap();
        let mut command = Command::new("runc");
        command.args(["run", "--bundle", &text(folder), ID]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n");
        Some(Self { folder, child })
    }

    fn write(&mut self, path: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{path}").unwrap();
    }
}

impl Drop for Writer<'_> {
    fn drop(&mut self) {
        run("runc", &["delete", "-f", ID]);
        let _ = self.child.wait();
        run("umount", &["-l", self.folder.join("rootfs").to_str().unwrap()]);
    }
}

/// Has it written until a kind is dirty.
fn until(inventory: &Inventory, writer: &mut Writer<'_>, path: &str, kind: Kind) -> Vec<Kind> {
    let began = Instant::now();
    let mut seen = Vec::new();
    while !seen.contains(&kind) {
        assert!(began.elapsed() < Duration::from_secs(30), "{path} is written and nobody sees it");
        writer.write(path);
        std::thread::sleep(Duration::from_millis(100));
        seen.extend(inventory.dirt().kinds);
    }
    seen
}

#[test]
fn what_is_protected_is_seen_to_be_written_by_a_process_that_was_there() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let Some(mut writer) = Writer::start(folder.path()) else { return };
    let mut inventory = Inventory::new(Options::default()).unwrap();
    let protected = ["/etc/passwd", "/tmp", "/srv/www/index.html"].map(str::to_owned);
    inventory.guard(Some(&protected));
    // Nothing else can say that there is something to be swept.
    let live = Live { processes: false, listeners: false, ..Live::default() };
    inventory.watch(&live, Box::new(|| ()));
    inventory.sweep(&[Kind::Process]);
    let signs = |inventory: &mut Inventory| {
        inventory.sweep_quickly(&[Kind::Process]);
        let told = inventory.containers().unwrap();
        let told = told.iter().find(|it| it.named.id == ID).unwrap();
        let signs = told.signs.iter().filter(|sign| sign.kind == SignKind::ProtectedFile);
        signs.map(|sign| sign.evidence.clone()).collect::<Vec<_>>()
    };
    assert_eq!(signs(&mut inventory), [] as [&str; 0]);
    until(&inventory, &mut writer, "/etc/passwd", Kind::Process);
    assert_eq!(signs(&mut inventory), ["/etc/passwd changed"]);
    until(&inventory, &mut writer, "/tmp/new", Kind::Process);
    assert_eq!(signs(&mut inventory), ["/etc/passwd changed", "/tmp/new changed"]);
    // The folder is made by somebody else, and watched from then on.
    std::fs::create_dir_all(folder.path().join("rootfs/srv/www")).unwrap();
    until(&inventory, &mut writer, "/srv/www/index.html", Kind::Process);
    assert!(signs(&mut inventory).contains(&"/srv/www/index.html changed".to_owned()));

    // What is not protected any more is still where accounts are kept.
    inventory.guard(None);
    std::thread::sleep(Duration::from_secs(1));
    inventory.dirt();
    let seen = until(&inventory, &mut writer, "/etc/passwd", Kind::Users);
    assert!(!seen.contains(&Kind::Process));
}

/// What an agent does: sweeps what is dirty, and everything where a container came or went; the accounts of ours, if it did.
fn step(inventory: &mut Inventory) -> Option<Vec<String>> {
    let ids = |inventory: &Inventory| -> Vec<String> {
        inventory.containers().unwrap().iter().map(|it| it.named.id.clone()).collect()
    };
    let kinds: Vec<Kind> = inventory.dirt().kinds.into_iter().collect();
    let before = ids(inventory);
    let mut swept = inventory.sweep_quickly(&kinds);
    if ids(inventory) != before {
        swept = inventory.sweep_quickly(&Kind::ALL);
    }
    let ours = |swept: &Swept| swept.container.as_ref().is_some_and(|it| it.id == ID);
    let users = swept.into_iter().find(|it| it.kind == Kind::Users && ours(it))?;
    let name = |row: &Row| row.fact.text(Column::Name).to_owned();
    Some(users.rows.iter().map(name).collect())
}

#[test]
fn a_container_is_not_taken_for_what_its_runtime_saw() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    if !rustix::process::geteuid().is_root() || !run("runc", &["--version"]) {
        assert!(std::env::var_os("CI").is_none(), "CI has to run containers");
        return;
    }
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let mut inventory = Inventory::new(Options::default()).unwrap();
        inventory.watch(&Live::default(), Box::new(|| ()));
        inventory.sweep(&Kind::ALL);
        let starts = std::thread::scope(|scope| {
            let starting = scope.spawn(|| Writer::start(folder.path()));
            let mut seen = None;
            let began = Instant::now();
            // It has one account, and its host has more.
            while seen != Some(vec!["root".to_owned()]) {
                assert!(
                    began.elapsed() < Duration::from_secs(60),
                    "of its accounts {seen:?} is told"
                );
                // As often as it goes: also while the runtime is at work in its place.
                std::thread::sleep(Duration::from_millis(20));
                seen = step(&mut inventory).or(seen);
            }
            starting.join().unwrap()
        });
        if starts.is_none() {
            return;
        }
    }
}
