"""What a set is: a folder with `content/`, and `truth.json` with what its packer says is inside."""
import json
import subprocess
import sys
import urllib.parse


def purl(kind, namespace, name, version):
    """A package URL without qualifiers, in the canonical form of its type."""
    if kind == "pypi":
        name = name.lower().replace("_", "-").replace(".", "-")
    quote = lambda text: urllib.parse.quote(text, safe="-._~:+!")
    parts = [quote(part) for part in namespace.split("/") if part] + [quote(name)]
    return f"pkg:{kind}/" + "/".join(parts) + (f"@{quote(version)}" if version else "")


def npm(name, version):
    scope, _, bare = name.rpartition("/")
    return purl("npm", scope, bare, version)


def golang(path, version):
    namespace, _, name = path.rpartition("/")
    return purl("golang", namespace, name, version)


def write(folder, parts, **more):
    """Writes the truth. A part: its name, the types it is about, what is expected, and what is neither right nor wrong."""
    rows = [{"name": name, "types": sorted(types), "expected": sorted(set(expected)), "allowed": sorted(set(allowed))}
            for name, types, expected, allowed in parts]
    (folder / "truth.json").write_text(json.dumps({"parts": rows, **more}, indent=1) + "\n")


def run(*command, cwd=None, env=None):
    """Runs a packer; its output, or the end of the program with what it said."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout
