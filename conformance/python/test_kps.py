"""The whole life of key pairs with the published KPS client, on a real SSH server."""
import io
import os
import subprocess
import time
import zipfile

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkhss.v5 import ListHostStatusRequest
from huaweicloudsdkkps import v3 as kps

DEFAULT = kps.Encryption(type="default")


@pytest.fixture(scope="module")
def client(basic, endpoint):
    return kps.KpsClient.new_builder().with_credentials(basic).with_endpoint(endpoint).build()


@pytest.fixture(scope="module")
def host(hss):
    """This machine, as the agent reported it."""
    if "MUSTER_SSH_PORT" not in os.environ:
        pytest.skip("no SSH server can run here: " + os.environ.get("MUSTER_SSH_WHY", "not started"))
    return hss.list_host_status(ListHostStatusRequest()).data_list[0].host_id


def create(client, name, **more):
    action = kps.CreateKeypairAction(name=name, **more)
    body = kps.CreateKeypairRequestBody(keypair=action)
    return client.create_keypair(kps.CreateKeypairRequest(body=body)).keypair


def export(client, name):
    bean = kps.KeypairBean(name=name)
    body = kps.ExportPrivateKeyRequestBody(keypair=bean)
    return client.export_private_key(kps.ExportPrivateKeyRequest(body=body)).keypair.private_key


def detail(client, name):
    return client.list_keypair_detail(kps.ListKeypairDetailRequest(keypair_name=name)).keypair


def delete(client, name):
    client.delete_keypair(kps.DeleteKeypairRequest(keypair_name=name))


def refused(call):
    with pytest.raises(ClientRequestException) as error:
        call()
    return error.value.status_code, error.value.error_code, error.value.error_msg


def keygen(folder, name, *arguments):
    """A foreign pair: private key, public key."""
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-C", name, "-f", folder / name, *arguments], check=True)
    return (folder / name).read_text(), (folder / f"{name}.pub").read_text()


def listed(line):
    """The fingerprint that `ssh-keygen -l` prints."""
    done = subprocess.run(["ssh-keygen", "-l", "-E", "md5", "-f", "-"], input=line, capture_output=True, text=True, check=True)
    return done.stdout.split()[1].removeprefix("MD5:")


def logs_in(folder, private_key):
    """Whether OpenSSH's client gets in by a private key."""
    key = folder / "login"
    key.unlink(missing_ok=True)
    key.touch(0o600)
    key.write_text(private_key)
    done = subprocess.run(
        ["ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
         "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-i", key, "-p", os.environ["MUSTER_SSH_PORT"],
         "-l", os.environ["MUSTER_SSH_ACCOUNT"], os.environ["MUSTER_SSH_ADDRESS"], "echo in"],
        capture_output=True, text=True)
    return done.stdout == "in\n"


