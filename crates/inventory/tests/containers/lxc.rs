//! LXC, which calls a container by the name its operator gives, and that is all there is to know of it.

use crate::attributed::{listeners_of, processes_of};
use crate::runtimes::{Image, Running, output, wait_for, which};
use muster_inventory::{Inventory, Options};
use muster_model::{Column, Kind};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

const NAME: &str = "muster-lxc";

struct Lxc {
    folder: PathBuf,
}

impl Lxc {
    fn start(image: &Image, command: &[&str]) -> Self {
        let lxc = Self { folder: image.folder().join("lxc") };
        std::fs::create_dir(&lxc.folder).unwrap();
        let config = format!(
            "lxc.rootfs.path = dir:{}\nlxc.uts.name = {NAME}\nlxc.net.0.type = none\n\
             lxc.apparmor.profile = unconfined\n",
            image.root().display()
        );
        let path = lxc.folder.join("config");
        std::fs::write(&path, config).unwrap();
        let head = ["-f", path.to_str().unwrap(), "--"];
        lxc.command("lxc-start", &[&head, command].concat());
        lxc
    }

    fn arguments<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        [&["-P", self.folder.to_str().unwrap(), "-n", NAME], rest].concat()
    }

    fn command(&self, program: &str, rest: &[&str]) -> String {
        output(program, &self.arguments(rest))
    }

    fn running(&self) -> Running {
        let pid = self.command("lxc-info", &["-p", "-H"]).trim().parse().unwrap();
        Running { id: NAME.to_owned(), name: NAME.to_owned(), pid }
    }
}

impl Drop for Lxc {
    fn drop(&mut self) {
        let _ = Command::new("lxc-stop").args(self.arguments(&["-k"])).output();
    }
}

#[test]
fn what_runs_in_a_container_of_lxc_is_the_container_s() {
    let Some(image) = Image::make() else { return };
    if which("lxc-start").is_none() {
        assert!(std::env::var_os("CI").is_none(), "CI has to have LXC");
        return;
    }
    let lxc = Lxc::start(&image, &["/bin/sh", "-c", "sleep 905 & exec httpd -f -p 18307"]);
    let container = lxc.running();
    wait_for("its server", || listeners_of(&container).contains(&18_307));

    let mut inventory = Inventory::new(Options::default()).unwrap();
    let mut found = |kind| {
        let swept = inventory.sweep(&[kind]);
        let of = |it: &&muster_inventory::Swept| {
            it.container.as_ref().is_some_and(|it| it.id == NAME && it.name == NAME)
        };
        let rows = swept.iter().find(of).map(|it| it.rows.clone());
        let told = inventory.containers().unwrap().iter().find(|it| it.named.id == NAME);
        assert_eq!(told.unwrap().runtime, "lxc");
        rows.unwrap()
    };
    let processes = found(Kind::Process);
    let pids: BTreeSet<u32> = processes.iter().filter_map(|row| row.volatile.pid).collect();
    assert_eq!(pids, processes_of(&container));
    assert_eq!(pids.len(), 2);
    for row in processes.iter() {
        assert_eq!(row.fact.text(Column::Path), "/bin/busybox");
        assert_eq!(row.fact.text(Column::Hash), image.busybox);
    }
    let ports = found(Kind::Port);
    let ports: Vec<_> = ports.iter().filter_map(|row| row.fact.int(Column::Port)).collect();
    assert_eq!(ports, [18_307]);
    let users = found(Kind::Users);
    let names: BTreeSet<_> = users.iter().map(|row| row.fact.text(Column::Name)).collect();
    assert_eq!(names, BTreeSet::from(["root", "shop"]));
}
