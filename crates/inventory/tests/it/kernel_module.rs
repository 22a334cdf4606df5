//! Kernel modules, on the real ones of Debian's kernel package: this machine need not have any.

use crate::world::World;
use muster_model::{Column, Fact, Kind};
use std::path::{Path, PathBuf};

const RELEASE: &str = "6.1.0-test";

#[expect(clippy::disallowed_methods, reason = "tests may run the packager's and packers' tools")]
fn run(program: &str, arguments: &[&str], dir: &Path) -> Option<Vec<u8>> {
    let output =
        std::process::Command::new(program).args(arguments).current_dir(dir).output().ok()?;
    output.status.success().then_some(output.stdout)
}

/// The folder with the modules of Debian's smallest kernel, downloaded once.
fn debian_modules() -> Option<PathBuf> {
    static ONCE: std::sync::OnceLock<Option<PathBuf>> = std::sync::OnceLock::new();
    ONCE.get_or_init(|| {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kernel-package");
        let unpacked = cache.join("unpacked");
        if !unpacked.exists() {
            let arch = String::from_utf8(run("dpkg", &["--print-architecture"], Path::new("/"))?);
            let meta = format!("linux-image-cloud-{}", arch.ok()?.trim());
            std::fs::create_dir_all(&cache).ok()?;
            let depends = run("apt-cache", &["depends", &meta], &cache)?;
            let depends = String::from_utf8(depends).ok()?;
            let package = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: "))?;
            run("apt-get", &["download", package], &cache)?;
            let deb = std::fs::read_dir(&cache).ok()?.find_map(|entry| {
                let path = entry.ok()?.path();
                (path.extension()? == "deb").then_some(path)
            })?;
            let fresh = cache.join("fresh");
            run("dpkg-deb", &["-x", deb.to_str()?, fresh.to_str()?], &cache)?;
            std::fs::rename(&fresh, &unpacked).ok()?;
        }
        let releases = std::fs::read_dir(unpacked.join("lib/modules")).ok()?;
        releases.filter_map(|entry| Some(entry.ok()?.path().join("kernel"))).next()
    })
    .clone()
}

/// Nothing where there is no network; a failure where that would hide something.
#[expect(clippy::disallowed_methods, reason = "CI tells tests that nothing may be left out")]
fn modules() -> Option<PathBuf> {
    let modules = debian_modules();
    assert!(modules.is_some() || std::env::var("CI").is_err(), "no kernel package to be had");
    modules
}

fn find(dir: &Path, name: &str) -> PathBuf {
    let found = run("find", &[".", "-name", name], dir).unwrap();
    dir.join(String::from_utf8(found).unwrap().lines().next().unwrap())
}

fn fact<'a>(swept: &'a muster_inventory::Swept, name: &str) -> &'a Fact {
    let mut facts = swept.rows.iter().map(|row| &row.fact);
    facts.find(|fact| fact.text(Column::Name) == name).unwrap()
}

fn is(fact: &Fact, claim: &str) -> bool {
    fact.evidence().get(claim).is_some_and(|value| value == true)
}

#[test]
fn a_module_is_described_alike_however_it_is_packed() {
    let Some(dir) = modules() else { return };
    let ko = find(&dir, "vmxnet3.ko");
    let world = World::new();
    world.proc("sys/kernel/osrelease", format!("{RELEASE}\n"));
    let mut listed = String::new();
    let mut depends = String::new();
    for (name, program, arguments) in [
        ("plain", "cat", vec![]),
        ("pack-gz", "gzip", vec!["-c"]),
        ("pack-xz", "xz", vec!["-c", "--check=crc32", "--lzma2=dict=1MiB"]),
        ("pack-zst", "zstd", vec!["-c", "-q"]),
    ] {
        let end = name.strip_prefix("pack-").map(|end| format!(".{end}")).unwrap_or_default();
        let bytes =
            run(program, &[&arguments[..], &[ko.to_str().unwrap()]].concat(), &dir).unwrap();
        let file = format!("kernel/{name}.ko{end}");
        world.write(&format!("/usr/lib/modules/{RELEASE}/{file}"), bytes);
        depends += &format!("{file}: kernel/x.ko\n");
        listed += &format!("{} 81920 0 - Live 0x0\n", name.replace('-', "_"));
    }
    world.link("/lib", "usr/lib");
    world.write(&format!("/usr/lib/modules/{RELEASE}/modules.dep"), depends);
    world.proc("modules", listed);
    let swept = world.sweep(Kind::KernelModule);
    assert_eq!(swept.diagnostics, []);
    assert_eq!(swept.rows.len(), 4);
    // modinfo prints the same; it is not installed everywhere.
    let strings = run("strings", &["-n", "4", ko.to_str().unwrap()], &dir);
    for name in ["plain", "pack_gz", "pack_xz", "pack_zst"] {
        let fact = fact(&swept, name);
        assert_eq!(fact.text(Column::Description), "VMware vmxnet3 virtual NIC driver", "{name}");
        assert_eq!(fact.int(Column::Size), Some(81_920));
        assert_eq!(fact.text(Column::Mode), "0644");
        assert_eq!(fact.text(Column::Hash).len(), 64);
        assert!(fact.text(Column::FileName).contains(".ko"));
        assert_eq!(fact.text(Column::Version), "1.7.0.0-k");
        assert_eq!(fact.text(Column::SrcVersion).len(), 23);
        assert_eq!(fact.evidence()["license"], "GPL v2");
        assert!(is(fact, "in_tree") && !is(fact, "not_on_disk"));
        if let Some(strings) = &strings {
            let line = format!("srcversion={}", fact.text(Column::SrcVersion));
            assert!(String::from_utf8_lossy(strings).lines().any(|l| l == line), "{line}");
        }
    }
}

