//! From where a container's port can be reached.

use crate::runtimes::{Docker, Podman, Running};
use muster_inventory::{Inventory, Swept};
use muster_model::{Column, Kind};

/// Verdict, reason and where it is published, of the telnet port of a container.
fn telnet(swept: &[Swept], container: &Running) -> [String; 3] {
    let of = |it: &&Swept| it.container.as_ref().is_some_and(|it| it.id == container.id);
    let found = swept.iter().find(of).expect(&container.name);
    let row = found.rows.iter().find(|row| row.fact.int(Column::Port) == Some(23)).unwrap();
    let published = row.fact.evidence().get("published").and_then(|it| it.as_str());
    [
        row.fact.text(Column::Status).to_owned(),
        row.fact.text(Column::Reason).to_owned(),
        published.unwrap_or_default().to_owned(),
    ]
}

/// Every container listens on the same dangerous port; whether it is one depends on its network alone.
pub(crate) fn depends_on_the_network(podman: &Podman, docker: &Docker, inventory: &mut Inventory) {
    let listen = &["httpd", "-f", "-p", "23"];
    let inside = podman.run("muster-inside", &[], listen);
    let published = podman.run("muster-published", &["-p", "23"], listen);
    let alone = podman.run("muster-alone", &["--net=none"], listen);
    let of_docker = [
        docker.run("muster-docker-inside", &[], listen),
        docker.run("muster-docker-published", &["-p", "23"], listen),
        docker.run("muster-docker-local", &["-p", "127.0.0.1::23"], listen),
    ];
    let swept = inventory.sweep(&[Kind::Port]);
    let said = |container: &Running| telnet(&swept, container);
    for (container, status, reason) in [
        (&inside, "normal", "open inside podman"),
        (&published, "danger", "telnet"),
        (&alone, "normal", "has no interface"),
        (&of_docker[0], "normal", "open inside docker0"),
        (&of_docker[1], "danger", "telnet"),
        (&of_docker[2], "normal", "on the loopback address"),
    ] {
        let [found, why, _] = said(container);
        assert_eq!(found, status, "{}: {why}", container.name);
        assert!(why.contains(reason), "{}: {why}", container.name);
    }
    // What the runtimes say, and the host's rows of the programs that hold the ports for them.
    let of_host = swept.iter().find(|it| it.container.is_none()).unwrap();
    for (container, told) in [
        (&published, podman.command(&["port", &published.id, "23/tcp"])),
        (&of_docker[1], docker.ports(&of_docker[1])),
        (&of_docker[2], docker.ports(&of_docker[2])),
    ] {
        let mut told: Vec<_> = told.lines().map(str::to_owned).collect();
        told.sort();
        assert!(!told.is_empty());
        assert_eq!(said(container)[2], told.join(" "), "{}", container.name);
        let leads = of_host.rows.iter().filter_map(|row| {
            let to = row.fact.evidence().get("leads_to")?.clone();
            let its = to["container_id"].as_str() == Some(&container.id);
            its.then_some((row.fact.int(Column::Port)?, row.fact.text(Column::Path).to_owned(), to))
        });
        let leads: Vec<_> = leads.collect();
        assert_eq!(leads.len(), told.len(), "{leads:?} {told:?}");
        for (port, path, to) in leads {
            assert!(told.iter().any(|it| it.ends_with(&format!(":{port}"))), "{told:?}");
            assert!(path.ends_with("/docker-proxy") || path.ends_with("/conmon"), "{path}");
            let expected = serde_json::json!({
                "container_id": container.id,
                "container_name": container.name,
                "port": 23,
            });
            assert_eq!(to, expected);
        }
    }
}
