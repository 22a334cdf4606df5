"""What the lists say equals what the machine's own tools say, row for row."""
import pathlib
import subprocess
import time

import pytest
from huaweicloudsdkhss.v5 import RunHostAssetManualCollectRequest

from kinds import KINDS, every_row

BY_NAME = {kind.name: kind for kind in KINDS}


def tool(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_accounts_equal_getent(hss):
    expected = {}
    for line in tool("getent", "passwd").splitlines():
        name, _, _, gid, _, home, shell = line.split(":")
        expected[name] = (home, shell)
    rows = every_row(BY_NAME["users"], hss)
    assert {row.user_name: (row.user_home_dir or "", row.shell or "") for row in rows} == expected
    root = next(row for row in rows if row.user_name == "root")
    assert root.root_permission is True
    nobody = next(row for row in rows if row.user_name == "nobody")
    assert nobody.root_permission is False and nobody.login_permission is False


def test_groups_of_accounts_equal_getent(hss):
    groups = {line.split(":")[2]: line.split(":")[0] for line in tool("getent", "group").splitlines()}
    expected = {line.split(":")[0]: groups.get(line.split(":")[3], "") for line in tool("getent", "passwd").splitlines()}
    assert {row.user_name: row.user_group_name or "" for row in every_row(BY_NAME["users"], hss)} == expected


def test_packages_equal_dpkg_query(hss):
    listing = tool("dpkg-query", "-W", "-f", "${db:Status-Status}\t${Package}\t${Version}\n")
    expected = sorted(tuple(line.split("\t")[1:]) for line in listing.splitlines() if line.startswith("installed\t"))
    rows = [row for row in every_row(BY_NAME["app"], hss)]
    assert sorted((row.app_name, row.version) for row in rows) == expected
    assert all(row.update_time > 10**12 for row in rows), "times are milliseconds"


def test_a_process_started_now_is_found_with_its_truth(hss):
    sleeper = subprocess.Popen(["/bin/sleep", "86399"])
    try:
        path = str(pathlib.Path(f"/proc/{sleeper.pid}/exe").resolve())
        found = wait_for(lambda: [
            row for row in BY_NAME["process"].rows(hss, path=path, limit=200).data_list if row.process_pid == sleeper.pid
        ])
        (row,) = found
        assert row.launch_params.endswith("86399")
        digest = tool("sha256sum", path).split()[0]
        assert row.hash == digest
        assert abs(row.launch_time - time.time() * 1000) < 120_000
    finally:
        sleeper.kill()
        sleeper.wait()


def test_a_listener_opened_now_is_found_with_its_owner(hss):
    import os
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        (row,) = wait_for(lambda: BY_NAME["port"].rows(hss, port=port).data_list)
        assert (row.pid, row.type, row.laddr) == (os.getpid(), "TCP", "127.0.0.1")


def test_listeners_equal_ss(hss):
    listing = tool("ss", "-H", "-ltn")
    expected = {line.split()[3].rsplit(":", 1)[1] for line in listing.splitlines()}
    listed = set()
    for group in BY_NAME["port"].count(hss, limit=200).data_list:
        if group.type.startswith("TCP"):
            listed.add(str(group.port))
    assert expected <= listed or wait_for(
        lambda: expected <= {str(group.port) for group in BY_NAME["port"].count(hss, limit=200).data_list}
    )


def test_a_manual_collection_is_a_real_sweep(hss, host_id):
    from huaweicloudsdkhss.v5 import ShowHostAssetManualCollectStatusRequest

    hss.run_host_asset_manual_collect(RunHostAssetManualCollectRequest(type="web-site", host_id=host_id))
    status = wait_for(lambda: [
        answer for answer in [hss.show_host_asset_manual_collect_status(
            ShowHostAssetManualCollectStatusRequest(type="web-site", host_id=host_id))]
        if answer.scan_status == "scanned"
    ])
    assert status


@pytest.fixture(scope="module")
def host_id(hss):
    return BY_NAME["users"].rows(hss, user_name="root").data_list[0].host_id


def wait_for(look, seconds=90):
    """The result of `look` once it is true; ports and processes are swept every 30 seconds."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "not found in time"
        time.sleep(0.5)
