"""A container that really runs is a place of its own in lists, counts and exports, under the name its runtime gave it."""
import json
import os
import shutil
import subprocess

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkhss.v5 import (
    BatchScanLocalImageRequest,
    ChangeEventRequest,
    ChangeEventRequestInfo,
    CreateManualImageScanTaskReqInfo,
    CreateManualImageScanTaskReqInfoImageInfo,
    CreateManualImageScanTaskRequest,
    ListContainerNodesRequest,
    ListContainersRequest,
    ListHostStatusRequest,
    ListImageLocalRequest,
    ListImageScanTaskRequest,
    ListLocalImageAppInfoRequest,
    ListLocalImageContainersRequest,
    ListLocalImageHostsRequest,
    ListSecurityEventsRequest,
    LocalImageBatchScanRequestBody,
    LocalImageInfo,
    OperateEventRequestInfo,
    ShowImageAssetStatisticsRequest,
    StopImageScanTaskRequest,
    SwitchHostsProtectStatusRequest,
    SwitchHostsProtectStatusRequestInfo,
)

from kinds import KINDS
from test_export import export
from test_truth import wait_for

BY_NAME = {kind.name: kind for kind in KINDS}
NAME, IMAGE, PORT = "muster-shop", "localhost/muster-conformance:1", 18401
# runc runs on every kind of control groups; raising limits takes a right that a machine for tests may lack.
CONFIG = '[engine]\nruntime="runc"\n[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1000:1000"]\n'


