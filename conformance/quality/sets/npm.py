"""JavaScript: a tree that npm installed. The truth is the lock file npm wrote."""
import json

from .record import npm, run, write

DEPENDENCIES = {"lodash": "4.17.4", "express": "4.15.2", "handlebars": "4.0.6", "jquery": "3.3.1", "moment": "2.18.1", "minimist": "1.2.0",
                "axios": "0.21.0", "react": "16.13.0", "react-dom": "16.13.0", "react-scripts": "3.4.1", "gulp": "3.9.1", "socket.io": "2.0.0",
                "mongoose": "5.7.0", "request": "2.88.0", "ws": "5.2.0"}
DEV = {"mocha": "5.2.0", "eslint-plugin-import": "2.20.1", "webpack-cli": "3.3.12", "nyc": "13.3.0"}


def tree(folder, _downloads):
    content = folder / "content"
    content.mkdir(parents=True)
    (content / "package.json").write_text(json.dumps(
        {"name": "truth", "version": "1.0.0", "private": True, "dependencies": DEPENDENCIES, "devDependencies": DEV}))
    run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps", "--loglevel=error", cwd=content)
    lock = json.loads((content / "package-lock.json").read_text())
    expected, dev, direct = set(), {}, set()
    for path, package in lock["packages"].items():
        if path:
            name = package.get("name") or path.rpartition("node_modules/")[2]
            one = npm(name, package["version"])
            expected.add(one)
            dev[one] = dev.get(one, True) and package.get("dev", False)
            if path == f"node_modules/{name}" and (name in DEPENDENCIES or name in DEV):
                direct.add(one)
    write(folder, [("npm", ["npm"], expected, [])], dev=sorted(one for one in dev if dev[one]), direct=sorted(direct))


def installed(folder, _downloads):
    """The same tree without its lock file: only what is installed can be told."""
    content = folder / "content"
    run("cp", "-a", folder.parent / "npm" / "content", content)
    lock = json.loads((content / "package-lock.json").read_text())
    for name in ["package-lock.json", "node_modules/.package-lock.json"]:
        (content / name).unlink(missing_ok=True)
    expected = set()
    for path, package in lock["packages"].items():
        if path and (content / path / "package.json").exists():
            expected.add(npm(package.get("name") or path.rpartition("node_modules/")[2], package["version"]))
    write(folder, [("npm", ["npm"], expected, [])])
