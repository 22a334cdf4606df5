#!/usr/bin/env python3
"""How good the matching is, on labels other people made and against an evaluation of the ranges that shares no code.

usage: matching.py --binary MUSTER --mirror FOLDER [--seed N] [--only ECOSYSTEM] [--disagreements FILE]

The mirror is compiled by the binary itself; components are handed in as an SBOM. Three measurements:

  project-kb   SAP's labels of Maven artifacts: affected or not, from the code. Compared where an advisory lists the package.
  anchore      labels of packages in images: true positives with a GHSA number.
  ranges       versions at and just above the bounds of every range of PyPI, npm, crates.io, Maven and Debian advisories,
               judged here by packaging, by orders of semver and Maven written for this file, and by dpkg.

Needs packaging (PyPI), zstd and dpkg.
"""
import argparse
import collections
import functools
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile

from packaging.version import InvalidVersion, Version

PURL = {"Maven": "maven", "npm": "npm", "PyPI": "pypi", "crates.io": "cargo", "Go": "golang", "NuGet": "nuget",
        "RubyGems": "gem", "Packagist": "composer"}
CODENAMES = {"10": "buster", "11": "bullseye", "9": "stretch", "8": "jessie", "7": "wheezy"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--mirror", required=True, type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="ranges of this ecosystem alone")
    parser.add_argument("--disagreements", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        muster = Muster(options.binary, pathlib.Path(folder))
        muster.run("db", "update", "--source", str(options.mirror), "--quiet")
        dump = Dump(options.mirror)
        lines = []
        if not options.only:
            lines = project_kb(muster, dump, options.mirror) + anchore(muster, dump, options.mirror)
        lines += ranges(muster, dump, random.Random(options.seed), options.only)
    if options.disagreements:
        options.disagreements.write_text("\n".join(lines) + "\n")


class Muster:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def run(self, *args):
        done = subprocess.run([self.binary, "--data-dir", str(self.folder / "data"), *args], capture_output=True, check=False)
        if done.returncode:
            sys.exit(f"{args}: {done.stderr.decode()}")
        return done.stdout

    def assess(self, purls):
        """For every package URL the numbers of what it surely has, and whether it was compared."""
        sbom = self.folder / "sbom.json"
        components = [{"type": "library", "name": "x", "purl": purl} for purl in sorted(set(purls))]
        sbom.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}))
        report = json.loads(self.run("scan", str(sbom), "--format", "json", "--quiet"))
        found = {}
        for component in report["components"]:
            sure = [one for one in component.get("vulnerabilities", []) if one["confidence"] == "high"]
            ids = {name for one in sure for name in [one["id"], *one.get("aliases", [])]}
            stated = {hit["advisory"] for one in sure for hit in one["stated_by"]}
            unsure = {name for one in component.get("vulnerabilities", []) for name in [one["id"], *one.get("aliases", [])]}
            found[component.get("purl")] = (component["checked"], ids | stated, unsure, stated)
        return found


