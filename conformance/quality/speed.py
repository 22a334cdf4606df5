#!/usr/bin/env python3
"""How long a scan takes and what it needs, beside syft and trivy in one run: wall, CPU and peak memory, set by set.

usage: speed.py --binary MUSTER --sets FOLDER [--peers FOLDER] [--runs N] [--only SET]

Of N runs (3) the one with the least CPU counts; page cache warm, `--offline`, two threads. A tool that cannot read a set (it names
less than half of what the others name) is shown but no peer. Figures go to $MUSTER_BENCH_FIGURES as the other benchmarks' do.
"""
import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from composition import Muster, Syft, Trivy  # noqa: E402

# Set, most seconds on the wall, most megabytes.
BARS = {"pyspark": (0.25, 60), "flink": (None, None), "spring-boot": (None, None), "debian-java": (None, None), "debian-root": (None, None), "npm": (0.2, None),
        "python": (0.2, None), "everything": (1.0, None), "large-zip": (12.0, 300)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True, type=pathlib.Path)
    parser.add_argument("--sets", required=True, type=pathlib.Path)
    parser.add_argument("--peers", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        tools = {"muster": Muster(options.binary.resolve(), scratch)}
        if options.peers:
            tools |= {"syft": Syft(options.peers.resolve()), "trivy rootfs": Trivy(options.peers.resolve(), scratch, "rootfs"),
                      "trivy fs": Trivy(options.peers.resolve(), scratch, "fs")}
        for name, (seconds, megabytes) in BARS.items():
            content = target(options.sets.resolve(), name)
            if content is None or options.only not in (None, name):
                continue
            print(f"scan of {name}")
            best = {tool_name: measure(tool, content, options.runs) for tool_name, tool in tools.items()}
            most = max(found for *_, found in best.values())
            for tool_name, (wall, cpu, memory, found) in best.items():
                # Peers also count what merely lies there (test data, vendored locks), so their number judges peers only.
                reads = "" if tool_name == "muster" or found * 2 >= most else ", does not read it"
                bars = (seconds, megabytes) if tool_name == "muster" else (None, None)
                figure(f"scan of {name}", f"{tool_name}, wall", wall, "s", bars[0], f"{cpu:.2f} s CPU, {found} components{reads}")
                figure(f"scan of {name}", f"{tool_name}, peak memory", memory, "MB", bars[1], "")


def target(sets, name):
    """What to scan: the content of one set, all of them in one folder, or that folder as one ZIP."""
    if name == "everything":
        return everything(sets)
    if name == "large-zip":
        archive, folder = sets / "large.zip", everything(sets)
        if not archive.exists() and shutil.which("7zz"):
            os.system(f"cd {folder} && 7zz a -tzip -mx1 -bso0 -bsp0 {archive} .")
        return archive if archive.exists() else None
    content = sets / name / "content"
    return content if content.exists() else None


def everything(sets):
    """All sets side by side, as links to the same files."""
    folder = sets / "everything"
    if not folder.exists():
        for name in ["pyspark", "flink", "debian-java", "npm", "python"]:
            if (sets / name / "content").exists():
                os.makedirs(folder, exist_ok=True)
                os.system(f"cp -al {sets / name / 'content'} {folder / name}")
    return folder


def measure(tool, content, runs):
    """Wall and CPU seconds, megabytes, and how many package URLs its report has."""
    best, report = None, b""
    for _ in range(runs):
        with tempfile.TemporaryFile() as out:
            start = time.monotonic()
            pid = os.posix_spawn(str(tool.command(content, None)[0]), [str(part) for part in tool.command(content, None)],
                                 {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"},
                                 file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)])
            _, _, usage = os.wait4(pid, 0)
            wall = time.monotonic() - start
            out.seek(0)
            report = out.read()
        cpu = usage.ru_utime + usage.ru_stime
        if best is None or cpu < best[1]:
            best = (wall, cpu, usage.ru_maxrss * 1024 / 1e6)
    return *best, report.count(b'"purl"')


def figure(area, name, value, unit, bar, note):
    text = f"<= {bar}" if bar is not None else ""
    verdict = "" if bar is None else "met" if value <= bar else "MISSED"
    print(f"  {name:<52} {value:>12.3f} {unit:<8} {text:<10} {verdict:<7} {note}", flush=True)
    if "MUSTER_BENCH_FIGURES" in os.environ:
        with open(os.environ["MUSTER_BENCH_FIGURES"], "a") as out:
            out.write(f"{area}\t{name}\t{value:.3f}\t{unit}\t{text}\t{verdict}\t{note}\n")


if __name__ == "__main__":
    main()
