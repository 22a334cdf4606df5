//! What Docker publishes of a container on the host's addresses, from the container's state file.

use super::state::docker_state;
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

/// What is published of a container; none if it is not Docker's.
pub(crate) fn published(id: &str, files: &Files) -> Option<Vec<Published>> {
    let state = docker_state::<State>(id, files)?;
    let ports = (*state).as_ref()?.network_settings.ports.iter().flatten();
    let bound = ports.flat_map(|(port, bindings)| {
        bindings.iter().flatten().filter_map(move |binding| of(port, binding))
    });
    Some(bound.collect())
}

fn of(port: &str, binding: &Binding) -> Option<Published> {
    let (port, protocol) = port.split_once('/')?;
    let protocol = match protocol {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    let address = match binding.host_ip.as_str() {
        "" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        text => text.parse().ok()?,
    };
    let host_port = binding.host_port.parse().ok()?;
    Some(Published { protocol, port: port.parse().ok()?, address, host_port })
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
}
