"""Tokens, access keys and discovery as the published clients use them."""
import base64
import json
import os
import re

import pytest
import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkcore.signer.algorithm import SigningAlgorithm
from huaweicloudsdkhss.v5 import HssClient, ListUsersRequest
from huaweicloudsdkhss.v5.region.hss_region import HssRegion
from huaweicloudsdkiam import v3 as iam
from huaweicloudsdkkps import v3 as kps


@pytest.fixture(scope="session")
def iam_client(globally, endpoint):
    return iam.IamClient.new_builder().with_credentials(globally).with_endpoint(endpoint).build()


def password_login(endpoint, credentials, **changes):
    login = dict(credentials, **changes)
    return requests.post(endpoint + "/v3/auth/tokens", json={"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": login["user_name"], "password": login["password"], "domain": {"name": login["domain_name"]}}}},
        "scope": {"project": {"name": login["project_name"]}}}})


def test_a_token_by_password_opens_the_lists(endpoint, credentials):
    answer = password_login(endpoint, credentials)
    assert answer.status_code == 201
    token = answer.headers["X-Subject-Token"]
    assert answer.json()["token"]["project"]["id"] == credentials["project_id"]
    listing = requests.get(f"{endpoint}/v5/{credentials['project_id']}/asset/users", headers={"X-Auth-Token": token},
                           params={"user_name": "root"})
    assert listing.status_code == 200 and listing.json()["total_num"] == 1


def test_a_wrong_password_is_refused_in_keystone_form(endpoint, credentials):
    answer = password_login(endpoint, credentials, password="not it")
    assert answer.status_code == 401
    assert answer.json()["error"]["title"] == "Unauthorized"


def test_no_credentials_no_answer(endpoint, credentials):
    answer = requests.get(f"{endpoint}/v5/{credentials['project_id']}/asset/users")
    assert answer.status_code == 401
    assert answer.json()["error_code"] == "APIGW.0301"
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"]


def test_a_foreign_project_does_not_exist(endpoint, credentials):
    token = password_login(endpoint, credentials).headers["X-Subject-Token"]
    answer = requests.get(f"{endpoint}/v5/{'0' * 32}/asset/users", headers={"X-Auth-Token": token})
    assert 400 <= answer.status_code < 500 and answer.json()["error_code"]


@pytest.mark.parametrize("algorithm", [
    SigningAlgorithm.HMAC_SHA256, SigningAlgorithm.HMAC_SM3, SigningAlgorithm.ECDSA_P256_SHA256, SigningAlgorithm.SM2_SM3,
], ids=lambda algorithm: algorithm.name)
def test_every_signing_algorithm_of_the_sdk(basic, endpoint, algorithm):
    config = HttpConfig.get_default_config()
    config.signing_algorithm = algorithm
    client = HssClient.new_builder().with_http_config(config).with_credentials(basic).with_endpoint(endpoint).build()
    assert client.list_users(ListUsersRequest(user_name="root", category="host")).total_num == 1


def test_discovery_by_region_needs_no_project_id(credentials):
    found = BasicCredentials(credentials["access_key"], credentials["secret_key"])
    client = HssClient.new_builder().with_credentials(found).with_region(HssRegion.value_of(credentials["region"])).build()
    assert client.list_users(ListUsersRequest(user_name="root", category="host")).total_num == 1


def test_over_tls_with_the_written_ca():
    env = json.loads(os.environ["MUSTER_TLS_ENVIRONMENT"])
    assert env["MUSTER_ENDPOINT"].startswith("https://")
    assert requests.get(env["MUSTER_ENDPOINT"] + "/healthz", verify=env["MUSTER_CA"]).status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        session = requests.Session()
        session.trust_env = False
        session.get(env["MUSTER_ENDPOINT"] + "/healthz")


def test_projects_domains_and_keys(iam_client, credentials):
    projects = iam_client.keystone_list_projects(iam.KeystoneListProjectsRequest()).projects
    assert credentials["project_id"] in [project.id for project in projects]
    domains = iam_client.keystone_list_auth_domains(iam.KeystoneListAuthDomainsRequest()).domains
    assert [domain.id for domain in domains] == [credentials["domain_id"]]


