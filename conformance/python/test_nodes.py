"""Container nodes through the older CGS client and the HSS one: one handler serves both."""
import json
import os
import subprocess

import pytest
from huaweicloudsdkcgs.v5 import CgsClient, ListContainerNodesRequest as CgsNodes
from huaweicloudsdkhss.v5 import (
    ListContainerNodesRequest,
    ListHostStatusRequest,
    ShowContainerNodeStatisticsRequest,
)


@pytest.fixture(scope="module")
def cgs(basic, endpoint):
    return CgsClient.new_builder().with_credentials(basic).with_endpoint(endpoint).build()


def test_both_clients_see_the_same_nodes(hss, cgs):
    ours = hss.list_container_nodes(ListContainerNodesRequest(limit=200))
    theirs = cgs.list_container_nodes(CgsNodes(limit=1))
    assert ours.total_num == theirs.total_num
    assert all(node.agent_status in ("online", "offline", "not_register") for node in theirs.data_list)


def test_this_host_is_listed_and_online(hss):
    (host,) = hss.list_host_status(ListHostStatusRequest()).data_list
    assert host.agent_status == "online"
    assert host.host_name


@pytest.fixture
def entered(endpoint):
    """Two hosts of a list that have no agent yet, the first of them a container node."""
    credentials = os.path.join(os.environ["MUSTER_DATA"], "credentials.json")

    def muster(*command, **options):
        asked = [os.environ["MUSTER_BINARY"], "hosts", *command, "--credentials", credentials, "--endpoint", endpoint, "--output", "json"]
        return subprocess.run(asked, check=True, capture_output=True, text=True, **options).stdout

    table = "name,address,container_node,tags\nrack-1,192.0.2.1,true,env=prod\nrack-2,192.0.2.2,false,\n"
    hosts = json.loads(muster("import", "-", input=table))
    assert [host["outcome"] for host in hosts] == ["added", "added"]
    yield {host["name"]: host["id"] for host in hosts}
    for host in hosts:
        muster("remove", host["id"])


@pytest.fixture
def failed(endpoint):
    """A host whose installation failed, as there is no client to install it by."""
    asked = ["--credentials", os.path.join(os.environ["MUSTER_DATA"], "credentials.json"), "--endpoint", endpoint]
    binary = os.environ["MUSTER_BINARY"]
    command = [binary, "agent", "install", "root@192.0.2.9", "--name", "broken-1", "--ssh", "/nowhere", *asked]
    assert subprocess.run(command, capture_output=True).returncode
    listed = subprocess.run([binary, "hosts", "list", "--agent", "install_failed", "--output", "json", *asked],
                            check=True, capture_output=True, text=True).stdout
    (host,) = json.loads(listed)
    yield host["id"]
    subprocess.run([binary, "hosts", "remove", host["id"], *asked], check=True)


def test_a_failed_installation_is_told(hss, failed):
    (host,) = hss.list_host_status(ListHostStatusRequest(agent_status="install_failed")).data_list
    assert (host.host_id, host.host_name, host.agent_status) == (failed, "broken-1", "install_failed")
    nodes = hss.list_container_nodes(ListContainerNodesRequest(container_node=False, agent_status="install_failed")).data_list
    assert [node.host_id for node in nodes] == [failed]


def test_hosts_without_an_agent_are_in_every_list(hss, cgs, entered):
    (node,) = hss.list_container_nodes(ListContainerNodesRequest(host_name="rack-", limit=200)).data_list
    assert (node.host_id, node.agent_status, node.is_container_node) == (entered["rack-1"], "not_installed", True)
    assert (node.private_ip, node.protect_status) == ("192.0.2.1", "closed")
    (node,) = cgs.list_container_nodes(CgsNodes(host_name="rack-", agent_status="not_installed", limit=10)).data_list
    # The word of CGS where the address asked begins with its name, that of HSS elsewhere.
    assert node.host_id == entered["rack-1"] and node.agent_status in ("not_register", "not_installed")
    hosts = hss.list_host_status(ListHostStatusRequest(agent_status="not_installed")).data_list
    assert {host.host_name: host.host_id for host in hosts} == entered
    (host,) = hss.list_host_status(ListHostStatusRequest(label="env=prod")).data_list
    assert (host.host_name, host.labels) == ("rack-1", ["env=prod"])
    for status in ("installing", "install_failed"):
        assert hss.list_host_status(ListHostStatusRequest(agent_status=status)).total_num == 0
    counts = hss.show_container_node_statistics(ShowContainerNodeStatisticsRequest())
    assert counts.not_cluster_node_not_installed_num == 1
