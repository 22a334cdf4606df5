"""The real binary, started in the three ways it is run: by itself, by itself over TLS, and as server, worker
and agent apart from each other on a PostgreSQL.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time


class Servers:
    """Everything that was started, in the order it was; `stop` ends it in the reverse."""

    def __init__(self, folder, binary, agent):
        self.folder, self.binary, self.agent = pathlib.Path(folder), binary, agent
        self.processes, self.logs = [], {}

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            process.wait(30)

    def spawn(self, name, *command, **options):
        # Whoever wants to hear the end of a task listens on this machine.
        settings = {"MUSTER__EGRESS__ALLOW": "['127.0.0.0/8']", "MUSTER__AGENT__ALLOW__BLOCK": "true"}
        options.setdefault("env", os.environ | settings)
        self.logs[name] = self.folder / f"{name}.log"
        with open(self.logs[name], "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **options)
        self.processes.append(process)
        return process

    def started(self, name, process, data):
        """Waits until the server of a data folder accepts requests; its endpoint."""
        self.until(name, process, (data / "run.json").exists)
        return json.loads((data / "run.json").read_text())["endpoint"]

    def until(self, name, process, ready):
        deadline = time.monotonic() + 120
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{name} did not start:\n" + self.logs[name].read_text())
            time.sleep(0.1)

    def muster(self, *command):
        return subprocess.run([self.binary, *command], check=True, capture_output=True, text=True).stdout

    def up(self, name, *flags):
        """`muster up` in a fresh data folder; the environment its clients need."""
        data = self.folder / name
        process = self.spawn(name, self.binary, "up", "--data-dir", data, "--listen", "127.0.0.1:0", *flags)
        endpoint = self.started(name, process, data)
        return environment(data, endpoint, data / "tls/ca.pem" if "--tls-generate" in flags else None)

    def apart(self, name):
        """`init`, then server, worker and agent as processes with folders of their own."""
        place = self.folder / name
        place.mkdir()
        database = self.postgres()
        key, credentials = place / "root.key", place / "credentials.json"
        common = ["--database-url", database, "--root-key-file", key]
        self.muster("init", "--data-dir", place / "server", "--credentials", credentials, *common)
        listen = ["--listen", "127.0.0.1:0"]
        process = self.spawn(name, self.binary, "server", "--data-dir", place / "server", "--no-worker", *listen, *common)
        endpoint = self.started(name, process, place / "server")
        worker = self.spawn(f"{name}-worker", self.binary, "worker", "--data-dir", place / "worker", *listen, *common)
        self.started(f"{name}-worker", worker, place / "worker")
        asked = self.muster("admin", "enrol-token", "--credentials", credentials, "--endpoint", endpoint)
        token = next(word for word in asked.split() if word.startswith("muster1."))
        (place / "agent.toml").write_text("[allow]\nblock = true\n")
        state = ["--config", place / "agent.toml", "--state-dir", place / "agent"]
        subprocess.run([self.agent, "enrol", "--server", endpoint, "--token", token, *state], check=True, stdout=subprocess.DEVNULL)
        self.spawn(f"{name}-agent", self.agent, "run", *state)
        return environment(place, endpoint, None)

    def postgres(self):
        """A cluster of our own, reached by a socket in its folder; the address of a database in it."""
        programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), default=None)
        if programs is None:
            sys.exit("PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)")
        cluster = self.folder / "cluster"
        cluster.mkdir()
        options = {"cwd": cluster}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            options |= {"user": "postgres", "group": "postgres", "extra_groups": []}
            subprocess.run(["chown", "postgres:postgres", cluster], check=True)
        subprocess.run([programs / "initdb", "-D", cluster / "data", "-U", "muster", "-A", "trust", "-E", "UTF8",
                        "--locale=C", "--no-sync"], check=True, stdout=subprocess.DEVNULL, **options)
        process = self.spawn("cluster", programs / "postgres", "-D", cluster / "data", "-k", cluster,
                             "-c", "listen_addresses=", "-c", "fsync=off", **options)
        ready = [programs / "pg_isready", "-q", "-h", cluster]
        self.until("cluster", process, lambda: subprocess.run(ready, **options).returncode == 0)
        subprocess.run([programs / "createdb", "-h", cluster, "-U", "muster", "muster"], check=True, **options)
        return f"postgres:///muster?host={cluster}&user=muster"


def environment(data, endpoint, certificate):
    """The variables a user of the vendor's SDKs would set, and nothing else."""
    credentials = json.loads((data / "credentials.json").read_text())
    region = credentials["region"].replace("-", "_").upper()
    env = dict(os.environ)
    env.update(
        CLOUD_SDK_AK=credentials["access_key"],
        CLOUD_SDK_SK=credentials["secret_key"],
        MUSTER_DATA=str(data),
        MUSTER_ENDPOINT=endpoint,
        HUAWEICLOUD_SDK_IAM_ENDPOINT=endpoint,
        HUAWEICLOUD_SDK_STS_ENDPOINT=endpoint,
    )
    for service in ("HSS", "CGS", "IAM"):
        env[f"HUAWEICLOUD_SDK_REGION_{service}_{region}"] = endpoint
    if certificate:
        env.update(MUSTER_CA=str(certificate), SSL_CERT_FILE=str(certificate), REQUESTS_CA_BUNDLE=str(certificate))
    return env