#[test]
fn every_module_of_the_package_can_be_read() {
    let Some(dir) = modules() else { return };
    let list = run("find", &[".", "-name", "*.ko"], &dir).unwrap();
    let list = String::from_utf8(list).unwrap();
    let mut count = 0;
    for path in list.lines() {
        let file = std::fs::File::open(dir.join(path)).unwrap();
        let info = muster_formats::kernel_module::read(file).unwrap();
        let name = muster_formats::kernel_module::name_of(path).unwrap();
        assert_eq!(info.name, name, "{path}");
        assert!(!info.vermagic.is_empty() && !info.license.is_empty() && info.intree, "{path}");
        count += 1;
    }
    assert!(count > 300, "{count}");
}

#[test]
fn a_loaded_module_is_compared_with_its_file_and_with_sysfs() {
    let Some(dir) = modules() else { return };
    let ko = std::fs::read(find(&dir, "vmxnet3.ko")).unwrap();
    let world = World::new();
    let base = format!("/lib/modules/{RELEASE}");
    world.proc("sys/kernel/osrelease", RELEASE);
    world.proc("modules", "same 1 0 - Live 0x0\nother 1 0 - Live 0x0 (OE)\nmissing 1 0 - Live 0x0\nbroken 1 0 - Live 0x0\n");
    world.write(&format!("{base}/modules.dep"), "same.ko:\nother.ko:\nbroken.ko.xz:\n");
    world.write(&format!("{base}/same.ko"), &ko);
    world.write(&format!("{base}/other.ko"), &ko);
    world.write(&format!("{base}/broken.ko.xz"), b"\xfd7zXZ\0broken");
    world.write("/sys/module/other/srcversion", "0000\n");
    world.write("/sys/module/other/version", "1.2\n");
    // Loaded, yet not listed: what a rootkit does to itself. Built-in ones have no size.
    world.write("/sys/module/ghost/coresize", "4096\n");
    world.write("/sys/module/ghost/initstate", "live\n");
    world.write("/sys/module/kernel/parameters/x", "1\n");
    let swept = world.sweep(Kind::KernelModule);
    let claims = |name| {
        let fact = fact(&swept, name);
        let all = ["differs_from_file", "not_on_disk", "hidden_from_proc"];
        all.into_iter().filter(|claim| is(fact, claim)).collect::<Vec<_>>()
    };
    assert_eq!(claims("same"), [""; 0]);
    assert_eq!(claims("other"), ["differs_from_file"]);
    assert_eq!(claims("missing"), ["not_on_disk"]);
    assert_eq!(claims("ghost"), ["not_on_disk", "hidden_from_proc"]);
    assert_eq!(claims("broken"), [""; 0]);
    assert_eq!(swept.rows.len(), 5);
    let other = fact(&swept, "other");
    assert_eq!((other.text(Column::Version), other.text(Column::SrcVersion)), ("1.2", "0000"));
    assert_eq!(other.evidence()["taints"], "OE");
    let codes: Vec<&str> = swept.diagnostics.iter().map(|trouble| trouble.code.as_str()).collect();
    assert_eq!(codes, ["file.malformed"]);
}

#[test]
fn unloading_is_seen_and_a_kernel_without_modules_has_none() {
    let world = World::new();
    assert!(world.sweep(Kind::KernelModule).rows.is_empty());
    world.proc("modules", "a 1 0 - Live 0x0\nb 2 0 - Live 0x0\n");
    let mut inventory = world.inventory();
    assert_eq!(inventory.sweep(&[Kind::KernelModule])[0].rows.len(), 2);
    assert!(!inventory.sweep(&[Kind::KernelModule])[0].changed);
    world.proc("modules", "a 1 0 - Live 0x0\n");
    let swept = inventory.sweep(&[Kind::KernelModule]).remove(0);
    assert!(swept.changed);
    assert_eq!(swept.rows.len(), 1);
}
