"""Python: environments that pip filled. The truth is `pip list`, and for native content the SBOMs in the wheels (PEP 770)."""
import json
import re
import sys
import urllib.parse

from .record import purl, run, write

PACKAGES = """jupyterlab notebook pandas scikit-learn scipy matplotlib pillow django flask fastapi uvicorn sqlalchemy celery requests boto3 cryptography
pydantic ansible-core sphinx black mypy pytest tox poetry-core aiohttp scrapy beautifulsoup4 lxml openpyxl gunicorn redis psycopg2-binary pymongo
kubernetes docker paramiko fabric seaborn statsmodels networkx sympy nltk grpcio protobuf opentelemetry-sdk rich typer httpx orjson ruff
python-jose passlib bcrypt elasticsearch dash bokeh streamlit""".split()
OLD = ["django==1.11", "requests==2.19.1", "urllib3==1.23", "jinja2==2.10", "flask==0.12.2", "pyyaml==5.4.1", "werkzeug==0.14.1", "certifi==2018.4.16",
       "chardet==3.0.4", "idna==2.7", "click==6.7", "itsdangerous==0.24", "MarkupSafe==1.1.1", "pytz==2018.5"]


def environment(folder, _downloads):
    content = folder / "content"
    content.mkdir(parents=True)
    run(sys.executable, "-m", "venv", content / "new")
    python = content / "new/bin/python"
    run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--prefer-binary", *PACKAGES)
    run(sys.executable, "-m", "venv", content / "old")
    # Old pure ones; what would have to be compiled is left out.
    old = content / "old/bin/python"
    for package in OLD:
        try:
            run(old, "-m", "pip", "install", "-q", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check", package)
        except SystemExit:
            pass
    expected = set()
    for python in [content / "new/bin/python", old]:
        for one in json.loads(run(python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check")):
            expected.add(purl("pypi", "", one["name"], one["version"]))
    native, python_in_sboms = set(), set()
    for sbom in content.rglob("*.dist-info/sboms/*"):
        for one in listed(json.loads(sbom.read_text())):
            (python_in_sboms if one.startswith("pkg:pypi/") else native).add(one)
    # Lock files and fixtures that packages ship are not installed; only what lies in them as a package is.
    write(folder, [("pypi", ["pypi"], expected, python_in_sboms),
                   ("PEP 770", ["cargo", "generic", "github", "deb", "rpm", "apk"], native, [])], noise=["npm"])


def listed(document):
    """The package URLs of a CycloneDX or SPDX document, without qualifiers."""
    def components(rows):
        for row in rows or []:
            if row.get("purl"):
                yield row["purl"]
            yield from components(row.get("components"))
    urls = list(components(document.get("components")))
    urls += [reference["referenceLocator"] for package in document.get("packages", [])
             for reference in package.get("externalRefs", []) if reference.get("referenceType") == "purl"]
    for url in urls:
        plain = re.split(r"[?#]", url)[0]
        kind, rest = plain.removeprefix("pkg:").split("/", 1)
        path, _, version = rest.partition("@") if not rest.startswith("@") else ("@" + rest[1:].partition("@")[0], "", rest[1:].partition("@")[2])
        namespace, _, name = urllib.parse.unquote(path).rpartition("/")
        yield purl(kind.lower(), namespace, name, urllib.parse.unquote(version))
