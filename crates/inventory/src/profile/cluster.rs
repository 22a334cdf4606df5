//! The Kubernetes cluster that a host is a node of, from the file its kubelet reaches it by.

use crate::files::Files;
use aws_lc_rs::digest::{SHA256, digest};
use muster_formats::kubeconfig;
use muster_model::host::Cluster;

const MAX_BYTES: u64 = 256 * 1024;

/// Where kubelets have that file: kubeadm, the managed clusters, k3s and RKE2, MicroK8s, k0s.
const FILES: &[&str] = &[
    "/etc/kubernetes/kubelet.conf",
    "/var/lib/kubelet/kubeconfig",
    "/etc/kubernetes/kubelet-kubeconfig",
    "/var/lib/rancher/k3s/agent/kubelet.kubeconfig",
    "/var/lib/rancher/rke2/agent/kubelet.kubeconfig",
    "/var/snap/microk8s/current/credentials/kubelet.config",
    "/var/lib/k0s/kubelet.conf",
];

/// Nodes of one cluster trust the same CA, whatever address they reach its servers at.
pub(super) fn read(files: &Files) -> Option<Cluster> {
    let text = FILES.iter().find_map(|path| files.text(path, MAX_BYTES))?;
    let found = kubeconfig::parse(&text)?;
    let in_file = || files.read(found.authority_file.as_deref()?, MAX_BYTES);
    let known_by = found.authority.or_else(in_file).unwrap_or_else(|| found.server.clone().into());
    let id = hex::encode(digest(&SHA256, known_by.trim_ascii()));
    Some(Cluster { id: id.get(..32)?.to_owned(), name: found.name, server: found.server })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::root::Root;
    use muster_model::Micros;
    use std::sync::Arc;

    fn of(content: &[(&str, &str)]) -> Option<Cluster> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in content {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let root = Arc::new(Root::open(folder.path(), "").unwrap());
        read(&Files::new(root, Arc::default(), Arc::default(), 1000, Micros(i64::MAX / 2)))
    }

    #[test]
    fn nodes_with_the_same_authority_are_of_one_cluster() {
        let kubeadm = |server: &str| {
            let text = format!(
                "clusters:\n- cluster:\n    certificate-authority-data: LS0tCg==\n    server: {server}\n  name: kubernetes\n"
            );
            of(&[("etc/kubernetes/kubelet.conf", &text)]).unwrap()
        };
        let (one, other) = (kubeadm("https://10.0.0.1:6443"), kubeadm("https://api:6443"));
        assert_eq!((one.id.as_str(), one.id.len()), (other.id.as_str(), 32));
        assert_eq!(
            (one.name.as_str(), one.server.as_str()),
            ("kubernetes", "https://10.0.0.1:6443")
        );
        let k3s = "clusters:\n- cluster:\n    server: https://127.0.0.1:6444\n    certificate-authority: /ca.crt\n  name: local\n";
        let k3s = of(&[("var/lib/rancher/k3s/agent/kubelet.kubeconfig", k3s), ("ca.crt", "---")]);
        assert_eq!(k3s.unwrap().id, one.id, "the same certificate, in a file");
        assert_eq!(of(&[]), None);
    }
}
