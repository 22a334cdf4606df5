//! Containers that are kept from running what their image is not known for.

use crate::runtimes::{Docker, Podman, Running};
use muster_formats::elf;
use muster_inventory::Inventory;
use muster_model::container::{Allowed, SignKind};
use muster_model::{Diagnostic, Kind};

const FREE: &str = "localhost/muster-free:1";
/// Puts a program that is linked dynamically, and what loads it, into a container's own layer.
const LINKED: &str = "cp /shared/env /usr/bin/env && cp /shared/env /usr/bin/other \
    && cp /shared/loader.so /shared/libc.so.6 /usr/lib/ && ln -s /usr/lib/loader.so ";
/// Puts one that is not linked at all wherever a container may write.
const ALONE: &str = "for to in /tmp /dev/shm /own /shared; do cp /bin/busybox $to/busybox-2; done; \
    printf '#!/bin/sh\\necho ran\\n' >/tmp/script; chmod +x /tmp/script";

/// `run`: executes something in the container, and says whether it could.
struct Kept<'r> {
    running: Running,
    run: &'r dyn Fn(&Running, &str) -> bool,
}

impl Kept<'_> {
    fn runs(&self, line: &str) -> bool {
        (self.run)(&self.running, line)
    }

    fn signs(&self, inventory: &mut Inventory) -> Vec<String> {
        inventory.sweep(&[Kind::Process]);
        let told = inventory.containers().unwrap();
        let told = told.iter().find(|it| it.named.id == self.running.id).unwrap();
        let signs = told.signs.iter().filter(|sign| sign.kind == SignKind::BlockedProgram);
        signs.map(|sign| sign.evidence.clone()).collect()
    }
}

pub(crate) fn is_by_path(podman: &Podman, docker: &Docker, inventory: &mut Inventory) {
    let shared = podman.folder.join("shared");
    std::fs::create_dir(&shared).unwrap();
    let env = std::fs::read("/usr/bin/env").unwrap();
    let loader = elf::loader(&env.as_slice()).unwrap();
    let ours = std::fs::read_to_string("/proc/self/maps").unwrap();
    let libc = ours.split_whitespace().find(|path| path.ends_with("/libc.so.6")).unwrap();
    for (from, to) in [("/usr/bin/env", "env"), (&*loader, "loader.so"), (libc, "libc.so.6")] {
        std::fs::copy(from, shared.join(to)).unwrap();
    }
    let shared = format!("{}:/shared", shared.display());
    let options = ["--tmpfs=/own:exec", "-v", &shared];
    let sleep = ["sleep", "900"];
    let of_podman = |it: &Running, line: &str| podman.succeeds(&["exec", &it.id, "sh", "-c", line]);
    let of_docker = |it: &Running, line: &str| docker.succeeds(&["exec", &it.id, "sh", "-c", line]);
    let kept = [
        Kept { running: podman.run("muster-kept", &options, &sleep), run: &of_podman },
        Kept { running: docker.run("muster-d-kept", &options, &sleep), run: &of_docker },
    ];
    let archive = podman.folder.join("image.tar");
    podman.command(&["import", "-q", "-c", "LABEL free=1", archive.to_str().unwrap(), FREE]);
    let free = podman.run_of(FREE, "muster-free", &[], &sleep);
    for it in &kept {
        assert!(it.runs("busybox mkdir -p /usr/bin /usr/lib /lib64"));
        let linked = format!("{LINKED}{loader}");
        for line in [&linked, ALONE] {
            let line = ["cp", "ln", "chmod"].iter().fold(line.to_owned(), |line, word| {
                line.replace(&format!("{word} "), &format!("busybox {word} "))
            });
            assert!(it.runs(&line), "{}: {line}", it.running.name);
        }
        assert!(it.runs(
            "/tmp/busybox-2 true && LD_LIBRARY_PATH=/usr/lib /usr/bin/other /bin/busybox true"
        ));
    }

    inventory.sweep(&[Kind::Process]);
    let images = kept.iter().map(|it| {
        let told = inventory.containers().unwrap();
        let told = told.iter().find(|told| told.named.id == it.running.id).unwrap();
        let programs = vec!["/bin/busybox".to_owned(), "/usr/bin/env".to_owned()];
        Allowed { image: told.image_key().to_owned(), programs }
    });
    let images: Vec<Allowed> = images.collect();
    inventory.block(&images);
    let swept = inventory.sweep(&[Kind::Process]);
    let troubles = swept[0].diagnostics.iter().filter(|it| it.code == "guard.blocking");
    assert_eq!(troubles.collect::<Vec<_>>(), [] as [&Diagnostic; 0]);

    for it in &kept {
        let name = &it.running.name;
        for line in
            ["true", "/tmp/script", "LD_LIBRARY_PATH=/usr/lib /usr/bin/env /bin/busybox true"]
        {
            assert!(it.runs(line), "{name}: {line}");
        }
        let alone =
            ["/tmp", "/dev/shm", "/own", "/shared"].map(|it| format!("{it}/busybox-2 true"));
        let linked = ["other", "env"].map(|it| {
            format!("LD_LIBRARY_PATH=/usr/lib /usr/lib/loader.so /usr/bin/{it} /bin/busybox true")
        });
        let other = "LD_LIBRARY_PATH=/usr/lib /usr/bin/other /bin/busybox true".to_owned();
        // Under a name that may run, but elsewhere.
        let elsewhere = "busybox mkdir -p /tmp/bin; busybox cp /bin/busybox /tmp/bin/; \
                         exec /tmp/bin/busybox true";
        let lines = alone.into_iter().chain(linked).chain([other, elsewhere.to_owned()]);
        for line in lines {
            // Docker gives containers a /dev/shm from which nothing is executed anyhow, and so does Podman.
            assert!(!it.runs(&line), "{name}: {line}");
        }
        let told = it.signs(inventory);
        for expected in ["/tmp/busybox-2", "/own/busybox-2", "/shared/busybox-2", "/usr/bin/other"]
        {
            let expected = format!("{expected} (started by /bin/busybox)");
            assert!(told.contains(&expected), "{name}: {expected} in {told:?}");
        }
        assert!(told.iter().any(|it| it.starts_with("/usr/lib/loader.so")), "{told:?}");
    }
    // Containers of other images, and the host, are not meant.
    assert!(of_podman(&free, "busybox cp /bin/busybox /tmp/busybox-2; /tmp/busybox-2 true"));
    let merged = format!("/proc/{}/root/tmp/bin/busybox", kept[0].running.pid);
    crate::runtimes::output(&merged, &["true"]);

    // What is no longer wanted is no longer so, for each image by itself.
    inventory.block(&images[1..]);
    inventory.sweep(&[Kind::Process]);
    assert!(kept[0].runs("/own/busybox-2 true"));
    assert!(!kept[1].runs("/own/busybox-2 true"));
    inventory.block(&[]);
    inventory.sweep(&[Kind::Process]);
    assert!(kept[1].runs("/own/busybox-2 true"));
    assert_eq!(kept[1].signs(inventory), [] as [&str; 0]);
    podman.command(&["rm", "-f", "-t", "0", "muster-free"]);
    podman.command(&["rmi", FREE]);
}