@pytest.fixture(scope="module")
def podman(tmp_path_factory):
    """Runs Podman and answers what it says."""
    if os.geteuid() != 0 or not shutil.which("podman"):
        assert not os.environ.get("CI"), "CI has to run containers"
        pytest.skip("needs root and Podman")
    folder = tmp_path_factory.mktemp("podman")
    (folder / "containers.conf").write_text(CONFIG)
    environment = os.environ | {"CONTAINERS_CONF": str(folder / "containers.conf")}

    def run(*arguments):
        done = subprocess.run(["podman", *arguments], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.fixture(scope="module")
def shop(tmp_path_factory, podman):
    """A container of Podman in the host's network: id and pid as Podman says."""
    folder = tmp_path_factory.mktemp("container")
    root = folder / "root"
    for part in ("bin", "etc"):
        (root / part).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    for name in ("sh", "httpd"):
        (root / "bin" / name).symlink_to("busybox")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\ncashier:x:1000:1000::/home/cashier:/bin/sh\n")
    subprocess.run(["tar", "-C", root, "-cf", folder / "image.tar", "."], check=True)
    podman("rm", "-f", "-i", "-t", "0", NAME)
    podman("import", "-q", str(folder / "image.tar"), IMAGE)
    container = podman("run", "-d", "--net=host", "--name", NAME, IMAGE, "httpd", "-f", "-p", str(PORT))
    yield container, int(podman("inspect", "-f", "{{.State.Pid}}", NAME))
    podman("rm", "-f", "-t", "0", NAME)


def ports_of(hss, container):
    """What is listed of its port, once the sweep has seen this container and not one of that name before."""
    listed = BY_NAME["port"].rows(hss, category="container", port=PORT).data_list
    return [row for row in listed if row.container_id == container]


def test_its_port_and_its_process_are_the_container_s(hss, shop):
    container, pid = shop
    (row,) = wait_for(lambda: ports_of(hss, container))
    assert (row.container_name, row.pid) == (NAME, pid)
    assert BY_NAME["port"].rows(hss, port=PORT).data_list == []
    rows = wait_for(lambda: [
        row for row in BY_NAME["process"].rows(hss, category="container", path="/bin/busybox").data_list
        if row.container_id == container])
    assert [row.process_pid for row in rows] == [pid]
    assert any(group.path == "/bin/busybox" for group in BY_NAME["process"].count(hss, category="container").data_list)


def test_it_is_exported_with_its_name(hss, shop):
    container, pid = shop
    wait_for(lambda: ports_of(hss, container))
    headers = [["container_id", "Id"], ["container_name", "Name"], ["port", "Port"], ["pid", "Pid"]]
    sheet = export(hss, "port", headers, category="container")
    assert [str(cell) for cell in sheet[0]] == ["Id", "Name", "Port", "Pid"]
    assert (container, NAME, PORT, pid) in [tuple(row) for row in sheet[1:]]


def test_its_host_is_a_node(hss, shop):
    assert wait_for(lambda: hss.list_container_nodes(ListContainerNodesRequest(limit=200)).data_list)


def test_it_is_in_the_list_of_containers(hss, shop):
    container, _ = shop

    def listed(**filters):
        answer = hss.list_containers(ListContainersRequest(limit=200, **filters))
        assert bool(answer.last_update_time) == bool(answer.data_list)
        return [(row.container_name, row.status) for row in answer.data_list if row.container_id == container]

    assert wait_for(lambda: listed(container_name=NAME)) == [(NAME, "Running")]
    assert listed(cluster_container=False) == [(NAME, "Running")]
    assert not listed(cluster_container=True)
    assert not listed(pod_name=NAME)


def test_its_image_and_when_it_was_made_are_told(hss, shop, podman):
    container, _ = shop

    def listed(image):
        rows = hss.list_containers(ListContainersRequest(limit=200, image_name=image)).data_list
        return [row for row in rows if row.container_id == container]

    (row,) = wait_for(lambda: listed("Muster-Conformance:"))
    made = podman("inspect", "-f", "{{.Created.UnixMilli}}", NAME)
    assert (row.image_name, row.create_time) == (IMAGE, int(made))
    assert not listed("muster-conformance:2")


def test_its_image_is_listed_with_where_it_lies_and_what_is_in_it(hss, shop, podman):
    container, _ = shop
    repository, tag = IMAGE.rsplit(":", 1)
    named = {"image_name": repository, "image_version": tag}

    def listed(**filters):
        rows = hss.list_image_local(ListImageLocalRequest(limit=200, **named, **filters)).data_list
        return [row for row in rows if row.image_name == repository]

    (row,) = wait_for(listed)
    inspected = json.loads(podman("image", "inspect", IMAGE))[0]
    assert row.image_id == f"sha256:{inspected['Id']}"
    assert (row.image_digest, row.image_size) == (inspected["Digest"], inspected["Size"])
    assert wait_for(lambda: listed(has_container=True, container_id=container))
    assert not listed(has_container=False) and not listed(local_image_type="swr_image")
    at = {"image_digest": row.image_id, "limit": 200, "region": "region-1"}
    hosts = hss.list_local_image_hosts(ListLocalImageHostsRequest(**at)).data_list
    assert [host.host_id for host in hosts] == [row.host_id]
    running = hss.list_local_image_containers(ListLocalImageContainersRequest(**at)).data_list
    assert container in [it.container_id for it in running]
    counted = hss.show_image_asset_statistics(ShowImageAssetStatisticsRequest())
    assert counted.local_num >= 1 and counted.registry_num == 0

    order = LocalImageBatchScanRequestBody(operate_all=False, image_info_list=[LocalImageInfo(image_id=row.image_id)])
    hss.batch_scan_local_image(BatchScanLocalImageRequest(region="region-1", body=order))
    (row,) = wait_for(lambda: [it for it in listed() if it.scan_status == "success"])
    assert row.latest_scan_time > 0 and row.component_num == 0  # busybox alone, which no package manager installed
    assert hss.list_local_image_app_info(ListLocalImageAppInfoRequest(image_id=row.image_id)).total_num == 0
    asked = ListImageScanTaskRequest(type="image_scan", task_type="manual", global_image_type="local", limit=10)
    tasks = hss.list_image_scan_task(asked).data_list
    assert [(it.task_status, it.success_num, it.total_num, it.is_all) for it in tasks[:1]] == [(100, 1, 1, False)]
    assert tasks[0].begin_time <= tasks[0].end_time and tasks[0].failed_images == []
    order = CreateManualImageScanTaskReqInfo(is_all=False, image_info=[
        CreateManualImageScanTaskReqInfoImageInfo(image_id=row.image_id, registry_type="Local")])
    hss.create_manual_image_scan_task(
        CreateManualImageScanTaskRequest(region="region-1", global_image_type="local", body=order))
    task = hss.list_image_scan_task(asked).data_list[0]
    assert task.task_id != tasks[0].task_id and task.scan_scope == 0x000f0000
    hss.stop_image_scan_task(StopImageScanTaskRequest(region="region-1", task_id=task.task_id))
    stopped = hss.list_image_scan_task(ListImageScanTaskRequest(type="image_scan", task_id=task.task_id, limit=10))
    assert stopped.data_list[0].task_status in (-1, 100)  # it may have been faster


@pytest.fixture(scope="module")
def dangerous(hss, shop, podman):
    """A privileged container with a path of its host, on a host that is protected."""
    (host,) = hss.list_host_status(ListHostStatusRequest()).data_list
    switch(hss, host.host_id, "hss.version.container.enterprise")
    name = f"{NAME}-root"
    podman("rm", "-f", "-i", "-t", "0", name)
    container = podman("run", "-d", "--privileged", "--net=host", "-v", "/etc:/host/etc:ro", "--name", name, IMAGE,
                       "httpd", "-f", "-p", str(PORT + 1))
    yield container, name
    podman("rm", "-f", "-t", "0", name)
    switch(hss, host.host_id, "hss.version.null")


def switch(hss, host, version):
    body = SwitchHostsProtectStatusRequestInfo(version=version, charging_mode="on_demand", host_id_list=[host])
    hss.switch_hosts_protect_status(SwitchHostsProtectStatusRequest(body=body))
    (node,) = hss.list_container_nodes(ListContainerNodesRequest(limit=200)).data_list
    assert node.protect_status == ("closed" if version == "hss.version.null" else "opened")


def test_what_leads_out_of_a_container_is_an_event_with_its_evidence(hss, dangerous):
    container, name = dangerous

    def events(**filters):
        ours = ListSecurityEventsRequest(category="container", limit=200, container_name=name, **filters)
        return hss.list_security_events(ours).data_list

    wait_for(lambda: len(events()) >= 3)
    found = {(event.event_class_id, event.severity): event for event in events()}
    assert "/etc on /host/etc ro" == found["container_1004", "High"].event_details
    assert found["container_1003", "Critical"].event_details.startswith("CapEff ")
    assert found["container_1001", "Medium"].event_details.startswith("net:[")
    assert all(event.forensic_info["container_id"] == container for event in found.values())
    assert all(event.image_name == IMAGE for event in found.values())
    places = [event.resource_info for event in found.values()]
    assert {(it.container_id, it.image_name, it.pod_name) for it in places} == {(container, IMAGE, None)}
    assert all(event.description and name in event.event_abstract for event in found.values())
    (node,) = hss.list_container_nodes(ListContainerNodesRequest(limit=200)).data_list
    assert node.intrusion >= 3
    # The other container shares the network of its host, and nothing else.
    others = ListSecurityEventsRequest(category="container", limit=200, container_name=NAME)
    others = [event.event_details for event in hss.list_security_events(others).data_list if event.container_name == NAME]
    assert [details.split(":")[0] for details in others] == ["net"]


def test_an_event_is_handled(hss, dangerous):
    _, name = dangerous
    ours = ListSecurityEventsRequest(container_name=name, handle_status="unhandled", limit=200)
    events = wait_for(lambda: hss.list_security_events(ours).data_list)
    chosen = [OperateEventRequestInfo(event_class_id=it.event_class_id, event_id=it.event_id, event_type=it.event_type,
                                      operate_detail_list=[]) for it in events]
    body = ChangeEventRequestInfo(operate_type="ignore", handler="a test", operate_event_list=chosen)
    with pytest.raises(ClientRequestException) as refused:
        hss.change_event(ChangeEventRequest(body=body, container_name=NAME))
    assert refused.value.status_code == 404
    assert len(hss.list_security_events(ours).data_list) >= len(events)
    hss.change_event(ChangeEventRequest(body=body, container_name=name))
    handled = ListSecurityEventsRequest(container_name=name, handle_status="handled", limit=200)
    handled = hss.list_security_events(handled).data_list
    assert {(it.event_id, it.handle_method, it.handler) for it in handled} >= {
        (it.event_id, "ignore", "a test") for it in events}


def test_what_its_image_is_not_known_for_does_not_run(hss, dangerous, podman, credentials, endpoint):
    _, name = dangerous
    image = "sha256:" + podman("image", "inspect", "-f", "{{.Id}}", IMAGE)

    def block(*how):
        asked = [os.environ["MUSTER_BINARY"], "containers", "block", *how, image, "--endpoint", endpoint]
        access = {"MUSTER_ACCESS_KEY": credentials["access_key"], "MUSTER_SECRET_KEY": credentials["secret_key"],
                  "MUSTER_PROJECT_ID": credentials["project_id"]}
        done = subprocess.run(asked, env=os.environ | access, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stderr

    podman("exec", name, "/bin/busybox", "cp", "/bin/busybox", "/bin/busybox-2")
    assert "on 1 of 1 protected hosts" in block("--now")

    def refused():
        try:
            podman("exec", name, "/bin/busybox-2", "true")
        except AssertionError as said:
            assert "not permitted" in str(said)
            return True
        return False

    wait_for(refused)
    podman("exec", name, "/bin/busybox", "true")
    ours = ListSecurityEventsRequest(category="container", limit=200, container_name=name)
    # It may have run once before the agent knew, which is another event.
    (event,) = wait_for(lambda: [it for it in hss.list_security_events(ours).data_list
                                 if "/bin/busybox-2" in it.event_details and "kept" in it.event_name])
    assert (event.event_class_id, event.severity, event.image_name) == ("dockerproc_001", "High", IMAGE)
    (program,) = event.process_info_list
    assert (program.process_name, program.process_path, program.block) == ("busybox-2", "/bin/busybox-2", 1)
    block("--off")
    wait_for(lambda: not refused())


def test_when_it_ends_it_is_listed_no_more(hss, shop, podman):
    container, _ = shop
    ours = ListContainersRequest(limit=200, container_name=NAME)
    podman("kill", NAME)
    assert wait_for(lambda: not [row for row in hss.list_containers(ours).data_list if row.container_id == container])
