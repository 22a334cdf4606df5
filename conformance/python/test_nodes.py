"""Container nodes through the older CGS client and the HSS one: one handler serves both."""
import pytest
from huaweicloudsdkcgs.v5 import CgsClient, ListContainerNodesRequest as CgsNodes
from huaweicloudsdkhss.v5 import ListContainerNodesRequest, ListHostStatusRequest


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
