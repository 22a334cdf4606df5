"""The scanner's documents, read by the standards' own schemas and by libraries of others."""
import io
import json
import os
import pathlib
import subprocess
import zipfile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from cyclonedx.validation.xml import XmlValidator
from ntia_conformance_checker import SbomChecker
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

ADVISORIES = [
    ("PYSEC-2025-1", "CVE-2025-1", "acme", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
    ("PYSEC-2025-2", "CVE-2025-2", "acme", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"),
    ("PYSEC-2025-3", "CVE-2025-3", "beta", "CVSS:3.0/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L"),
]
LOCK = {
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"@s/a": "1"}},
        "node_modules/@s/a": {"version": "1.0.0", "license": "MIT", "dependencies": {"b": "1"}},
        "node_modules/b": {"version": "1.0.0", "dev": True, "license": "(mit OR GPL-2.0+ WITH Classpath-exception-2.0)"},
        "node_modules/c": {"version": "1.0.0", "license": "Ask Us"},
    },
}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A data folder that knows something, and an artifact that has it."""
    folder = tmp_path_factory.mktemp("scan")
    (folder / "mirror" / "PyPI").mkdir(parents=True)
    with zipfile.ZipFile(folder / "mirror" / "PyPI" / "all.zip", "w") as dump:
        for number, cve, package, vector in ADVISORIES:
            record = {
                "id": number, "aliases": [cve], "modified": "2025-02-01T00:00:00Z", "published": "2025-01-01T00:00:00Z",
                "summary": f"{package} <is> broken", "details": "Long & wide.",
                "severity": [{"type": "CVSS_V3", "score": vector}],
                "database_specific": {"cwe_ids": ["CWE-79"]},
                "references": [{"type": "WEB", "url": f"https://example.com/{number}"}],
                "affected": [{"package": {"ecosystem": "PyPI", "name": package},
                              "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.5"}]}]}],
            }
            dump.writestr(f"{number}.json", json.dumps(record))
    with zipfile.ZipFile(folder / "shop.zip", "w") as artifact:
        artifact.writestr("a b/requirements.txt", "acme==1.0\nbeta==1.0\nclean==2.0\n")
        artifact.writestr("package-lock.json", json.dumps(LOCK))
        with zipfile.ZipFile(folder / "x-1.0.jar", "w") as jar:
            jar.writestr("META-INF/MANIFEST.MF", "Implementation-Vendor: ACME Works\n")
            jar.write(pathlib.Path(__file__).parents[2] / "LICENSE", "META-INF/LICENSE")
            jar.writestr("META-INF/maven/g/x/pom.properties", "groupId=g\nartifactId=x\nversion=1.0\n")
        artifact.write(folder / "x-1.0.jar", "lib/x-1.0.jar")
    (folder / "ignore").write_text("CVE-2025-3 # of no use here\n")
    muster(folder, "db", "update", "--source", str(folder / "mirror"))
    return folder


def muster(folder, *args, code=0):
    command = [os.environ["MUSTER_BINARY"], "--data-dir", str(folder / "data"), *args]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode()


def scan(folder, form, *more, code=0):
    return muster(folder, "scan", str(folder / "shop.zip"), "--format", form, *more, code=code)


@pytest.mark.parametrize("more", [[], ["--profile", "bsi", "--creator", "sbom@example.com"], ["--no-vulnerabilities"]])
def test_cyclonedx_keeps_its_schema(place, more):
    text = scan(place, "cyclonedx", "--ignore", str(place / "ignore"), *more, code=14 if "bsi" in more else 0) \
        if "--no-vulnerabilities" not in more else scan(place, "cyclonedx", *more)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    licences = {one["name"]: one.get("licenses") for one in document["components"]}
    assert licences["a"] == [{"license": {"id": "MIT"}}]
    assert licences["b"] == [{"expression": "MIT OR GPL-2.0-or-later WITH Classpath-exception-2.0"}]
    assert licences["c"] == [{"license": {"name": "Ask Us"}}]
    assert licences["x"] == [{"license": {"id": "Apache-2.0"}}]
    assert ("vulnerabilities" in document) == ("--no-vulnerabilities" not in more)
    if "bsi" in more:
        jar = next(one for one in document["components"] if one["name"] == "x")
        assert len(jar["hashes"][0]["content"]) == 128
        assert {"name": "bsi:component:filename", "value": "x-1.0.jar"} in jar["properties"]


def test_the_newer_edition_keeps_its_schema(place):
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(scan(place, "cyclonedx-1.7")) is None


@pytest.mark.parametrize("form, version", [("cyclonedx-xml", SchemaVersion.V1_6), ("cyclonedx-1.7-xml", SchemaVersion.V1_7)])
@pytest.mark.parametrize("more", [[], ["--profile", "bsi", "--creator", "sbom@example.com"], ["--no-vulnerabilities"]])
def test_xml_keeps_its_schema(place, form, version, more):
    decided = ["--ignore", str(place / "ignore")] if not more else []
    asked = [form, *decided, *more, "--timestamp", "1700000000"]
    text = scan(place, *asked, code=14 if "bsi" in more else 0)
    assert XmlValidator(version).validate_str(text) is None
    assert text == scan(place, *asked, code=14 if "bsi" in more else 0)


def test_spdx_3_keeps_the_model(place):
    """Read by the bindings made of the model itself, which know every class, property and cardinality."""
    from spdx_python_model import v3_0_1 as spdx

    text = scan(place, "spdx-3", "--creator", "https://example.com/sbom")
    objects = spdx.SHACLObjectSet()
    with io.BytesIO(text.encode()) as stream:
        spdx.JSONLDDeserializer().read(stream, objects)
    packages = {one.name: one for one in objects.foreach_type(spdx.software_Package)}
    assert packages["g:x"].suppliedBy.name == "ACME Works"
    assert packages["acme"].software_packageVersion == "1.0"
    assert not objects.missing_ids
    found = [one for one in objects.foreach_type(spdx.security_Vulnerability)]
    assert {one.name for one in found} == {"CVE-2025-1", "CVE-2025-2", "CVE-2025-3"}
    written = io.BytesIO()
    spdx.JSONLDSerializer().write(objects, written)  # refuses what lacks a property the model demands
    (document,) = objects.foreach_type(spdx.SpdxDocument)
    assert document.rootElement[0].rootElement[0].name == "shop.zip"


def test_another_checker_sees_the_minimum_elements(place, tmp_path):
    path = tmp_path / "shop.spdx.json"
    path.write_text(scan(place, "spdx"))
    checked = SbomChecker(str(path), validate=True, compliance="ntia", sbom_spec="spdx2")
    assert not checked.parsing_error and checked.doc_version and checked.doc_author and checked.doc_timestamp
    assert checked.dependency_relationships
    assert not checked.get_components_without_names() and not checked.get_components_without_identifiers()
    lacking = {name for name, _ in checked.get_components_without_suppliers()}
    assert "g:x" not in lacking and "acme" in lacking


def test_spdx_is_valid_and_its_packages_are_read(place, tmp_path):
    path = tmp_path / "shop.spdx.json"
    path.write_text(scan(place, "spdx"))
    document = parse_file(str(path))
    assert validate_full_spdx_document(document) == []
    assert {"acme", "beta", "b", "g:x"} <= {package.name for package in document.packages}


def test_sarif_keeps_its_schema(place):
    document = json.loads(scan(place, "sarif", "--ignore", str(place / "ignore")))
    Sarif.model_validate(document)
    results = document["runs"][0]["results"]
    assert [one["ruleId"] for one in results] == ["CVE-2025-1", "CVE-2025-2", "CVE-2025-3"]
    assert results[2]["suppressions"] and not results[0].get("suppressions")


def test_a_page_loads_nothing(place):
    page = scan(place, "html")
    assert "CVE-2025-1" in page and "&#60;is&#62;" in page
    assert "<script" not in page and "http-equiv=\"Content-Security-Policy\"" in page


def test_openvex_goes_round(place, tmp_path):
    document = json.loads(scan(place, "openvex"))
    assert {one["status"] for one in document["statements"]} == {"under_investigation"}
    for statement in document["statements"]:
        statement.update(status="not_affected", justification="component_not_present")
    decided = tmp_path / "decided.json"
    decided.write_text(json.dumps(document))
    assert scan(place, "json", "--vex", str(decided), "--fail-on", "any")
    scan(place, "json", "--fail-on", "any", code=10)


def test_what_others_wrote_is_compared_too(place, tmp_path):
    """The SBOM of another library, as the artifact."""
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    bom = Bom(components=[Component(name="acme", version="1.0", purl=PackageURL("pypi", None, "acme", "1.0"))])
    path = tmp_path / "inventory"
    path.write_text(JsonV1Dot6(bom).output_as_string())
    report = json.loads(muster(place, "scan", str(path), "--format", "json"))
    assert {one["id"] for one in report["components"][0]["vulnerabilities"]} == {"CVE-2025-1", "CVE-2025-2"}
