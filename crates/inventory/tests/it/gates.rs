//! What has not changed is not read again.

use crate::world::{World, column};
use muster_model::{Column, Kind};

#[test]
fn an_unchanged_kind_keeps_its_rows() {
    let world = World::new();
    world.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    let mut inventory = world.inventory();
    let first = inventory.sweep(&[Kind::Users]).remove(0);
    assert!(first.changed);
    let second = inventory.sweep(&[Kind::Users]).remove(0);
    assert!(!second.changed);
    assert_eq!(first.digest, second.digest);
    // The very same rows: the collector was not run.
    assert!(std::sync::Arc::ptr_eq(&first.rows, &second.rows));
}

#[test]
fn a_changed_file_and_a_new_one_are_seen() {
    let world = World::new();
    world.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    let mut inventory = world.inventory();
    let first = inventory.sweep(&[Kind::Users]).remove(0);
    assert_eq!(column(&first, Column::GroupName), [""]);
    world.write("/etc/group", "wheel:x:0:\n");
    let second = inventory.sweep(&[Kind::Users]).remove(0);
    assert!(second.changed);
    assert_eq!(column(&second, Column::GroupName), ["wheel"]);
    world.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nmary:x:1:1::/:/bin/sh\n");
    let third = inventory.sweep(&[Kind::Users]).remove(0);
    assert_eq!(column(&third, Column::Name), ["mary", "root"]);
}

#[test]
fn stamps_are_not_trusted_for_longer_than_an_hour() {
    let world = World::new();
    world.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    let mut inventory = world.inventory();
    let first = inventory.sweep(&[Kind::Users]).remove(0);
    world.clock.advance_secs(3601);
    let second = inventory.sweep(&[Kind::Users]).remove(0);
    assert!(!second.changed);
    assert!(!std::sync::Arc::ptr_eq(&first.rows, &second.rows));
}

#[test]
fn only_allowed_kinds_are_swept() {
    let world = World::new();
    let options = muster_inventory::Options { kinds: vec![Kind::Port], ..world.options() };
    let mut inventory = muster_inventory::Inventory::new(options).unwrap();
    assert!(inventory.sweep(&[Kind::Users]).is_empty());
}
