//! How a node's kubelet reaches its cluster: the file kubeconfig(5) of Kubernetes describes, `Config` of the API version `v1`.
//!
//! Only what names the cluster is read, and only the block style in which kubeadm, k3s and the clouds' installers write it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Lines looked at.
const MAX_LINES: usize = 10_000;
/// Longest value kept, bytes.
const MAX_VALUE: usize = 1_024;

/// The first cluster of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kubeconfig {
    /// What the file calls it: `kubernetes`, `default`.
    pub name: String,
    /// The address of its API server.
    pub server: String,
    /// The certificate of its CA, PEM, where the file holds it.
    pub authority: Option<Vec<u8>>,
    /// The file with that certificate, where it lies in one.
    pub authority_file: Option<String>,
}

/// Reads it; nothing where no server is named.
pub fn parse(text: &str) -> Option<Kubeconfig> {
    let mut found = Kubeconfig::default();
    let (mut inside, mut entries) = (false, 0);
    for line in text.lines().take(MAX_LINES) {
        let trimmed = line.trim_start();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        // A list may stand as far left as its key.
        if !line.starts_with([' ', '-']) {
            inside = trimmed.starts_with("clusters:");
            continue;
        }
        let item = trimmed.strip_prefix("- ");
        entries += usize::from(inside && item.is_some());
        if !inside || entries > 1 {
            continue;
        }
        let Some((key, value)) = item.unwrap_or(trimmed).trim_start().split_once(':') else {
            continue;
        };
        let value = value.trim().trim_matches(['"', '\'']);
        let short = || value.get(..MAX_VALUE).unwrap_or(value).to_owned();
        match key {
            "name" => found.name = short(),
            "server" => found.server = short(),
            "certificate-authority" => found.authority_file = Some(short()),
            "certificate-authority-data" => found.authority = STANDARD.decode(value).ok(),
            _ => {}
        }
    }
    (!found.server.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cluster_is_read_however_its_list_is_indented() {
        // As kubeadm 1.28 writes it.
        let kubeadm = "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: LS0t\n    \
            server: https://10.0.0.10:6443\n  name: kubernetes\ncontexts:\n- context:\n    cluster: kubernetes\n    \
            user: system:node:n1\n  name: system:node:n1@kubernetes\ncurrent-context: x\nkind: Config\nusers:\n- name: u\n";
        let found = parse(kubeadm).unwrap();
        assert_eq!(
            (found.name.as_str(), found.server.as_str()),
            ("kubernetes", "https://10.0.0.10:6443")
        );
        assert_eq!(found.authority.as_deref(), Some(&b"---"[..]));
        // As k3s writes it.
        let k3s = "apiVersion: v1\nclusters:\n  - name: local\n    cluster:\n      server: \"https://127.0.0.1:6444\"\n      \
            certificate-authority: /var/lib/rancher/k3s/agent/server-ca.crt\n  - name: second\n    cluster:\n      \
            server: https://other\n";
        let found = parse(k3s).unwrap();
        assert_eq!(
            (found.name.as_str(), found.server.as_str()),
            ("local", "https://127.0.0.1:6444")
        );
        assert_eq!(found.authority_file.unwrap(), "/var/lib/rancher/k3s/agent/server-ca.crt");
    }

    #[test]
    fn what_names_no_server_is_none() {
        for text in [
            "",
            "clusters:\n",
            "clusters: []\nkind: Config\n",
            "server: https://x\n",
            "users:\n- server: x\n",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        let long = format!("clusters:\n- cluster:\n    server: {}\n", "é".repeat(MAX_VALUE));
        assert!(parse(&long).is_some());
    }
}
