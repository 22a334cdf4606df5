"""One content packed in every way: each archive must give the same. The truth is what was put in."""
import io
import json
import os
import pathlib
import shutil
import subprocess
import tarfile
import zipfile

from .record import npm, purl, run, write

WANT = {npm("ms", "2.1.3"), npm("@babel/core", "7.20.0"), purl("maven", "org.example", "alpha", "1.0"), purl("maven", "org.example", "beta", "2.0"),
        purl("maven", "org.example", "web", "3.0"), purl("pypi", "", "acme", "4.0"), purl("pypi", "", "jinja2", "3.1.2")}


def jar(artifact, version, inner=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        archive.writestr(f"META-INF/maven/org.example/{artifact}/pom.properties", f"groupId=org.example\nartifactId={artifact}\nversion={version}\n")
        for name, content in inner:
            archive.writestr(name, content)
    return out.getvalue()


def files():
    lock = {"lockfileVersion": 3, "packages": {"": {}, "node_modules/ms": {"version": "2.1.3"}, "node_modules/@babel/core": {"version": "7.20.0"}}}
    return {"app/package-lock.json": json.dumps(lock).encode(), "lib/alpha-1.0.jar": jar("alpha", "1.0"),
            "web.war": jar("web", "3.0", [("WEB-INF/lib/beta-2.0.jar", jar("beta", "2.0"))]),
            "py/acme-4.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: acme\nVersion: 4.0\n", "py/requirements.txt": b"jinja2==3.1.2\n"}


def matrix(folder, _downloads):
    """`content/` holds the archives side by side, each is judged alone."""
    content, plain = folder / "content", folder / "plain"
    content.mkdir(parents=True)
    for name, data in files().items():
        (plain / name).parent.mkdir(parents=True, exist_ok=True)
        (plain / name).write_bytes(data)
    here = lambda name: (content / name).resolve()
    for name, method in [("stored", zipfile.ZIP_STORED), ("deflate", zipfile.ZIP_DEFLATED), ("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)]:
        with zipfile.ZipFile(here(f"{name}.zip"), "w", method) as archive:
            for inner in files():
                archive.write(plain / inner, inner)
    for method in ["deflate64", "ppmd"]:
        run("7zz", "a", "-tzip", f"-mm={method}", here(f"{method}.zip"), ".", cwd=plain)
    for name, flags in [("solid", []), ("bcj2", ["-m0=BCJ2", "-m1=LZMA"]), ("ppmd", ["-m0=PPMd"]), ("store", ["-mx0"]), ("bzip2", ["-m0=BZip2"])]:
        run("7zz", "a", "-t7z", *flags, here(f"{name}.7z"), ".", cwd=plain)
    for name, mode in [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tar.bz2", "w:bz2"), ("a.tar.xz", "w:xz")]:
        with tarfile.open(here(name), mode) as archive:
            archive.add(plain, ".")
    for tool, end in [("zstd", "zst"), ("lz4", "lz4"), ("lzma", "lzma")]:
        if shutil.which(tool):
            run(tool, "-k", here("a.tar")) if tool == "lzma" else run(tool, "-q", here("a.tar"), *(["-o"] if tool == "zstd" else []), here(f"a.tar.{end}"))
    names = "\n".join(files())
    packed = subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=plain, input=names.encode(), capture_output=True, check=False)
    if packed.returncode == 0:
        here("a.cpio").write_bytes(packed.stdout)
    deb = folder / "deb"
    shutil.copytree(plain, deb / "opt/x")
    (deb / "DEBIAN").mkdir()
    (deb / "DEBIAN/control").write_text("Package: x\nVersion: 1.0\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n")
    run("dpkg-deb", "-b", deb, here("x.deb"))
    renamed = [("deflate.zip", "a.bin"), ("solid.7z", "picture"), ("a.tar.gz", "a.dat")]
    for source, name in renamed:
        shutil.copy(content / source, content / name)
    # A program in front, as self-extracting ones have it.
    here("setup.exe").write_bytes(pathlib.Path("/bin/true").read_bytes() + here("deflate.zip").read_bytes())
    # One in another, sixteen deep.
    inner, name = here("a.tar.gz"), "a.tar.gz"
    for depth in range(4):
        outer = here(f"depth{depth}.zip")
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(inner, name)
        tarred = here(f"depth{depth}.tar.gz")
        with tarfile.open(tarred, "w:gz") as archive:
            archive.add(outer, outer.name)
        if depth:
            inner.unlink()
        outer.unlink()
        inner, name = tarred, tarred.name
    write(folder, [("any", ["npm", "maven", "pypi"], WANT, [])], each=True)
