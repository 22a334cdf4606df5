"""Each real service of the small world is found with its version, path, pid, port, site and certificate."""
import json
import os
import pathlib
import subprocess

import pytest
from huaweicloudsdkhss import v5

from kinds import KINDS
from test_truth import wait_for

BY_NAME = {kind.name: kind for kind in KINDS}


@pytest.fixture(scope="module")
def world():
    return json.loads((pathlib.Path(os.environ["MUSTER_WORLD"]) / "world.json").read_text())


def upstream_version(package):
    """The version without epoch and Debian revision."""
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], check=True, capture_output=True, text=True).stdout
    return version.split(":", 1)[-1].split("-")[0].split("+")[0]


def one(rows):
    (row,) = rows
    return row


def test_redis_is_a_database(hss, world):
    row = one(wait_for(lambda: [row for row in BY_NAME["database"].rows(hss, name="Redis").data_list if row.pid == world["redis_pid"]]))
    assert row.version.startswith(upstream_version("redis-server"))
    assert row.proc_path.startswith("/usr/bin/redis-")


def test_nginx_is_a_web_service(hss, world):
    rows = wait_for(lambda: [row for row in BY_NAME["web_service"].rows(hss, limit=200).data_list if row.pid == world["nginx_pid"]])
    row = one(rows)
    assert row.name.lower() == "nginx"
    assert row.version.startswith(upstream_version("nginx-light"))
    assert row.config_path == world["nginx_configuration"]


def test_the_site_carries_its_certificate(hss, world):
    row = one(wait_for(lambda: BY_NAME["web_site"].rows(hss, domain=world["domain"]).data_list))
    assert (row.port, row.is_https, row.bind_addr) == (world["nginx_port"], True, "127.0.0.1")
    assert row.path == world["site_root"]
    assert world["domain"] in row.cert_user and "Example Shop" in row.cert_user
    assert row.cert_issuer == row.cert_user
    assert row.pid == world["nginx_pid"]


def test_the_application_under_the_site_is_found(hss, world):
    rows = wait_for(lambda: [row for row in BY_NAME["web_cms"].rows(hss, name="WordPress").data_list if row.install_path == world["site_root"]])
    assert one(rows).version == "6.1.9"


def test_the_jar_within_the_jar_knows_its_process(hss, world):
    row = one(wait_for(lambda: [
        row for row in BY_NAME["jar_package"].rows(hss, file_name="spring-core-5.3.30.jar").data_list
        if row.package_path == world["outer_jar"]]))
    assert (row.version, row.is_embedded, row.pid, row.file_type) == ("5.3.30", 1, world["java_pid"], "jar")
    outer = one([row for row in BY_NAME["jar_package"].rows(hss, file_name="shop-1.4.2.jar").data_list if row.path == world["outer_jar"]])
    assert outer.hash == subprocess.run(["sha256sum", world["outer_jar"]], check=True, capture_output=True, text=True).stdout.split()[0]


def test_the_framework_in_it_is_named(hss, world):
    names = wait_for(lambda: [
        row for group in BY_NAME["web_framework"].count(hss, limit=200).data_list
        for row in BY_NAME["web_framework"].rows(hss, file_name=group.file_name).data_list
        if row.pid == world["java_pid"]])
    assert any("spring" in row.name.lower() and row.version == "5.3.30" for row in names)


def test_ports_lead_to_their_processes(hss, world):
    for port, pid in ((world["nginx_port"], world["nginx_pid"]), (world["redis_port"], world["redis_pid"])):
        row = one(wait_for(lambda: hss.list_port_host(v5.ListPortHostRequest(category="host", port=port)).data_list))
        assert (row.pid, row.laddr, row.type) == (pid, "127.0.0.1", "TCP")