def ended(client, task):
    """The state a task ends in."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        status = client.list_keypair_task(kps.ListKeypairTaskRequest(task_id=task)).task_status
        if status.startswith(("SUCCESS", "FAILED")):
            return status
        time.sleep(0.2)
    pytest.fail("the task does not end")


def associate(client, host, name, auth=None):
    server = kps.EcsServerInfo(id=host, auth=auth, port=int(os.environ["MUSTER_SSH_PORT"]))
    body = kps.AssociateKeypairRequestBody(keypair_name=name, server=server)
    ordered = client.associate_keypair(kps.AssociateKeypairRequest(body=body))
    assert (ordered.status, ordered.server_id) == ("SUCCESS", host)
    return ended(client, ordered.task_id)


def password():
    return kps.Auth(type="password", key=os.environ["MUSTER_SSH_PASSWORD"])


def test_create_show_describe_export_clear_delete(client, tmp_path):
    made = create(client, "py-made", scope="domain", key_protection=kps.KeyProtection(encryption=DEFAULT))
    assert made.private_key.startswith("-----BEGIN RSA PRIVATE KEY-----") and made.public_key.startswith("ssh-rsa ")
    assert made.fingerprint == listed(made.public_key)
    shown = detail(client, "py-made")
    assert (shown.type, shown.scope, shown.is_key_protection, shown.frozen_state) == ("ssh", "domain", True, 0)
    assert abs(shown.create_time / 1000 - time.time()) < 600
    described = kps.UpdateKeypairDescriptionReq(description="for the tests")
    client.update_keypair_description(kps.UpdateKeypairDescriptionRequest(
        keypair_name="py-made", body=kps.UpdateKeypairDescriptionRequestBody(keypair=described)))
    assert detail(client, "py-made").description == "for the tests"
    assert export(client, "py-made") == made.private_key
    client.clear_private_key(kps.ClearPrivateKeyRequest(keypair_name="py-made"))
    status, code, message = refused(lambda: export(client, "py-made"))
    assert (status, code) == (400, "KPS.6005") and "keypair.name" in message
    # Only the key that fits comes back.
    other = keygen(tmp_path, "other", "-t", "rsa", "-b", "2048", "-m", "PEM")[0]
    keep = lambda key: client.import_private_key(kps.ImportPrivateKeyRequest(body=kps.ImportPrivateKeyRequestBody(
        keypair=kps.ImportPrivateKeyKeypairBean(name="py-made", key_protection=kps.ImportPrivateKeyProtection(
            private_key=key, encryption=DEFAULT)))))
    assert refused(lambda: keep(other))[:2] == (400, "KPS.6011")
    keep(made.private_key)
    assert export(client, "py-made") == made.private_key
    delete(client, "py-made")
    assert refused(lambda: detail(client, "py-made"))[0] == 404


def test_pages_and_batches(client, tmp_path):
    names = [f"py-batch-{n}" for n in range(3)]
    actions = []
    for name in names[:2]:
        private, public = keygen(tmp_path, name, "-t", "ed25519")
        protection = kps.KeyProtection(private_key=private, encryption=DEFAULT)
        actions.append(kps.CreateKeypairRequestBody(keypair=kps.CreateKeypairAction(
            name=name, public_key=public, key_protection=protection)))
    actions.append(kps.CreateKeypairRequestBody(keypair=kps.CreateKeypairAction(name=names[2], public_key="no key")))
    imported = client.batch_import_keypair(kps.BatchImportKeypairRequest(body=actions))
    assert [row.keypair.name for row in imported.succeeded_keypairs] == names[:2]
    assert [row.keypair_name for row in imported.failed_keypairs] == names[2:]
    assert "public_key" in imported.failed_keypairs[0].failed_reason

    found, marker = [], None
    while True:
        page = client.list_keypairs(kps.ListKeypairsRequest(limit="1", marker=marker))
        found += [row.keypair.name for row in page.keypairs]
        marker = page.page_info.next_marker
        if not marker:
            break
    assert [name for name in found if name.startswith("py-batch-")] == names[:2]

    beans = [kps.ExportPrivateKeyRequestBody(keypair=kps.KeypairBean(name=name)) for name in names[:2]]
    out = client.batch_export_private_key(kps.BatchExportPrivateKeyRequest(body=beans))
    with zipfile.ZipFile(io.BytesIO(out.raw_content)) as archive:
        keys = {name: archive.read(name).decode() for name in archive.namelist()}
    assert len(keys) == 2
    for name in names[:2]:
        assert any(key.strip() == (tmp_path / name).read_text().strip() for key in keys.values())
        delete(client, name)


def test_imported_in_every_form_and_bound_one_after_the_other(client, host, tmp_path):
    forms = {
        "openssh-ed25519": ("-t", "ed25519"),
        "openssh-ecdsa": ("-t", "ecdsa", "-b", "384"),
        "pkcs1": ("-t", "rsa", "-b", "4096", "-m", "PEM"),
        "sec1": ("-t", "ecdsa", "-b", "256", "-m", "PEM"),
        "pkcs8": ("-t", "rsa", "-b", "2048", "-m", "PKCS8"),
    }
    before = None
    for name, arguments in forms.items():
        private, public = keygen(tmp_path, name, *arguments)
        create(client, f"py-{name}", public_key=public,
               key_protection=kps.KeyProtection(private_key=private, encryption=DEFAULT))
        # The first by password; then the kept key of the pair before lets in, and is replaced.
        assert associate(client, host, f"py-{name}", None if before else password()) == "SUCCESS_RESET"
        assert logs_in(tmp_path, export(client, f"py-{name}"))
        assert not before or not logs_in(tmp_path, before)
        before = private
    server = kps.DisassociateEcsServerInfo(id=host)
    body = kps.DisassociateKeypairRequestBody(server=server)
    # This call has no port on the wire: the one the pair was bound over counts.
    task = client.disassociate_keypair(kps.DisassociateKeypairRequest(body=body)).task_id
    assert ended(client, task) == "SUCCESS_UNBIND"
    assert not logs_in(tmp_path, before)
    for name in forms:
        delete(client, f"py-{name}")


def test_replaced_by_its_private_key_and_what_fails(client, host, tmp_path):
    first = create(client, "py-first")
    create(client, "py-second", key_protection=kps.KeyProtection(encryption=DEFAULT))
    assert associate(client, host, "py-first", password()) == "SUCCESS_RESET"
    wrong = kps.Auth(type="password", key="wrong")
    assert associate(client, host, "py-second", wrong) == "FAILED_RESET"
    assert logs_in(tmp_path, first.private_key)
    failed = client.list_failed_task(kps.ListFailedTaskRequest(limit=10, offset=0))
    assert failed.total == len(failed.tasks) == 1
    row = failed.tasks[0]
    assert (row.operate_type, row.keypair_name, row.server_id) == ("FAILED_RESET", "py-second", host)
    assert row.task_error_code == "KPS.9003" and "credential" in row.task_error_msg
    client.delete_failed_task(kps.DeleteFailedTaskRequest(task_id=row.task_id))
    client.delete_all_failed_task(kps.DeleteAllFailedTaskRequest())
    assert client.list_failed_task(kps.ListFailedTaskRequest()).tasks == []
    assert client.list_running_task(kps.ListRunningTaskRequest()).tasks == []

    given = kps.Auth(type="keypair", key=first.private_key)
    assert associate(client, host, "py-second", given) == "SUCCESS_REPLACE"
    assert not logs_in(tmp_path, first.private_key)
    assert logs_in(tmp_path, export(client, "py-second"))
    server = kps.DisassociateEcsServerInfo(id=host, auth=password())
    body = kps.DisassociateKeypairRequestBody(server=server)
    task = client.disassociate_keypair(kps.DisassociateKeypairRequest(body=body)).task_id
    assert ended(client, task) == "SUCCESS_UNBIND"
    for name in ("py-first", "py-second"):
        delete(client, name)
