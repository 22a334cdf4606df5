#!/usr/bin/env python3
"""Builds the sets that the scanner is judged on, from the registries, each with the record of its packer.

usage: build_sets.py FOLDER [SET ...]

About 6 GB. A set that is there already is kept. Needs mvn, a JDK, npm, go, cargo, dpkg, debootstrap (as root), 7zz, zstd, and the network of
the registries that these are configured for. Nothing of it belongs into the repository.
"""
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from sets import archives, binaries, java, npm, python, system  # noqa: E402

SETS = {"archives": archives.matrix, "pyspark": java.spark, "flink": java.flink, "spring-boot": java.fat, "shaded": java.shaded,
        "relocated": java.relocated, "debian-java": java.debian, "stripped": java.stripped, "npm": npm.tree, "npm-installed": npm.installed,
        "python": python.environment,
        "debian-root": system.root, "go": binaries.go, "rust": binaries.rust}
DOWNLOADS = {"pyspark": "pyspark==3.3.0", "flink": "apache-flink-libraries==2.3.0"}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    top = pathlib.Path(sys.argv[1])
    downloads = top / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or SETS:
        folder = top / name
        if (folder / "truth.json").exists():
            continue
        if name in DOWNLOADS and not any(downloads.glob("*" + DOWNLOADS[name].split("==")[0].replace("-", "*") + "*")):
            subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", downloads, DOWNLOADS[name]], check=True)
        # A folder without a truth is one that was not finished.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print(name, flush=True)
        SETS[name](folder, downloads)


if __name__ == "__main__":
    main()
