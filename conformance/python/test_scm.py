"""The whole life of certificates with the published SCM client, and envelopes opened by an independent SM2."""

import base64
import os
import pathlib
import subprocess

import gmalg
import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkscm import v3 as scm

SM2_ID = "distid:1234567812345678"


@pytest.fixture(scope="module")
def client(globally, endpoint):
    return scm.ScmClient.new_builder().with_credentials(globally).with_endpoint(endpoint).build()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A root and a leaf made by openssl."""
    folder = tmp_path_factory.mktemp("certificates")
    openssl(folder, "req -new -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj /CN=root")
    openssl(folder, "req -new -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=a.example")
    (folder / "ext").write_text("subjectAltName=DNS:a.example,DNS:b.example\n")
    openssl(folder, "x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 20 -extfile ext -out leaf.pem")
    return folder


def openssl(folder, line):
    done = subprocess.run(["openssl", *line.split()], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_show_list_export_delete(client, made):
    text = lambda name: (made / name).read_text()
    body = scm.ImportCertificateRequestBody(
        name="conformance-1", certificate=text("leaf.pem"), certificate_chain=text("root.pem"), private_key=text("leaf.key"))
    certificate_id = client.import_certificate(scm.ImportCertificateRequest(body=body)).certificate_id
    assert len(certificate_id) == 16 and certificate_id.startswith("scs")
    shown = client.show_certificate(scm.ShowCertificateRequest(certificate_id=certificate_id))
    assert (shown.status, shown.domain, shown.sans) == ("UPLOAD", "a.example", "b.example")
    listed = client.list_certificates(scm.ListCertificatesRequest(content="conformance-1", limit=50))
    assert listed.total_count == 1 and listed.certificates[0].id == certificate_id
    out = client.export_certificate(scm.ExportCertificateRequest(certificate_id=certificate_id))
    assert out.certificate == text("leaf.pem") and out.certificate_chain == text("root.pem")
    assert out.private_key == text("leaf.key")
    assert out.entire_certificate == text("leaf.pem") + text("root.pem")
    assert out.enc_certificate is None and out.enc_private_key is None
    client.delete_certificate(scm.DeleteCertificateRequest(certificate_id=certificate_id))
    with pytest.raises(ClientRequestException) as gone:
        client.export_certificate(scm.ExportCertificateRequest(certificate_id=certificate_id))
    assert (gone.value.status_code, gone.value.error_code) == (404, "SCM.0020")


def test_a_refusal_names_the_fault(client, made):
    text = lambda name: (made / name).read_text()
    body = scm.ImportCertificateRequestBody(name="conformance-2", certificate=text("leaf.pem"), private_key=text("root.key"))
    with pytest.raises(ClientRequestException) as refused:
        client.import_certificate(scm.ImportCertificateRequest(body=body))
    assert (refused.value.status_code, refused.value.error_code) == (400, "SCM.0014")
    assert "does not match" in refused.value.error_msg and refused.value.request_id


def test_tags_and_notices(client, made):
    text = lambda name: (made / name).read_text()
    body = scm.ImportCertificateRequestBody(name="conformance-3", certificate=text("leaf.pem"), private_key=text("leaf.key"))
    certificate_id = client.import_certificate(scm.ImportCertificateRequest(body=body)).certificate_id
    tag = scm.ScsResourceTag(key="team", value="a")
    client.create_certificate_tag(scm.CreateCertificateTagRequest(
        resource_id=certificate_id, body=scm.CreateCertificateTagRequestBody(tag=tag)))
    found = client.list_tags_by_certificate(scm.ListTagsByCertificateRequest(resource_id=certificate_id)).tags
    assert [(tag.key, tag.value) for tag in found] == [("team", "a")]
    search = scm.ListCertificatesByTagRequestBody(tags=[scm.ScsTag(key="team", values=["a"])], action="filter")
    found = client.list_certificates_by_tag(scm.ListCertificatesByTagRequest(
        resource_instances="resource_instances", body=search))
    assert found.total_count == 1 and found.resources[0].resource_id == certificate_id
    notice = scm.NoticeRequestBody(resource_id=certificate_id, notice_type=["CERT_EXPIRING", "CERT_EXPIRED"])
    client.enable_notification(scm.EnableNotificationRequest(body=[notice]))
    client.disable_notification(scm.DisableNotificationRequest(body=[notice]))
    client.delete_certificate(scm.DeleteCertificateRequest(certificate_id=certificate_id))


def ordered(client, brand="GEOTRUST"):
    body = scm.PurchaseCertificateRequestBody(
        cert_brand=brand, cert_type="DV_SSL_CERT", domain_type="SINGLE_DOMAIN", effective_time=1, domain_numbers=1,
        order_number=1, agree_privacy_protection=True)
    order = client.subscribe_certificate(scm.SubscribeCertificateRequest(body=body))
    return order.cert[0].cert_id


def applied(client, certificate_id, **more):
    body = scm.ApplyCertificateRequestBody(
        domain="a.example", applicant_name="a", applicant_phone="13212345678", applicant_email="a@example.com",
        agree_privacy_protection=True, domain_method="DNS", **more)
    client.apply_certificate(scm.ApplyCertificateRequest(certificate_id=certificate_id, body=body))
    return client.export_certificate(scm.ExportCertificateRequest(certificate_id=certificate_id))


@pytest.mark.parametrize("algorithm", ["RSA_2048", "EC_P256", "EC_P384"])
def test_order_apply_export(client, tmp_path, algorithm):
    out = applied(client, ordered(client), key_algorithm=algorithm)
    (tmp_path / "it.pem").write_text(out.certificate)
    (tmp_path / "root.pem").write_text(out.certificate_chain)
    openssl(tmp_path, "verify -CAfile root.pem -purpose sslserver it.pem")


def test_a_certificate_is_put_where_a_program_reads_it(client, made, credentials):
    """The only place the operator configured is the target `web`, a folder."""
    folder = pathlib.Path(os.environ["MUSTER_PUSHED"])
    text = lambda name: (made / name).read_text()
    body = scm.ImportCertificateRequestBody(
        name="conformance-push", certificate=text("leaf.pem"), certificate_chain=text("root.pem"), private_key=text("leaf.key"))
    certificate_id = client.import_certificate(scm.ImportCertificateRequest(body=body)).certificate_id
    for file in folder.iterdir():
        file.unlink()
    push = lambda service: client.push_certificate(scm.PushCertificateRequest(
        certificate_id=certificate_id,
        body=scm.PushCertificateRequestBody(target_project=credentials["region"], target_service=service)))

    def lies_there():
        assert (folder / "fullchain.pem").read_text() == text("leaf.pem") + text("root.pem")
        assert (folder / "privkey.pem").read_text() == text("leaf.key")
        assert (folder / "privkey.pem").stat().st_mode & 0o777 == 0o600

    push("web")
    lies_there()
    with pytest.raises(ClientRequestException) as refused:
        push("CDN")
    assert refused.value.status_code == 400
    for file in folder.iterdir():
        file.unlink()
    batch = client.batch_push_certificate(scm.BatchPushCertificateRequest(
        certificate_id=certificate_id,
        body=scm.BatchPushCertificateRequestBody(target_projects=[credentials["region"]], target_service="web")))
    assert [result.message for result in batch.results] == ["success"]
    lies_there()
    for file in folder.iterdir():
        file.unlink()
    deployed = client.deploy_certificate(scm.DeployCertificateRequest(
        certificate_id=certificate_id,
        body=scm.DeployCertificateRequestBody(
            project_name=credentials["region"], service_name="HOST", resources=[scm.DeployedResource(id="web"), scm.DeployedResource(id="other")])))
    assert [failure.resource for failure in deployed.failure_list] == ["other"]
    lies_there()
    where = client.list_deployed_resources(scm.ListDeployedResourcesRequest(
        body=scm.ListDeployedResourcesRequestBody(certificate_ids=[certificate_id], service_names=["ALL"])))
    assert where.results[0].certificate_id == certificate_id and "web" in str(where.results[0])
    client.delete_certificate(scm.DeleteCertificateRequest(certificate_id=certificate_id))


def test_requests(client, tmp_path):
    body = scm.CreateCsrRequestBody(
        name="conformance-csr", domain_name="a.example", sans="b.example", private_key_algo="EC_P256", usage="PERSONAL")
    made = client.create_csr(scm.CreateCsrRequest(body=body))
    shown = client.show_csr(scm.ShowCsrRequest(id=made.id))
    (tmp_path / "it.csr").write_text(shown.csr)
    openssl(tmp_path, "req -in it.csr -noout -verify")
    key = client.show_csr_private_key(scm.ShowCsrPrivateKeyRequest(id=made.id)).private_key
    assert key.startswith("-----BEGIN EC PRIVATE KEY-----")
    listed = client.list_csr(scm.ListCsrRequest(name="conformance"))
    assert listed.total >= 1 and listed.csr_list[0].create_time > 1_600_000_000_000
    client.delete_csr(scm.DeleteCsrRequest(id=made.id))


def test_an_envelope_is_opened_by_another_sm2(client, tmp_path):
    openssl(tmp_path, "genpkey -algorithm SM2 -out own.key")
    openssl(tmp_path, f"req -new -sm3 -sigopt {SM2_ID} -key own.key -subj /CN=a.example -out own.csr")
    out = applied(client, ordered(client, "CFCA"), csr=(tmp_path / "own.csr").read_text())
    assert out.private_key is None
    der = base64.b64decode(out.enc_private_key, validate=True)
    _, cipher, public, private = values(contents(der))
    x, y, digest, text = values(cipher[1])
    own = number(openssl(tmp_path, "pkey -in own.key -noout -text"))
    coordinates = b"".join(part[1].lstrip(b"\0").rjust(32, b"\0") for part in (x, y))
    opened = gmalg.SM2(own).decrypt(b"\x04" + coordinates + digest[1] + text[1])
    assert len(opened) == 16
    sm4, blocks = gmalg.SM4(opened), private[1][1:]
    secret = b"".join(sm4.decrypt(blocks[at : at + 16]) for at in range(0, len(blocks), 16))
    assert len(secret) == 32
    # The point of the number stands in the envelope and in the certificate.
    (tmp_path / "enc.pem").write_text(out.enc_certificate)
    point = public[1][1:]
    info = openssl(tmp_path, "x509 -in enc.pem -noout -pubkey")
    assert base64.b64decode("".join(info.splitlines()[1:-1]))[-65:] == point
    signature = gmalg.SM2(secret, b"1234567812345678", point).sign(b"proof")
    assert gmalg.SM2(None, b"1234567812345678", point).verify(b"proof", *signature)


@pytest.mark.parametrize("written", ["base64", "der", "pem"])
def test_an_envelope_of_another_sm2_is_opened(tmp_path, written):
    """The other way round: gmalg makes the keys and the envelope, the binary opens it."""
    (signing, to), (secret, point) = (gmalg.SM2().generate_keypair() for _ in range(2))
    key = os.urandom(16)
    sealed = gmalg.SM2(pk=to).encrypt(key)
    sm4 = gmalg.SM4(key)
    private = b"".join(sm4.encrypt(secret[at : at + 16]) for at in (0, 16))

    def envelope(sealed):
        x, y, digest, text = sealed[1:33], sealed[33:65], sealed[65:97], sealed[97:]
        return der(0x30, der(0x30, bytes.fromhex("06082a811ccf55016801")),
                   der(0x30, integer(x), integer(y), der(4, digest), der(4, text)),
                   der(3, b"\0" + point), der(3, b"\0" + private))

    # The signing key as SEC 1: openssl makes PKCS#8 of it.
    sec1 = der(0x30, integer(b"\1"), der(4, signing), der(0xA0, bytes.fromhex("06082a811ccf5501822d")), der(0xA1, der(3, b"\0" + to)))
    (tmp_path / "sign.der").write_bytes(sec1)
    openssl(tmp_path, "pkey -inform DER -in sign.der -out sign.key")

    def unwrapped(content):
        text = base64.b64encode(content)
        armour = b"-----BEGIN ENVELOPE-----\n" + text + b"\n-----END ENVELOPE-----\n"
        (tmp_path / "envelope").write_bytes({"base64": text, "der": content, "pem": armour}[written])
        return subprocess.run([os.environ["MUSTER_BINARY"], "cert", "unwrap", "envelope", "--key", "sign.key"],
                              cwd=tmp_path, capture_output=True, text=True)

    opened = unwrapped(envelope(sealed))
    assert opened.returncode == 0, opened.stderr
    (tmp_path / "enc.key").write_text(opened.stdout)
    assert number(openssl(tmp_path, "pkey -in enc.key -noout -text")) == secret
    for at in (40, 80, 100):
        altered = bytearray(sealed)
        altered[at] ^= 1
        assert unwrapped(envelope(bytes(altered))).returncode != 0


def der(tag, *parts):
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(number):
    digits = number.lstrip(b"\0") or b"\0"
    return der(2, (b"\0" if digits[0] & 0x80 else b"") + digits)


def number(text):
    lines = text.split("priv:")[1].split("pub:")[0]
    return bytes.fromhex("".join(lines.replace(":", "").split())).lstrip(b"\0").rjust(32, b"\0")


def contents(der):
    return values(der)[0][1]


def values(der):
    """The DER values one after another: tag and content."""
    found = []
    while der:
        tag, length, at = der[0], der[1], 2
        if length & 0x80:
            at = 2 + (length & 0x7F)
            length = int.from_bytes(der[2:at], "big")
        found.append((tag, der[at : at + length]))
        der = der[at + length :]
    return found