def test_the_catalogue_in_parts_and_the_rules_for_passwords(iam_client, endpoint, credentials):
    region = iam_client.keystone_list_regions(iam.KeystoneListRegionsRequest()).regions[0]
    assert iam_client.keystone_show_region(iam.KeystoneShowRegionRequest(region_id=region.id)).region == region
    services = iam_client.keystone_list_services(iam.KeystoneListServicesRequest(type="hss")).services
    assert [it.name for it in services] == ["hss"] and services[0].enabled
    found = iam_client.keystone_show_service(iam.KeystoneShowServiceRequest(service_id=services[0].id)).service
    assert found == services[0]
    ends = iam_client.keystone_list_endpoints(iam.KeystoneListEndpointsRequest(service_id=services[0].id)).endpoints
    assert [it.url for it in ends] == [endpoint + "/v5/$(tenant_id)s"] and ends[0].region_id == region.id
    shown = iam_client.keystone_show_endpoint(iam.KeystoneShowEndpointRequest(endpoint_id=ends[0].id)).endpoint
    assert shown == ends[0]
    rules = iam_client.keystone_show_security_compliance(
        iam.KeystoneShowSecurityComplianceRequest(domain_id=credentials["domain_id"])).config.security_compliance
    assert re.match(rules.password_regex, "long enough") and not re.match(rules.password_regex, "short")


def test_an_access_key_lives_and_dies(iam_client, basic, endpoint, credentials):
    keys = iam_client.list_permanent_access_keys(iam.ListPermanentAccessKeysRequest()).credentials
    assert credentials["access_key"] in [key.access for key in keys]
    option = iam.CreateCredentialOption(user_id=keys[0].user_id, description="made by a test")
    made = iam_client.create_permanent_access_key(iam.CreatePermanentAccessKeyRequest(
        body=iam.CreatePermanentAccessKeyRequestBody(credential=option))).credential
    try:
        client = HssClient.new_builder().with_endpoint(endpoint).with_credentials(
            BasicCredentials(made.access, made.secret, credentials["project_id"])).build()
        assert client.list_users(ListUsersRequest(user_name="root", category="host")).total_num == 1
        iam_client.update_permanent_access_key(iam.UpdatePermanentAccessKeyRequest(
            access_key=made.access, body=iam.UpdatePermanentAccessKeyRequestBody(
                credential=iam.UpdateCredentialOption(status="inactive"))))
        with pytest.raises(ClientRequestException) as caught:
            client.list_users(ListUsersRequest(user_name="root", category="host"))
        assert caught.value.status_code == 401
    finally:
        iam_client.delete_permanent_access_key(iam.DeletePermanentAccessKeyRequest(access_key=made.access))
    with pytest.raises(ClientRequestException) as caught:
        iam_client.show_permanent_access_key(iam.ShowPermanentAccessKeyRequest(access_key=made.access))
    assert caught.value.status_code == 404


def test_a_temporary_key_made_of_a_token_drives_the_clients(endpoint, credentials):
    token = password_login(endpoint, credentials).headers["X-Subject-Token"]
    permanent = BasicCredentials(credentials["access_key"], credentials["secret_key"], credentials["project_id"])
    client = iam.IamClient.new_builder().with_credentials(GlobalCredentials(
        credentials["access_key"], credentials["secret_key"], credentials["domain_id"])).with_endpoint(endpoint).build()
    made = client.create_temporary_access_key_by_token(iam.CreateTemporaryAccessKeyByTokenRequest(
        body=iam.CreateTemporaryAccessKeyByTokenRequestBody(auth=iam.TokenAuth(identity=iam.TokenAuthIdentity(
            methods=["token"], token=iam.IdentityToken(id=token, duration_seconds=900)))))).credential
    assert made.access != permanent.ak and made.expires_at.endswith("Z")
    temporary = BasicCredentials(made.access, made.secret, credentials["project_id"]).with_security_token(made.securitytoken)
    client = HssClient.new_builder().with_credentials(temporary).with_endpoint(endpoint).build()
    assert client.list_users(ListUsersRequest(user_name="root", category="host")).total_num == 1
    forged = BasicCredentials(made.access, made.secret, credentials["project_id"]).with_security_token(made.securitytoken[:-8])
    client = HssClient.new_builder().with_credentials(forged).with_endpoint(endpoint).build()
    with pytest.raises(ClientRequestException) as refused:
        client.list_users(ListUsersRequest(category="host"))
    assert refused.value.status_code == 401


