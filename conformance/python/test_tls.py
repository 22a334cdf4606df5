"""TLS of the server, judged by testssl.sh: what it finds wanting is listed here with its reason, and nothing else may be."""
import json
import os
import shutil
import subprocess
import urllib.parse

import pytest

# Found wanting, and why it stays so.
KNOWN = {
    "cert_revocation": "the CA is the installation's own: clients are given it, and its one certificate is replaced",
    "DNS_CAArecord": "there is no name in the DNS",
    "HSTS": "a header about all ports of a name is its owner's to set, and says nothing to clients of an API",
    "security_headers": "they are for pages: the ones that are served have them",
    "sessionresumption_ticket": "its client may leave before the tickets of TLS 1.3 come, and then has none to show",
    "engine_problem": "about the openssl that testssl.sh was started with",
}
# Whatever else is found, these must be.
WANTED = {
    "SSLv2": "not offered",
    "SSLv3": "not offered",
    "TLS1": "not offered",
    "TLS1_1": "not offered",
    "TLS1_2": "offered",
    "TLS1_3": "offered",
    "cert_chain_of_trust": "passed",
    "cert_trust": "Ok",
}


@pytest.mark.skipif(not shutil.which("testssl"), reason="testssl.sh is not installed")
def test_nothing_is_found_wanting_but_what_is_known(tmp_path):
    env = json.loads(os.environ["MUSTER_TLS_ENVIRONMENT"])
    address = urllib.parse.urlsplit(env["MUSTER_ENDPOINT"]).netloc
    found = tmp_path / "found.json"
    # Protocols, ciphers and their order, forward secrecy, the certificate, headers, known attacks.
    command = ["testssl", "--quiet", "--color", "0", "--warnings", "batch", "--add-ca", env["MUSTER_CA"]]
    command += ["-p", "-s", "-P", "-f", "-S", "-h", "-U", "--jsonfile", str(found), address]
    subprocess.run(command, timeout=900, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    found = json.loads(found.read_text())
    wanting = {it["id"]: f"{it['severity']}: {it['finding']}" for it in found if it["severity"] not in ("OK", "INFO")}
    assert {name: text for name, text in wanting.items() if name not in KNOWN} == {}
    said = {it["id"].split(" ")[0]: it["finding"] for it in found}
    for name, begins in WANTED.items():
        assert said.get(name, "").startswith(begins), (name, said.get(name))
    # Every cipher is one with forward secrecy and authenticated encryption.
    ciphers = [it["finding"] for it in found if it["id"].startswith("cipherlist_")]
    assert ciphers and all(it["severity"] in ("OK", "INFO") for it in found if it["id"].startswith("cipherlist_"))
