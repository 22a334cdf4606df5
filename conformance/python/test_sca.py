"""The SCA open API as its reference describes it, walked by a Python program and by curl: all eleven calls, the
upload, the callback. Nothing here knows more of Muster than its endpoint and the key in credentials.json.
"""
import hashlib
import hmac
import http.server
import io
import json
import os
import pathlib
import queue
import subprocess
import threading
import time
import uuid
import zipfile

import pytest
import requests

MIRROR = pathlib.Path(__file__).resolve().parents[3] / "shared/advisories"
LOG4SHELL = {
    "id": "GHSA-jfh8-c2jp-5v3q",
    "aliases": ["CVE-2021-44228"],
    "summary": "Remote code injection in Log4j",
    "published": "2021-12-10T00:40:56Z",
    "modified": "2025-05-09T13:13:16Z",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:H"}],
    "affected": [{
        "package": {"ecosystem": "Maven", "name": "org.apache.logging.log4j:log4j-core"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.13.0"}, {"fixed": "2.15.0"}]}],
    }],
}


class Sca:
    """A client, written after the reference."""

    def __init__(self, endpoint, key, secret):
        self.base, self.key, self.secret = f"{endpoint}/gateway/sca/external/", key, secret

    def sign(self, parameters):
        known = {name: parameters[name] for name in sorted(parameters) if parameters[name] is not None}
        body = json.dumps(known, separators=(",", ":"), ensure_ascii=False).encode()
        return body, hmac.new(self.secret.encode(), body, hashlib.md5).hexdigest()

    def call(self, path, **parameters):
        body, signature = self.sign(parameters | {"timestamp": int(time.time() * 1000)})
        headers = {"Content-Type": "application/json", "accessKeyId": self.key, "signature": signature}
        answer = requests.post(self.base + path, data=body, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def data(self, path, **parameters):
        answer = self.call(path, **parameters)
        assert (answer["code"], answer["ok"]) == (0, True), answer
        return answer["data"]

    def upload(self, name, content):
        told = self.data("upload/url", fileName=name)
        signed = told["temporarySignature"]
        put = requests.put(signed["signedUrl"], data=content, headers=signed["actualSignedRequestHeaders"],
                           allow_redirects=False, timeout=60)
        assert put.status_code == 200, put.text
        return told["fileId"]

    def ended(self, task):
        deadline, last = time.monotonic() + 120, -1
        while time.monotonic() < deadline:
            status = self.data("task/status", taskId=task)
            percent = int(status["process"].removesuffix("%"))
            assert percent >= last, "progress only grows"
            last = percent
            if status["status"] in (2, 3):
                return status
            time.sleep(0.2)
        raise AssertionError("the task has not ended within two minutes")

    def pages(self, what, task, size=3, **more):
        """Every page of a list, one after the other."""
        records, current = [], 1
        while True:
            page = self.data(f"task/{what}/page", taskId=task, current=current, size=size, **more)
            assert (page["current"], page["size"]) == (current, size)
            records += page["records"]
            if len(page["records"]) < size:
                assert page["total"] == len(records)
                return records
            current += 1


@pytest.fixture(scope="module")
def sca(endpoint, credentials):
    return Sca(endpoint, credentials["sca_access_key_id"], credentials["sca_access_key_secret"])


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory):
    """Advisories on Java and Python packages and the licence lists, taken in beside the running server."""
    source = tmp_path_factory.mktemp("advisories")
    if MIRROR.exists():
        for name in ("Maven", "PyPI", "kev", "epss", "cwe", "cn", "licenses"):
            (source / name).symlink_to(MIRROR / name)
    else:
        (source / "Maven").mkdir()
        with zipfile.ZipFile(source / "Maven/all.zip", "w") as dump:
            dump.writestr("GHSA-jfh8-c2jp-5v3q.json", json.dumps(LOG4SHELL))
    data = pathlib.Path(os.environ["MUSTER_DATA"])
    server = data / "server" if (data / "server").exists() else data
    subprocess.run([os.environ["MUSTER_BINARY"], "db", "update", "--data-dir", server, "--source", source],
                   check=True, capture_output=True)


@pytest.fixture(scope="module")
def artifact():
    """What a build would hand in: a jar of Maven's making within a war, and an installed Python package."""
    jar = io.BytesIO()
    with zipfile.ZipFile(jar, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        archive.writestr("META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties",
                         "version=2.14.1\ngroupId=org.apache.logging.log4j\nartifactId=log4j-core\n")
    war = io.BytesIO()
    with zipfile.ZipFile(war, "w") as archive:
        archive.writestr("WEB-INF/lib/log4j-core-2.14.1.jar", jar.getvalue())
    whole = io.BytesIO()
    packages = pathlib.Path(requests.__file__).parents[1]
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("delivery/shop.war", war.getvalue())
        for file in sorted(packages.glob("requests*/**/*")):
            if file.is_file() and file.suffix != ".pyc":
                archive.write(file, f"delivery/site-packages/{file.relative_to(packages)}")
    return whole.getvalue()


@pytest.fixture
def receiver():
    """Somebody who wants to hear the end of tasks, and does not hear the first time."""
    told, answers = queue.Queue(), iter([503])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            told.put((dict((name.lower(), value) for name, value in self.headers.items()), body))
            self.send_response(next(answers, 200))
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/done", told
    server.shutdown()


def test_all_eleven_calls_and_the_callback(sca, knowledge, artifact, receiver):
    callback, told = receiver
    file = sca.upload("交付物.zip", artifact)
    task = f"python-{uuid.uuid4()}"
    order = dict(taskId=task, taskName="验收 <1/2>", fileId=file, callbackUrl=callback)
    assert sca.data("createTask", **order) == {"taskId": task}
    assert sca.data("createTask", **order) == {"taskId": task}, "the same again is the same task"
    status = sca.ended(task)
    assert (status["status"], status["process"]) == (2, "100%")
    assert len(status["startTime"]) == len("2026-01-01 08:00:00") and status["time"].isdigit()

    components = sca.pages("components", task)
    by_name = {row["artifactId"]: row for row in components}
    log4j = by_name["log4j-core"]
    assert (log4j["groupId"], log4j["version"], log4j["grade"], log4j["gradeDesc"]) == (
        "org.apache.logging.log4j", "2.14.1", "1", "超危")
    assert log4j["recommendVersion"].startswith("2.") and log4j["recommendVersion"] in log4j["compomentFixDetailVoList"][0]["desc"]
    assert by_name["requests"]["version"] == requests.__version__
    vulnerabilities = sca.pages("vulnerability", task)
    licences = sca.pages("license", task)
    assert sca.data("task/statistics", taskId=task) == {
        "componentNum": len(components), "vulNum": len(vulnerabilities), "licenseNum": len(licences)}

    detail = sca.data("task/component/detail", componentUuid=log4j["componentUuid"])
    assert (detail["language"], detail["jarInfoAddFrom"], detail["privatePublicStatus"]) == ("Java", "Java", 0)
    own = sca.pages("vulnerability", task, componentUuid=log4j["componentUuid"])
    shell = next(row for row in own if row["customCveNo"] == "CVE-2021-44228")
    assert shell["customSzNo"].startswith("SZ-2021-") and shell["grade"] == "1"
    known = sca.data("task/vulnerability/detail", customSzNo=shell["customSzNo"])
    assert known["cvss3"]["baseScore"] == "10.0" and known["isRepair"] == "1" and known["vulUseDifficulty"] == "1"
    if MIRROR.exists():
        assert known["customCnvdNo"].startswith("CNVD-") and known["utilization"] == "active"
        apache = next(row for row in licences if row["licenseId"] == "Apache-2.0")
        assert (apache["licenseName"], apache["grade"]) == ("Apache License 2.0", "3")
        text = sca.data("task/license/detail", licenseId="Apache-2.0")
        assert (text["osi"], text["fsf"], text["expire"]) == ("1", "1", False)
        assert {"permissions", "description"} == set(text["allow"][0]) and text["must"] and text["attention"]
    else:
        assert sca.call("task/license/detail", licenseId="Apache-2.0")["code"] == 1002
    grades = sca.data("dict/type/list", dictType="JARRISK")
    assert [row["dictKey"] for row in grades] == ["1", "2", "3", "4", "5"]
    assert set(grades[0]) == {"dictKey", "dictValue", "sort"}

    for _ in range(2):
        headers, body = told.get(timeout=60)
        assert headers["accesskeyid"] == sca.key
        assert headers["signature"] == hmac.new(sca.secret.encode(), body, hashlib.md5).hexdigest()
        said = json.loads(body)
        assert abs(said.pop("timestamp") - time.time() * 1000) < 60_000
        assert said == {"taskId": task, "taskName": "验收 <1/2>", "errorMassage": "", "status": 2,
                        "startTime": status["startTime"], "endTime": status["endTime"]}


def test_who_does_not_sign_is_refused(sca):
    body, signature = sca.sign({"dictType": "JARRISK", "timestamp": int(time.time() * 1000)})
    good = {"Content-Type": "application/json", "accessKeyId": sca.key, "signature": signature}
    for headers in ({}, good | {"signature": "0" * 32}, good | {"accessKeyId": "nobody"}):
        answer = requests.post(sca.base + "dict/type/list", data=body, headers=headers, timeout=60)
        told = answer.json()
        assert (answer.status_code, told["code"], told["ok"], told["data"]) == (401, 2001, False, None)
    old, signature = sca.sign({"dictType": "JARRISK", "timestamp": int(time.time() * 1000) - 301_000})
    answer = requests.post(sca.base + "dict/type/list", data=old, headers=good | {"signature": signature}, timeout=60)
    assert answer.status_code == 401 and "timestamp" in answer.json()["msg"]
    # Written with blanks and in another order it is still what was signed.
    spaced = json.dumps(dict(reversed(json.loads(body).items())), indent=1).encode()
    assert requests.post(sca.base + "dict/type/list", data=spaced, headers=good, timeout=60).json()["code"] == 0


CURL = r"""
set -euo pipefail
call() { # path, parameters without the timestamp in alphabetical order
  body="{$2\"timestamp\":$(date +%s%3N)}"
  signature=$(printf %s "$body" | openssl dgst -md5 -hmac "$SECRET" -r | cut -d' ' -f1)
  curl -sS --fail "$ENDPOINT/gateway/sca/external/$1" -H 'Content-Type: application/json' \
    -H "accessKeyId: $KEY" -H "signature: $signature" --data-binary "$body"
}
field() { python3 -c "import json,sys; print(json.load(sys.stdin)$1)"; }
told=$(call upload/url '"fileName":"a.zip",')
file=$(field '["data"]["fileId"]' <<<"$told")
url=$(field '["data"]["temporarySignature"]["signedUrl"]' <<<"$told")
curl -sS --fail -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$ARTIFACT" "$url"
call createTask "\"fileId\":\"$file\",\"taskId\":\"$TASK\",\"taskName\":\"curl\"," >&2
until [[ $(call task/status "\"taskId\":\"$TASK\"," | field '["data"]["status"]') = [23] ]]; do sleep 0.2; done
page='"current":1,"size":500,'
components=$(call task/components/page "$page\"taskId\":\"$TASK\",")
uuid=$(field '["data"]["records"][0]["componentUuid"]' <<<"$components")
vulnerabilities=$(call task/vulnerability/page "\"componentUuid\":\"$uuid\",$page\"taskId\":\"$TASK\",")
number=$(field '["data"]["records"][0]["customSzNo"]' <<<"$vulnerabilities")
licences=$(call task/license/page "$page\"taskId\":\"$TASK\",")
printf '%s\n' "$components" "$vulnerabilities" "$licences"
call task/statistics "\"taskId\":\"$TASK\","; echo
call task/component/detail "\"componentUuid\":\"$uuid\","; echo
call task/vulnerability/detail "\"customSzNo\":\"$number\","; echo
call task/license/detail '"licenseId":"MIT",'; echo
call dict/type/list '"dictType":"CVERISK",'; echo
"""


def test_the_same_with_curl_and_openssl(sca, endpoint, knowledge, artifact, tmp_path):
    file = tmp_path / "artifact.zip"
    file.write_bytes(artifact)
    env = dict(os.environ, ENDPOINT=endpoint, KEY=sca.key, SECRET=sca.secret, ARTIFACT=str(file),
               TASK=f"curl-{uuid.uuid4()}")
    done = subprocess.run(["bash", "-c", CURL], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    components, vulnerabilities, _, statistics, component, vulnerability, licence, grades = answers
    assert components["data"]["records"][0]["artifactId"] == component["data"]["artifactId"] == "log4j-core"
    assert vulnerability["data"]["customSzNo"] == vulnerabilities["data"]["records"][0]["customSzNo"]
    assert statistics["data"]["componentNum"] == components["data"]["total"]
    assert licence["code"] == (0 if MIRROR.exists() else 1002)
    assert len(grades["data"]) == 5
