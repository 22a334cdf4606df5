"""A pod that really runs, started through the CRI as a kubelet does it, is told by the published client as the CRI tells it."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest
from huaweicloudsdkhss.v5 import ListContainerNodesRequest, ListContainersRequest, ListK8sPodsRequest, ShowK8sPodDetailRequest

from kinds import KINDS
from test_truth import wait_for

BY_NAME = {kind.name: kind for kind in KINDS}
POD, UID, NAMESPACE, PORT = "till-1", "5a1b0000-0000-4000-8000-00000000000a", "checkout", 18421
IMAGE = "localhost/muster-pod:1"


def do(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout.strip()


class Cri:
    """A containerd with folders of its own and its client."""

    def __init__(self, folder):
        beside = pathlib.Path(sys.executable).with_name("crictl")
        self.crictl = beside if beside.exists() else shutil.which("crictl")
        self.folder, self.socket, self.daemon = folder, folder / "containerd.sock", None

    def start(self):
        config = self.folder / "config.toml"
        config.write_text(
            f"version = 2\nroot = '{self.folder}/root'\nstate = '{self.folder}/state'\n[grpc]\naddress = '{self.socket}'\n"
            f"[plugins.'io.containerd.grpc.v1.cri']\nsandbox_image = '{IMAGE}'\nrestrict_oom_score_adj = true\n"
            "disable_apparmor = true\n")
        with open(self.folder / "log", "ab") as log:
            self.daemon = subprocess.Popen(["containerd", "--config", config], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while subprocess.run(self.command("version"), capture_output=True).returncode:
            assert time.monotonic() < deadline, "containerd does not come up"
            time.sleep(0.2)

    def command(self, *arguments):
        return [str(self.crictl), "-r", f"unix://{self.socket}", *map(str, arguments)]

    def ask(self, *arguments):
        return do(*self.command(*arguments))

    def file(self, name, content):
        (self.folder / name).write_text(json.dumps(content))
        return self.folder / name

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait(30)


@pytest.fixture(scope="module")
def pod(tmp_path_factory):
    """The CRI, and the id of a pod's one container."""
    cri = Cri(tmp_path_factory.mktemp("cri"))
    if os.geteuid() != 0 or not cri.crictl or not shutil.which("containerd"):
        assert not os.environ.get("CI"), "CI has to run pods"
        pytest.skip("needs root, containerd and crictl")
    root = cri.folder / "image"
    for part in ("bin", "etc", "proc", "sys", "dev"):
        (root / part).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    for name in ("sh", "sleep", "httpd"):
        (root / "bin" / name).symlink_to("busybox")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    do("tar", "-C", root, "-cf", cri.folder / "image.tar", ".")
    do("podman", "import", "-q", "-c", 'ENTRYPOINT ["/bin/sleep","3600"]', cri.folder / "image.tar", IMAGE)
    do("podman", "save", "-q", "--format", "oci-archive", "-o", cri.folder / "oci.tar", IMAGE)
    do("podman", "rmi", "-f", IMAGE)
    cri.start()
    try:
        do("ctr", "-a", cri.socket, "-n", "k8s.io", "image", "import", cri.folder / "oci.tar")
        sandbox = cri.file("pod.json", {
            "metadata": {"name": POD, "namespace": NAMESPACE, "uid": UID},
            "labels": {"app": "till"},
            "log_directory": str(cri.folder / "logs"),
            "linux": {"cgroup_parent": f"/kubepods/besteffort/pod{UID}",
                      "security_context": {"namespace_options": {"network": 2}}},
        })
        container = cri.file("container.json", {
            "metadata": {"name": "web"},
            "image": {"image": IMAGE},
            "command": ["/bin/httpd", "-f", "-p", str(PORT)],
            "labels": {"tier": "front"},
            "log_path": "web.log",
            "linux": {},
        })
        held = cri.ask("runp", sandbox)
        started = cri.ask("create", held, container, sandbox)
        cri.ask("start", started)
        yield cri, started
    finally:
        if cri.daemon.poll() is not None:
            cri.start()
        subprocess.run(cri.command("rmp", "-f", "-a"), capture_output=True)
        cri.stop()


def test_its_containers_are_told_as_the_cri_tells_them(hss, pod):
    cri, container = pod

    def listed(**filters):
        rows = hss.list_containers(ListContainersRequest(limit=200, **filters)).data_list
        return [row for row in rows if row.container_id == container]

    (row,) = wait_for(lambda: listed(pod_name=POD))
    said = json.loads(cri.ask("inspect", container))["status"]
    assert row.container_name == f"{NAMESPACE}/{POD}/{said['metadata']['name']}"
    assert (row.pod_name, row.image_name, row.status) == (POD, said["image"]["image"], "Running")
    assert listed(cluster_container=True) and not listed(cluster_container=False)
    assert wait_for(lambda: hss.list_container_nodes(ListContainerNodesRequest(limit=200)).data_list)


def test_what_it_runs_and_opens_is_its_container_s(hss, pod):
    cri, container = pod
    pid = json.loads(cri.ask("inspect", container))["info"]["pid"]

    def of(kind, **filters):
        rows = BY_NAME[kind].rows(hss, category="container", **filters).data_list
        return [row for row in rows if row.container_id == container]

    (port,) = wait_for(lambda: of("port", port=PORT))
    assert (port.pid, port.container_name) == (pid, f"{NAMESPACE}/{POD}/web")
    (process,) = wait_for(lambda: of("process", path="/bin/busybox"))
    assert process.process_pid == pid
    assert not BY_NAME["port"].rows(hss, port=PORT).data_list


def test_the_pod_is_listed_with_its_containers(hss, pod):
    _, container = pod

    def listed():
        rows = hss.list_k8s_pods(ListK8sPodsRequest(limit=200, pod_name=POD)).data_list
        return [row for row in rows if row.pod_name == POD]

    (row,) = wait_for(listed)
    assert (row.namespace_name, row.status) == (NAMESPACE, "Running")
    shown = hss.show_k8s_pod_detail(ShowK8sPodDetailRequest(pod_name=POD))
    assert container in [it.container_id for it in shown.containers]
    # Its own labels, and not those that its runtime has for itself.
    assert shown.label == "app=till"


def test_its_names_are_there_without_containerd(hss, pod):
    cri, container = pod
    cri.stop()
    # A host is looked at again, and its agent knows nothing any more but what lies on the disk.
    before = hss.list_containers(ListContainersRequest(limit=200, pod_name=POD)).last_update_time
    answer = wait_for(lambda: (it := hss.list_containers(ListContainersRequest(limit=200, pod_name=POD)))
                      and it.last_update_time > before and it)
    rows = [row.container_name for row in answer.data_list if row.container_id == container and row.image_name == IMAGE]
    assert rows == [f"{NAMESPACE}/{POD}/web"]