def test_an_agency_is_assumed_by_the_clients(iam_client, endpoint, credentials):
    """An account lends itself a reader: who acts as it reads, exports no secret, and ends with the agency."""
    login = password_login(endpoint, credentials)
    headers = {"X-Auth-Token": login.headers["X-Subject-Token"]}

    def ask(verb, path, body=None):
        answer = requests.request(verb, endpoint + path, headers=headers, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    name, readers = "readers-of-a-test", "muster00000000000000000000readonly"
    made = ask("POST", "/v3.0/OS-AGENCY/agencies", {"agency": {
        "name": name, "domain_id": credentials["domain_id"], "trust_domain_name": credentials["domain_name"],
        "duration": "FOREVER", "description": "made by a test"}})["agency"]
    path = f"/v3.0/OS-AGENCY/agencies/{made['id']}"
    try:
        ask("PUT", f"/v3.0/OS-AGENCY/projects/{credentials['project_id']}/agencies/{made['id']}/roles/{readers}")
        role = dict(agency_name=name, domain_name=credentials["domain_name"])
        token = iam_client.keystone_create_agency_token(iam.KeystoneCreateAgencyTokenRequest(
            body=iam.KeystoneCreateAgencyTokenRequestBody(auth=iam.AgencyTokenAuth(
                identity=iam.AgencyTokenIdentity(methods=["assume_role"], assume_role=iam.AgencyTokenAssumerole(**role)),
                scope=iam.AgencyTokenScope(project=iam.AgencyTokenScopeProject(id=credentials["project_id"]))))))
        assert token.token.assumed_by.user.id == login.json()["token"]["user"]["id"] and token.token.user.name.endswith("/" + name)
        listing = requests.get(f"{endpoint}/v5/{credentials['project_id']}/asset/users",
                               headers={"X-Auth-Token": token.x_subject_token}, params={"user_name": "root"})
        assert listing.status_code == 200 and listing.json()["total_num"] == 1
        key = iam_client.create_temporary_access_key_by_agency(iam.CreateTemporaryAccessKeyByAgencyRequest(
            body=iam.CreateTemporaryAccessKeyByAgencyRequestBody(auth=iam.AgencyAuth(identity=iam.AgencyAuthIdentity(
                methods=["assume_role"], assume_role=iam.IdentityAssumerole(duration_seconds=900, **role)))))).credential
        acting = BasicCredentials(key.access, key.secret, credentials["project_id"]).with_security_token(key.securitytoken)
        hss = HssClient.new_builder().with_credentials(acting).with_endpoint(endpoint).build()
        assert hss.list_users(ListUsersRequest(user_name="root", category="host")).total_num == 1
        refused = requests.post(f"{endpoint}/v3/{credentials['project_id']}/keypairs",
                                headers={"X-Auth-Token": token.x_subject_token}, json={"keypair": {"name": "no"}})
        assert refused.status_code == 403 and "kps:keypair:create" in refused.text
        pairs = kps.KpsClient.new_builder().with_credentials(acting).with_endpoint(endpoint).build()
        with pytest.raises(ClientRequestException) as named:
            pairs.create_keypair(kps.CreateKeypairRequest(body=kps.CreateKeypairRequestBody(
                keypair=kps.CreateKeypairAction(name="no"))))
        assert named.value.status_code == 403 and named.value.error_code == "KPS.9003"
        missing = json.loads(base64.b64decode(named.value.encoded_auth_msg))
        assert missing == {"action": "kps:keypair:create", "allowed": False}
    finally:
        ask("DELETE", path)
    with pytest.raises(ClientRequestException) as ended:
        hss.list_users(ListUsersRequest(category="host"))
    assert ended.value.status_code == 401
