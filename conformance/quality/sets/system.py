"""A Debian root file system as debootstrap makes it. The truth is what dpkg says of it."""
from .record import purl, run, write


def root(folder, _downloads):
    content = folder / "content"
    run("debootstrap", "--variant=minbase", "--include=openssl,curl,git,perl,python3,nginx-light", "bookworm", content)
    listing = run("dpkg-query", f"--admindir={content}/var/lib/dpkg", "-W", "-f", "${db:Status-Status}\t${Package}\t${Version}\n")
    expected = {purl("deb", "debian", name, version) for status, name, version in
                (line.split("\t") for line in listing.splitlines()) if status == "installed"}
    write(folder, [("deb", ["deb"], expected, [])])
