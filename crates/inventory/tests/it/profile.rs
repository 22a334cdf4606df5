//! What a host says of itself.

use crate::world::World;
use muster_inventory::{Inventory, Options};

#[test]
fn a_fixture_tells_its_own_story_and_nothing_of_this_machine() {
    let world = World::new();
    world.write("/usr/lib/os-release", "ID=alpine\nVERSION_ID=3.20\nPRETTY_NAME=\"Alpine\"\n");
    world.link("/etc/os-release", "/usr/lib/os-release");
    world.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    world.write("/etc/hostname", "images-name\n");
    world.proc("cpuinfo", "processor\t: 0\nmodel: x\nprocessor\t: 1\n");
    world.proc("meminfo", "MemFree: 1 kB\nMemTotal:       2048 kB\n");
    world.write("/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n");
    world.write("/etc/ssh/sshd_config.d/keys.conf", "HostKey /keys/a\nHostKey /keys/gone\n");
    world.write("/keys/a.pub", "ssh-ed25519 AAAAkey root@image\n");
    world.write("/etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa AAAA\n");
    let profile = world.inventory().profile();
    assert_eq!(profile.name, "images-name");
    assert_eq!((profile.os_id.as_str(), profile.os_version.as_str()), ("alpine", "3.20"));
    assert_eq!(profile.machine_id, "0123456789abcdef0123456789abcdef");
    assert_eq!((profile.cpus, profile.memory_bytes), (2, 2048 * 1024));
    assert_eq!((profile.arch.as_str(), profile.kernel.as_str()), ("", ""));
    assert!(profile.addresses.is_empty());
    assert_eq!(profile.ssh_host_keys, ["ssh-ed25519 AAAAkey"]);
}

#[test]
fn this_machine_is_known_by_its_kernel() {
    let profile = Inventory::new(Options::default()).unwrap().profile();
    let read = |path: &str| std::fs::read_to_string(path).unwrap().trim().to_owned();
    assert_eq!(profile.name, read("/proc/sys/kernel/hostname"));
    assert_eq!(profile.kernel, read("/proc/sys/kernel/osrelease"));
    assert_eq!(profile.boot_id, read("/proc/sys/kernel/random/boot_id"));
    assert_eq!(profile.arch, std::env::consts::ARCH);
    assert!(profile.cpus > 0 && profile.memory_bytes > 0);
}
