//! What runtimes publish of a container on the host's addresses, from the files in which they keep it.
//!
//! | runtime | where |
//! |---|---|
//! | Docker | the container's `config.v2.json`: `NetworkSettings.Ports` |
//! | Podman | the container's configuration in its database: `newPortMappings` |
//! | nerdctl | the annotation `nerdctl/ports` of the container |

use super::Container;
use super::podman::{self, Mapping};
use super::state::{annotations, docker_state, of_podman};
use crate::files::Files;
use crate::networks::Published;
use muster_formats::sockets::Protocol;
use serde::Deserialize;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

/// `config.v2.json`, as far as it is about the network.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    #[serde(default)]
    network_settings: Network,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Network {
    /// By `80/tcp`; none where a port is only named.
    #[serde(default)]
    ports: Option<HashMap<String, Option<Vec<Binding>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Binding {
    #[serde(default)]
    host_ip: String,
    #[serde(default)]
    host_port: String,
}

/// Entries of what is published of one container that are kept.
const MAX_PUBLISHED: usize = 16_384;

/// What is published of a container; none if nobody wrote down what is.
pub(crate) fn published(container: &Container, files: &Files) -> Option<Vec<Published>> {
    let (id, kept) = (&container.details.named.id, &container.kept);
    match container.details.runtime.as_str() {
        "docker" => of_docker(id, files),
        "podman" => {
            let mut folders = of_podman(kept, files);
            let mappings = folders.find_map(|folder| podman::ports(folder.parent()?, id, files))?;
            Some(mappings.iter().flat_map(mapped).take(MAX_PUBLISHED).collect())
        }
        "containerd" if kept.namespace != "k8s.io" => {
            let told = annotations(&kept.namespace, id, kept, files)?;
            of_nerdctl(told.get("nerdctl/ports")?)
        }
        _ => None,
    }
}

fn of_docker(id: &str, files: &Files) -> Option<Vec<Published>> {
    let state = docker_state::<State>(id, files)?;
    let ports = (*state).as_ref()?.network_settings.ports.iter().flatten();
    let bound = ports.flat_map(|(port, bindings)| {
        bindings.iter().flatten().filter_map(move |binding| of(port, binding))
    });
    Some(bound.take(MAX_PUBLISHED).collect())
}

/// nerdctl's note on a container.
fn of_nerdctl(text: &str) -> Option<Vec<Published>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Port {
        host_port: u16,
        container_port: u16,
        #[serde(default)]
        protocol: String,
        #[serde(rename = "HostIP", default)]
        host_ip: String,
    }
    let ports: Vec<Port> = serde_json::from_str(text).ok()?;
    let of = |it: &Port| {
        Some(Published {
            protocol: protocol(&it.protocol)?,
            port: it.container_port,
            address: address(&it.host_ip)?,
            host_port: it.host_port,
            count: 1,
        })
    };
    Some(ports.iter().filter_map(of).take(MAX_PUBLISHED).collect())
}

/// What of Podman's mapping is told, once for each protocol it names.
fn mapped(it: &Mapping) -> impl Iterator<Item = Published> + '_ {
    let address = address(&it.host_ip);
    let named =
        ["tcp", "udp"].into_iter().filter(|name| it.protocol.split(',').any(|its| its == *name));
    named.filter_map(protocol).filter_map(move |protocol| {
        let (port, host_port, count) = (it.container_port, it.host_port, it.range.max(1));
        Some(Published { protocol, port, address: address?, host_port, count })
    })
}

fn of(port: &str, binding: &Binding) -> Option<Published> {
    let (port, its) = port.split_once('/')?;
    Some(Published {
        protocol: protocol(its)?,
        port: port.parse().ok()?,
        address: address(&binding.host_ip)?,
        host_port: binding.host_port.parse().ok()?,
        count: 1,
    })
}

fn protocol(name: &str) -> Option<Protocol> {
    match name {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    }
}

fn address(text: &str) -> Option<IpAddr> {
    if text.is_empty() { Some(Ipv4Addr::UNSPECIFIED.into()) } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_says_it_publishes_is_read() {
        let text = r#"{"Name":"/web","NetworkSettings":{"Bridge":"","Ports":{"443/tcp":null,"53/sctp":[{}],
            "80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8080"},{"HostIp":"::","HostPort":"8081"}],
            "53/udp":[{"HostIp":"","HostPort":"5353"}]}}}"#;
        let state: State = serde_json::from_str(text).unwrap();
        let ports = state.network_settings.ports.unwrap();
        let mut found: Vec<String> = ports
            .iter()
            .flat_map(|(port, bound)| bound.iter().flatten().filter_map(|one| of(port, one)))
            .map(|it| format!("{:?} {} {} {}", it.protocol, it.port, it.address, it.host_port))
            .collect();
        found.sort();
        assert_eq!(found, ["Tcp 80 127.0.0.1 8080", "Tcp 80 :: 8081", "Udp 53 0.0.0.0 5353"]);
    }

    fn told(published: impl IntoIterator<Item = Published>) -> Vec<String> {
        let text = |it: Published| {
            format!("{:?} {}x{} {} {}", it.protocol, it.port, it.count, it.address, it.host_port)
        };
        published.into_iter().map(text).collect()
    }

    #[test]
    fn what_podman_publishes_may_be_a_range_and_of_two_protocols() {
        let mapped = |text: &str| {
            let mapping: Mapping = serde_json::from_str(text).unwrap();
            told(mapped(&mapping))
        };
        let both = r#"{"host_ip":"127.0.0.1","container_port":80,"host_port":8080,"range":2,"protocol":"tcp,udp"}"#;
        assert_eq!(mapped(both), ["Tcp 80x2 127.0.0.1 8080", "Udp 80x2 127.0.0.1 8080"]);
        let one =
            r#"{"host_ip":"","container_port":80,"host_port":8080,"range":1,"protocol":"tcp"}"#;
        assert_eq!(mapped(one), ["Tcp 80x1 0.0.0.0 8080"]);
        // As somebody may write it who wants us to have no memory left.
        let many = vec!["tcp"; 400].join(",");
        let over = format!(
            r#"{{"container_port":65535,"host_port":1,"range":65535,"protocol":"{many}"}}"#
        );
        assert_eq!(mapped(&over), ["Tcp 65535x65535 0.0.0.0 1"]);
        let none = r#"{"host_ip":"x","container_port":1,"host_port":1,"range":1,"protocol":"tcp"}"#;
        assert!(mapped(none).is_empty());
    }

    #[test]
    fn what_nerdctl_publishes_is_read() {
        let text = r#"[{"HostPort":8080,"ContainerPort":80,"Protocol":"tcp","HostIP":"0.0.0.0"},
            {"HostPort":1,"ContainerPort":1,"Protocol":"sctp","HostIP":""}]"#;
        assert_eq!(told(of_nerdctl(text).unwrap()), ["Tcp 80x1 0.0.0.0 8080"]);
        assert_eq!(of_nerdctl("{"), None);
    }
}