class Dump:
    """The advisories as they lie, read by nothing of the product."""

    def __init__(self, mirror):
        self.mirror, self.by_number = mirror, collections.defaultdict(list)
        for path in sorted(mirror.glob("*/all.zip")):
            for record in self.records(path.parent.name):
                for number in [record["id"], *record.get("aliases", [])]:
                    self.by_number[number].append(record)

    @functools.lru_cache(maxsize=None)
    def records(self, ecosystem):
        with zipfile.ZipFile(self.mirror / ecosystem / "all.zip") as archive:
            return [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")]

    def names(self, number, ecosystem):
        """Packages that advisories in force list for a vulnerability."""
        for record in self.by_number.get(number, []):
            if record.get("withdrawn"):
                continue
            for affected in record.get("affected", []):
                package = affected.get("package", {})
                if package.get("ecosystem", "").split(":")[0] == ecosystem:
                    yield package["name"], affected


def labels(mirror, name):
    text = subprocess.run(["zstd", "-dc", str(mirror / "labels" / name)], capture_output=True, check=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def purl(ecosystem, name, version):
    quote = functools.partial(urllib.parse.quote, safe="")
    parts = name.split(":") if ecosystem == "Maven" else name.split("/")
    path = "/".join(quote(part) for part in parts)
    return f"pkg:{PURL[ecosystem]}/{path}@{quote(version)}"


def canonical(purls):
    return {urllib.parse.unquote(key or "").lower().replace("_", "-"): value for key, value in purls.items()}


def ask(found, wanted):
    return found.get(urllib.parse.unquote(wanted).lower().replace("_", "-"))


def project_kb(muster, dump, mirror):
    """The labels say whether the vulnerable code is inside; advisories say which versions are declared affected."""
    cases = []
    for label in labels(mirror, "sap-project-kb.jsonl.zst"):
        number = label["vulnerability_id"]
        for artifact in label["artifacts"]:
            matched = re.fullmatch(r"pkg:maven/([^/]+)/([^@]+)@(.+)", artifact["purl"])
            if not matched:
                continue
            group, name, version = (urllib.parse.unquote(part) for part in matched.groups())
            listed = [row for row_name, row in dump.names(number, "Maven") if row_name == f"{group}:{name}"]
            if listed:
                cases.append((number, f"{group}:{name}", version, artifact["affected"], listed))
    found = canonical(muster.assess([purl("Maven", name, version) for _, name, version, _, _ in cases]))
    counts, lines = collections.Counter(), []
    for number, name, version, affected, listed in cases:
        answer = ask(found, purl("Maven", name, version))
        hit = answer is not None and number in answer[1]
        kind = {(True, True): "affected, hit", (False, False): "not affected, no hit", (True, False): "missed",
                (False, True): "false hit"}[affected, hit]
        counts[kind] += 1
        if kind in ("missed", "false hit"):
            events = "; ".join(str(interval) for row in listed for interval in row.get("ranges", [])[:4])
            why = cause(answer, number, name, version, affected, listed, maven)
            lines.append(f"project-kb\t{kind}\t{number}\t{name}@{version}\t{why}\t{events[:300]}")
    report("project-kb", counts)
    explain(lines)
    return lines


def explain(lines):
    reasons = collections.Counter((line.split("\t")[1], line.split("\t")[4]) for line in lines)
    for (kind, why), count in sorted(reasons.items()):
        print(f"    {kind}: {why}: {count}")


def cause(answer, number, name, version, affected, listed, key):
    """Why the product and a label disagree: whether the ranges, as they are judged here, force it."""
    if answer is None or not answer[0]:
        return "not compared"
    if affected and number in answer[2]:
        return "unsure: the source lost where the range ends"
    forced = any(holds(part, version, key) for part in listed) != affected
    return "the advisory's range says so" if forced else "NOT EXPLAINED by the ranges"


def anchore(muster, dump, mirror):
    """Labels name a package without its ecosystem: the one whose advisory of that number lists that name is meant."""
    cases = {}
    for label in labels(mirror, "anchore-vulnerability-match-labels.jsonl.zst"):
        number, package = label.get("vulnerability_id", ""), label.get("package")
        if label["label"] != "TP" or not number.startswith("GHSA-") or not package:
            continue
        for ecosystem in PURL:
            for name, affected in dump.names(number, ecosystem):
                short = name.split(":")[-1]
                if package["name"] in (name, short):
                    cases[number, ecosystem, name, package["version"]] = affected
    found = canonical(muster.assess([purl(eco, name, version) for _, eco, name, version in cases]))
    counts, lines = collections.Counter(), []
    for (number, ecosystem, name, version), affected in cases.items():
        answer = ask(found, purl(ecosystem, name, version))
        kind = "affected, hit" if answer and number in answer[1] else "missed"
        counts[kind] += 1
        if kind == "missed":
            key = {"Maven": maven, "npm": semver, "crates.io": semver, "Go": semver, "PyPI": pypi}.get(ecosystem, maven)
            listed = [row for row_name, row in dump.names(number, ecosystem) if row_name == name]
            why = cause(answer, number, name, version, True, listed, key)
            lines.append(f"anchore\tmissed\t{number}\t{purl(ecosystem, name, version)}\t{why}\t"
                         f"{json.dumps(affected.get('ranges'))[:300]}")
    report("anchore", counts)
    explain(lines)
    return lines


def ranges(muster, dump, rng, only=None):
    lines = []
    for ecosystem, key in [("PyPI", pypi), ("npm", semver), ("crates.io", semver), ("Maven", maven), ("Debian", None)]:
        if only not in (None, ecosystem):
            continue
        cases = []
        for record in dump.records(ecosystem):
            if record.get("withdrawn"):
                continue
            for affected in record.get("affected", []):
                package = affected.get("package", {})
                if package.get("ecosystem", "").split(":")[0] != ecosystem:
                    continue
                if affected.get("database_specific", {}).get("upper_bound_unknown"):
                    continue
                for version in around(affected, rng, ecosystem):
                    cases.append((record, package, affected, version))
        rng.shuffle(cases)
        # dpkg is a process a comparison.
        lines += judge(muster, dump, ecosystem, key, cases[: 20_000 if key else 2_000])
    return lines


def around(affected, rng, ecosystem):
    """At every bound, just above it (below it where a tilde is lower than nothing), and some of the listed versions."""
    for interval in affected.get("ranges", []):
        for event in interval.get("events", []):
            for kind, version in event.items():
                if kind in ("introduced", "fixed", "last_affected") and version != "0":
                    yield version
                    if ecosystem == "Debian":
                        yield f"{version}~1"
                    yield f"{version}.1" if version.count(".") < 2 else re.sub(r"\d+$", lambda n: str(int(n[0]) + 1), version)
    versions = affected.get("versions", [])
    yield from rng.sample(versions, min(2, len(versions)))


def judge(muster, dump, ecosystem, key, cases):
    """Hits of the product against those of this file; advisories of other numbers for the package do not matter."""
    def named(package, version):
        if ecosystem != "Debian":
            return purl(ecosystem, package["name"], version)
        release = package["ecosystem"].split(":")[1]
        quoted = urllib.parse.quote(version, safe="")
        return f"pkg:deb/debian/{urllib.parse.quote(package['name'], safe='')}@{quoted}?distro=debian-{release}"

    found = canonical(muster.assess([named(package, version) for _, package, _, version in cases]))
    counts, lines = collections.Counter(), []
    for record, package, affected, version in cases:
        answer = ask(found, named(package, version))
        if answer is None:
            counts["no package URL"] += 1
            continue
        # An advisory may have several parts about the same package: any of them counts.
        parts = [part for part in record["affected"] if part.get("package") == package]
        try:
            expected = any(holds(part, version, key) for part in parts)
        except (InvalidVersion, ValueError):
            counts["version that cannot be judged"] += 1
            continue
        numbers = {record["id"], *record.get("aliases", []), *record.get("upstream", []), *record.get("related", [])}
        hit = record["id"] in answer[3]
        kind = {(True, True): "affected, hit", (False, False): "not affected, no hit", (True, False): "missed",
                (False, True): "false hit"}[expected, hit]
        if kind == "false hit" and others(dump, numbers, package, version, key):
            kind = "hit by another document of the same number"
        counts[kind] += 1
        if kind in ("missed", "false hit"):
            why = "the events are in no order" if backwards(parts, key) else "NOT EXPLAINED"
            lines.append(f"ranges {ecosystem}\t{kind}\t{record['id']}\t{package['name']}@{version}\t{why}\t"
                         f"{json.dumps(affected.get('ranges'))[:300]}")
    report(f"ranges {ecosystem}", counts)
    explain(lines)
    return lines


def backwards(parts, key):
    """A range that ends before it begins: the schema's algorithm leaves it open, the product takes it for empty."""
    for part in parts:
        for interval in part.get("ranges", []):
            bounds = [bound for event in interval.get("events", []) for bound in event.values()]
            if any(compare(left, right, key) > 0 for left, right in zip(bounds, bounds[1:])):
                return True
    return False


def others(dump, numbers, package, version, key):
    for number in numbers:
        for record in dump.by_number.get(number, []):
            for part in record.get("affected", []):
                if part.get("package") == package:
                    try:
                        if holds(part, version, key):
                            return True
                    except (InvalidVersion, ValueError):
                        continue
    return False


def holds(part, version, key):
    """The evaluation of the OSV schema: the events of a range in order of versions, or the list."""
    for interval in part.get("ranges", []):
        if interval.get("type") == "GIT":
            continue
        events = [(kind, bound) for event in interval.get("events", []) for kind, bound in event.items()]
        rank = {"introduced": 0, "last_affected": 1, "fixed": 2, "limit": 3}
        events.sort(key=functools.cmp_to_key(lambda a, b: compare(a[1], b[1], key) or rank[a[0]] - rank[b[0]]))
        inside = False
        for kind, bound in events:
            order = compare(version, bound, key)
            if kind == "introduced" and order >= 0:
                inside = True
            elif kind == "fixed" and order >= 0 or kind == "last_affected" and order > 0:
                inside = False
        if inside:
            return True
    listed = part.get("versions", [])
    return version in listed or key is not None and any(same(version, one, key) for one in listed)


def same(left, right, key):
    try:
        return key(left) == key(right)
    except (InvalidVersion, ValueError):
        return False


def compare(left, right, key):
    if key is None:
        return dpkg(left, right)
    if "0" in (left, right):
        return (left != "0") - (right != "0")
    left, right = key(left), key(right)
    return (left > right) - (left < right)


@functools.lru_cache(maxsize=None)
def dpkg(left, right):
    if "0" in (left, right):
        return (left != "0") - (right != "0")
    for relation, answer in [("eq", 0), ("gt", 1)]:
        if subprocess.run(["dpkg", "--compare-versions", left, relation, right], check=False, stderr=subprocess.DEVNULL).returncode == 0:
            return answer
    return -1


def pypi(text):
    return Version(text)


def semver(text):
    matched = re.fullmatch(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?", text)
    if not matched:
        raise ValueError(text)
    numbers = tuple(int(part or 0) for part in matched.groups()[:3])
    tail = matched.group(4)
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in tail.split(".")] if tail else []
    return numbers, not tail, parts


@functools.total_ordering
class Maven:
    """The order that Maven's documentation gives (Version Order Specification)."""

    WORDS = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"]
    ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}

    def __init__(self, text):
        self.items = self.trimmed(self.parsed(text.lower()))

    def parsed(self, text):
        """Separator and token, in order; a change between letters and digits separates like a hyphen."""
        tokens, separator = [], ""
        for token in re.findall(r"[.-]|\d+|[^\d.-]+", text):
            if token in ".-":
                if separator:
                    tokens.append((separator if tokens else "-", 0))
                separator = token
                continue
            if not separator:
                separator = "-"
            if token.isdigit():
                tokens.append((separator, int(token)))
            else:
                tokens.append((separator, token))
            separator = ""
        named = []
        for at, (separator, token) in enumerate(tokens):
            if isinstance(token, str):
                digit_next = at + 1 < len(tokens) and isinstance(tokens[at + 1][1], int) and re.search(re.escape(token) + r"\d", text)
                if digit_next and token in ("a", "b", "m"):
                    token = {"a": "alpha", "b": "beta", "m": "milestone"}[token]
                token = self.ALIASES.get(token, token)
            named.append((separator, token))
        return named

    def trimmed(self, items):
        """Nothing at the end, or before a hyphen, that says nothing."""
        at = len(items)
        while at > 0:
            at -= 1
            if at + 1 == len(items) or items[at + 1][0] == "-":
                end = at + 1
                while end > 0 and items[end - 1][1] in (0, "") and end > 1:
                    del items[end - 1]
                    end -= 1
                at = min(at, end)
        return items

    def rank(self, item):
        """What order items have among each other: words before lists of numbers after a hyphen before numbers."""
        separator, token = item
        if isinstance(token, str):
            known = self.WORDS.index(token) if token in self.WORDS else len(self.WORDS)
            return 0, known, token if known == len(self.WORDS) else ""
        return (1 if separator == "-" else 2), token, ""

    def pad(self, item):
        """What stands where the other version has nothing."""
        separator, token = item
        return (separator, "") if isinstance(token, str) else (separator, 0)

    def order(self, other):
        for at in range(max(len(self.items), len(other.items))):
            left = self.items[at] if at < len(self.items) else self.pad(other.items[at])
            right = other.items[at] if at < len(other.items) else self.pad(self.items[at])
            if self.rank(left) != self.rank(right):
                return -1 if self.rank(left) < self.rank(right) else 1
        return 0

    def __eq__(self, other):
        return self.order(other) == 0

    def __lt__(self, other):
        return self.order(other) < 0

    __hash__ = None


def maven(text):
    return Maven(text)


def report(title, counts):
    hit, missed, false = counts["affected, hit"], counts["missed"], counts["false hit"]
    recall = hit / (hit + missed) if hit + missed else 1
    precision = hit / (hit + false) if hit + false else 1
    print(f"{title}: recall {recall:.4f}, precision {precision:.4f}: {dict(counts)}", flush=True)


if __name__ == "__main__":
    main()
