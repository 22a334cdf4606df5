//! Containers of one image are read once, as far as they are still alike.

use crate::runtimes::{Docker, Podman, Running, wait_for};
use muster_inventory::{Inventory, Swept};
use muster_model::{Column, Kind};
use std::sync::Arc;

fn users<'s>(swept: &'s [Swept], container: &Running) -> &'s Swept {
    let of = |it: &&Swept| it.container.as_ref().is_some_and(|it| it.id == container.id);
    swept.iter().find(of).expect(&container.name)
}

fn names(swept: &[Swept], container: &Running) -> Vec<String> {
    let rows = users(swept, container).rows.iter();
    let mut names: Vec<_> = rows.map(|row| row.fact.text(Column::Name).to_owned()).collect();
    names.sort();
    names
}

/// The rows of both are the same piece of memory, until one container changes a file: even to one of the same length with
/// the time of the old one.
pub(crate) fn ends_with_a_change(podman: &Podman, docker: &Docker, inventory: &mut Inventory) {
    let sleep = &["sleep", "900"];
    let of_podman = ["muster-one", "muster-other"].map(|name| podman.run(name, &[], sleep));
    let of_docker = ["muster-d-one", "muster-d-other"].map(|name| docker.run(name, &[], sleep));
    for [one, other] in [&of_podman, &of_docker] {
        // A file that changed within the last second counts as changed once more.
        wait_for("one list of accounts for two containers", || {
            let swept = inventory.sweep(&[Kind::Users]);
            Arc::ptr_eq(&users(&swept, one).rows, &users(&swept, other).rows)
        });
    }
    let change = "sed s/shop/spam/g /etc/passwd >/tmp/p && touch -r /etc/passwd /tmp/p \
                  && busybox cat /tmp/p >/etc/passwd && touch -r /tmp/p /etc/passwd";
    let change = change.replace("sed", "busybox sed").replace("touch", "busybox touch");
    podman.command(&["exec", &of_podman[1].id, "sh", "-c", &change]);
    docker.command(&["exec", &of_docker[1].id, "sh", "-c", &change]);
    let swept = inventory.sweep(&[Kind::Users]);
    for [one, other] in [&of_podman, &of_docker] {
        assert_eq!(names(&swept, one), ["root", "shop"], "{}", one.name);
        assert_eq!(names(&swept, other), ["root", "spam"], "{}", other.name);
    }
}
