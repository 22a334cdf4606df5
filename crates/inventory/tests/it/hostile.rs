//! Roots made to make a collector hang, crash or look outside.

use crate::world::{World, column};
use muster_inventory::Swept;
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
