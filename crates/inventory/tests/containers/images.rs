//! Images on disk, compared with what the tools of their stores say.

use crate::runtimes::{Containerd, Docker, NAME, Podman, output, package};
use muster_inventory::{Inventory, Options};
use muster_model::image::{Image, Store};
use muster_model::{Column, Fact, Kind, Micros};
use serde_json::Value;
use std::collections::BTreeMap;

fn of(inventory: &Inventory, store: Store) -> BTreeMap<String, Image> {
    let images = inventory.images().unwrap().iter().filter(|it| it.store == store);
    images.map(|it| (it.id.clone(), it.clone())).collect()
}

fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    let mut all: Vec<String> = all.map(|it| it.as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

/// What `inspect` of Docker and Podman says, which have it from each other.
fn compare(image: &Image, inspected: &Value) {
    let names: Vec<_> =
        texts(&inspected["RepoTags"]).into_iter().filter(|it| it != "<none>:<none>").collect();
    assert_eq!(image.names, names);
    let mut digests: Vec<_> = texts(&inspected["RepoDigests"])
        .iter()
        .map(|it| it.split_once('@').unwrap().1.to_owned())
        .collect();
    digests.sort();
    digests.dedup();
    // Without a name Podman does not tell them.
    if !digests.is_empty() {
        assert_eq!(image.digests, digests, "{names:?}");
    }
    assert_eq!(image.size, inspected["Size"].as_u64().unwrap(), "{names:?}");
    let created = inspected["Created"].as_str().unwrap();
    assert_eq!(image.created, Micros::from_iso(created), "{created}");
    assert_eq!(image.os, inspected["Os"]);
    assert!(image.architecture.starts_with(inspected["Architecture"].as_str().unwrap()));
    let layers: Vec<&str> = image.layers.iter().map(|it| it.digest.as_str()).collect();
    let told = inspected["RootFS"]["Layers"].as_array().unwrap();
    assert_eq!(layers, told.iter().map(|it| it.as_str().unwrap()).collect::<Vec<_>>());
    let labels = inspected["Config"]["Labels"].as_object().cloned().unwrap_or_default();
    let labels: BTreeMap<_, _> =
        labels.into_iter().map(|(key, value)| (key, value.as_str().unwrap().to_owned())).collect();
    assert_eq!(image.labels, labels);
}

/// All of a store's images; how many.
fn compare_all(told: &BTreeMap<String, Image>, command: &dyn Fn(&[&str]) -> String) -> usize {
    let ids = command(&["image", "ls", "-q", "--no-trunc"]);
    let mut ids: Vec<&str> = ids.lines().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in &ids {
        let inspected: Value = serde_json::from_str(&command(&["image", "inspect", id])).unwrap();
        compare(told.get(*id).expect(id), &inspected[0]);
    }
    assert_eq!(told.len(), ids.len(), "{ids:?} {:?}", told.keys());
    ids.len()
}

/// In one test with the others: they take and clear the same names.
pub(crate) fn lie_on_the_disk(podman: &Podman, docker: &Docker, containerd: &Containerd) {
    let label = "LABEL tier=front";
    // In the upper layer the folder is another one, and a file of the lower one is gone.
    let change = format!(
        "busybox rm -r /var/lib/dpkg; busybox mkdir -p /var/lib/dpkg; busybox printf '{}' > /var/lib/dpkg/status; \
         busybox rm /etc/passwd",
        package("shop-top", "2.0").replace('\n', "\\n")
    );
    docker.command(&["exec", "muster-docker", "sh", "-c", &change]);
    podman.command(&["exec", "muster-host", "sh", "-c", &change]);
    docker.command(&["tag", "muster-test:1", "registry.example:5000/shop/muster-test:2"]);
    docker.command(&["commit", "--change", label, "muster-docker", "muster-test:3"]);
    podman.command(&["tag", NAME, "registry.example/muster-test:2"]);
    podman.command(&["commit", "-q", "--change", label, "muster-host", "localhost/muster-test:3"]);
    let layout = podman.folder.join("layouts/one");
    std::fs::create_dir_all(layout.parent().unwrap()).unwrap();
    let (to, archive) = (layout.to_str().unwrap(), podman.folder.join("two.tar"));
    let three = "localhost/muster-test:3";
    podman.command(&["save", "-q", "--format", "oci-dir", "-o", to, three]);
    let archive = archive.to_str().unwrap();
    podman.command(&["save", "-q", "--format", "oci-archive", "-o", archive, three]);
    containerd.import(archive);

    let layouts = vec![podman.folder.join("layouts")];
    let scratch = podman.folder.join("scratch");
    let options = Options { layouts, scratch: Some(scratch.clone()), ..Options::default() };
    let mut inventory = Inventory::new(options).unwrap();
    let swept = inventory.sweep(&[Kind::App]);
    let troubles = swept[0].diagnostics.iter().filter(|it| it.code.starts_with("image"));
    assert_eq!(troubles.count(), 0);
    assert!(compare_all(&of(&inventory, Store::Docker), &|it| docker.command(it)) >= 2);
    let of_podman = of(&inventory, Store::Podman);
    assert!(compare_all(&of_podman, &|it| podman.command(it)) >= 2);
    let named = |images: &BTreeMap<String, Image>, name: &str| {
        images.values().find(|it| it.names.iter().any(|it| it == name)).unwrap().clone()
    };
    let first = named(&of(&inventory, Store::Docker), "registry.example:5000/shop/muster-test:2");
    assert_eq!(first.names, ["muster-test:1", "registry.example:5000/shop/muster-test:2"]);
    let two_layers = named(&of_podman, three);
    assert_eq!(two_layers.layers.len(), 2);

    // What was handed on is the same image, whatever the store.
    for (store, name) in [(Store::Containerd, three), (Store::Oci, "muster-test:3")] {
        let image = of(&inventory, store).remove(&two_layers.id).unwrap();
        assert!(image.names[0].ends_with(name), "{:?}", image.names);
        let content = |it: &Image| (it.created, it.labels.clone(), it.architecture.clone());
        assert_eq!(content(&image), content(&two_layers));
        let layers = |it: &Image| it.layers.iter().map(|it| it.digest.clone()).collect::<Vec<_>>();
        assert_eq!(layers(&image), layers(&two_layers));
        assert!(image.layers.iter().all(|it| it.size > 0));
    }
    let listed = output("ctr", &["image", "ls"]);
    let mut names: Vec<&str> = Vec::new();
    for line in listed.lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let image = named(&of(&inventory, Store::Containerd), words[0]);
        assert!(image.digests.iter().any(|it| it == words[2]), "{line}");
        assert_eq!(rounded(image.size), format!("{} {}", words[3], words[4]), "{line}");
        names.push(words[0]);
    }
    let told = of(&inventory, Store::Containerd);
    let mut told: Vec<&str> = told.values().flat_map(|it| &it.names).map(String::as_str).collect();
    names.sort_unstable();
    told.sort_unstable();
    assert_eq!(names, told);

    let software = |image: &Image| {
        let (facts, layers) = inventory.contents(&image.id).unwrap();
        assert_eq!(facts.len(), layers.len());
        let text = |(it, layer): (&Fact, &Option<u16>)| {
            let layer = layer.map_or("?".to_owned(), |it| it.to_string());
            format!("{} {} in layer {layer}", it.text(Column::Name), it.text(Column::Version))
        };
        facts.iter().zip(&layers).map(text).collect::<Vec<_>>()
    };
    let of_docker = of(&inventory, Store::Docker);
    for image in [&of_docker, &of_podman].map(|it| named(it, three_of(it))) {
        assert_eq!(software(&image), ["shop-top 2.0 in layer 1"], "{:?}", image.names);
    }
    assert_eq!(software(&first), ["shop-base 1.0 in layer 0"]);
    let none = inventory.contents(&format!("sha256:{}", "0".repeat(64)));
    assert_eq!(none.unwrap_err(), "no store of this host has it");

    // containerd alone has it now, and then only a layout, which is packed.
    docker.command(&["rmi", "muster-test:3"]);
    podman.command(&["rmi", three]);
    assert_eq!(software(&two_layers), ["shop-top 2.0 in layer 1"]);

    // An image that is gone is gone; the rest stays.
    output("ctr", &["image", "rm", three]);
    assert_eq!(software(&two_layers), ["shop-top 2.0 in layer 1"]);
    assert!(!scratch.exists(), "what was unpacked is gone");
    inventory.sweep(&[Kind::App]);
    assert!(!of(&inventory, Store::Podman).contains_key(&two_layers.id));
    assert!(!of(&inventory, Store::Containerd).contains_key(&two_layers.id));
    assert!(of(&inventory, Store::Oci).contains_key(&two_layers.id));
    compare_all(&of(&inventory, Store::Docker), &|it| docker.command(it));
}

/// What the image of two layers is called in this store.
fn three_of(images: &BTreeMap<String, Image>) -> &str {
    let names = images.values().flat_map(|it| &it.names);
    names.map(String::as_str).find(|it| it.ends_with("muster-test:3")).unwrap()
}

/// As containerd's tool prints bytes.
fn rounded(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB"];
    let unit = (0..4).rev().find(|nth| bytes >= 1 << (10 * nth)).unwrap_or(0);
    let scaled = bytes as f64 / (1_u64 << (10 * unit)) as f64;
    if unit == 0 { format!("{bytes} B") } else { format!("{scaled:.1} {}", units[unit]) }
}
