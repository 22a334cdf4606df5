"""Clients of the running server. The server itself is started by `conformance/run`."""
import json
import os
import pathlib
import time

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkhss.v5 import HssClient, ShowAssetStatisticRequest

HTTP_CONFIG = HttpConfig.get_default_config()


@pytest.fixture(scope="session")
def endpoint():
    return os.environ["MUSTER_ENDPOINT"]


@pytest.fixture(scope="session")
def credentials():
    folder = pathlib.Path(os.environ["MUSTER_DATA"])
    return json.loads((folder / "credentials.json").read_text())


@pytest.fixture(scope="session")
def basic(credentials):
    return BasicCredentials(credentials["access_key"], credentials["secret_key"], credentials["project_id"])


@pytest.fixture(scope="session")
def globally(credentials):
    return GlobalCredentials(credentials["access_key"], credentials["secret_key"], credentials["domain_id"])


@pytest.fixture(scope="session")
def hss(basic, endpoint):
    """The published client, given only our endpoint and credentials."""
    client = HssClient.new_builder().with_credentials(basic).with_endpoint(endpoint).build()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if client.show_asset_statistic(ShowAssetStatisticRequest(category="host")).process_num:
            return client
        time.sleep(0.5)
    pytest.fail("the server has not swept its own host within a minute")
