//! Roots made to make a collector hang, crash or look outside.

use crate::world::{World, column};
use muster_inventory::{Inventory, Limits, Options, Swept};
use muster_model::{Column, Kind};
use rustix::fs::{CWD, FileType, Mode, mknodat};

fn codes(swept: &Swept) -> Vec<&str> {
    swept.diagnostics.iter().map(|trouble| trouble.code.as_str()).collect()
}

#[test]
fn a_fifo_in_place_of_a_file_blocks_nobody() {
    let world = World::new();
    std::fs::create_dir(world.path("/etc")).unwrap();
    mknodat(CWD, world.path("/etc/passwd"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    let swept = world.sweep(Kind::Users);
    assert!(swept.rows.is_empty());
    assert_eq!(codes(&swept), ["file.not_regular"]);
}

#[test]
fn a_passwd_of_ten_gigabytes_is_not_read() {
    let world = World::new();
    world.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    let file = std::fs::File::options().write(true).open(world.path("/etc/passwd")).unwrap();
    file.set_len(10 << 30).unwrap();
    let swept = world.sweep(Kind::Users);
    assert!(swept.rows.is_empty());
    assert_eq!(codes(&swept), ["file.too_large"]);
}

#[test]
fn links_lead_nowhere_outside_the_root() {
    let world = World::new();
    world.write("/real/passwd", "inside:x:7:7::/:/bin/sh\n");
    for target in ["/real/passwd", "../../../../../../real/passwd"] {
        world.link("/etc/passwd", target);
        let swept = world.sweep(Kind::Users);
        assert_eq!(column(&swept, Column::Name), ["inside"], "{target}");
        std::fs::remove_file(world.path("/etc/passwd")).unwrap();
    }
    // This machine's own file exists, the one inside the root does not.
    world.link("/etc/passwd", "/etc/../../../../../../etc/machine-passwd/../passwd");
    assert!(world.sweep(Kind::Users).rows.is_empty());
}

#[test]
fn links_in_a_loop_and_magic_links_are_a_trouble() {
    let world = World::new();
    world.link("/etc/passwd", "/etc/passwd2");
    world.link("/etc/passwd2", "passwd");
    let swept = world.sweep(Kind::Users);
    assert_eq!(codes(&swept), ["file.loop"]);
}

#[test]
fn a_directory_without_end_is_cut() {
    let world = World::new();
    for number in 0..=1000 {
        world.write(&format!("/etc/cron.d/job{number}"), "@daily root /bin/a\n");
    }
    let limits = Limits { dir_entries: 1000, ..Limits::default() };
    let options = Options { limits, ..world.options() };
    let mut inventory = Inventory::new(options).unwrap();
    let swept = inventory.sweep(&[Kind::AutoLaunch]).remove(0);
    assert_eq!(codes(&swept), ["dir.too_large"]);
    assert_eq!(swept.rows.len(), 1000);
}

#[test]
fn names_that_are_no_text_are_not_lost() {
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    world.write("/etc/cron.d/plain", "@daily root /bin/a\n");
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff");
    std::fs::write(world.path("/etc/cron.d").join(odd), "@daily root /bin/b\n").unwrap();
    let swept = world.sweep(Kind::AutoLaunch);
    assert_eq!(column(&swept, Column::Name), ["a", "b"]);
}

#[test]
fn devices_and_directories_in_place_of_files_are_let_be() {
    let world = World::new();
    std::fs::create_dir_all(world.path("/etc/passwd")).unwrap();
    world.link("/etc/crontab", "/dev/zero");
    world.link("/etc/rc.local", "/proc/self/fd/0");
    std::fs::create_dir(world.path("/dev")).unwrap();
    let device = rustix::fs::makedev(1, 5);
    if mknodat(CWD, world.path("/dev/zero"), FileType::CharacterDevice, Mode::RUSR, device).is_err()
    {
        // Only root may make one; a socket file is refused alike.
        std::os::unix::net::UnixListener::bind(world.path("/dev/zero")).unwrap();
    }
    assert_eq!(codes(&world.sweep(Kind::Users)), ["file.not_regular"]);
    let swept = world.sweep(Kind::AutoLaunch);
    assert!(codes(&swept).contains(&"file.not_regular"), "{:?}", swept.diagnostics);
    assert!(swept.rows.is_empty());
}

#[test]
fn no_kind_finds_anything_of_this_machine_in_an_empty_root() {
    let world = World::new();
    let mut inventory = world.inventory();
    let kinds = inventory.kinds();
    assert_eq!(kinds.len(), 12);
    for swept in inventory.sweep(&kinds) {
        assert_eq!(swept.rows.len(), 0, "{}", swept.kind);
        assert_eq!(swept.diagnostics, [], "{}", swept.kind);
    }
}
