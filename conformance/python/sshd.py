"""A real SSH server for key pairs to be bound on. It proves itself by this machine's own host keys, which the agent
reports, and has an account that exists nowhere else: it runs in a mount namespace with another /etc/passwd.
"""
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import time

ACCOUNT = "muster-login"
UID = 54321

# Keeps the server until its standard input ends, which it does when this process ends in whatever way.
KEEPER = r"""
set -e
cd "$1"
cp /etc/passwd passwd
cp /etc/shadow shadow
echo "$2:x:$3:$3::$1/home:/bin/sh" >>passwd
read -r password
echo "$2:$(printf '%s\n' "$password" | openssl passwd -6 -stdin):19000:0:99999:7:::" >>shadow
mount --bind passwd /etc/passwd
mount --bind shadow /etc/shadow
mkdir -p /run/sshd
/usr/sbin/sshd -D -e -f "$1/sshd_config" 2>>"$1/log" </dev/null &
server=$!
echo ready
read -r _ || true
kill $server
"""


class Sshd:
    """`env` is what the tests need; empty, with `why`, where no such server can run."""

    def __init__(self, folder):
        self.folder, self.keeper, self.env = pathlib.Path(folder), None, {}

    @property
    def why(self):
        keys = list(pathlib.Path("/etc/ssh").glob("ssh_host_*_key"))
        if os.geteuid() != 0:
            return "only root may start it"
        if not shutil.which("/usr/sbin/sshd") or not keys:
            return "openssh-server is not installed, or has no host keys"
        if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode:
            return "there is no right to mount"
        if not own_address():
            return "this machine has no address but loopback"
        return None

    def start(self):
        self.folder.mkdir()
        self.folder.chmod(0o755)
        home = self.folder / "home"
        home.mkdir(mode=0o700)
        os.chown(home, UID, UID)
        address, password = own_address(), secrets.token_hex(16)
        with socket.socket() as probe:
            probe.bind((address, 0))
            port = probe.getsockname()[1]
        keys = "".join(f"HostKey {key}\n" for key in sorted(pathlib.Path("/etc/ssh").glob("ssh_host_*_key")))
        (self.folder / "sshd_config").write_text(
            f"ListenAddress {address}\nPort {port}\n{keys}UsePAM no\nPasswordAuthentication yes\n"
            f"KbdInteractiveAuthentication no\nPidFile none\nAllowUsers {ACCOUNT}\nMaxStartups 100\nPrintMotd no\n")
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", KEEPER, "keeper"]
        self.keeper = subprocess.Popen([*command, self.folder, ACCOUNT, str(UID)],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.keeper.stdin.write(password + "\n")
        self.keeper.stdin.flush()
        assert self.keeper.stdout.readline() == "ready\n", "the SSH server did not start"
        log = self.folder / "log"
        deadline = time.monotonic() + 30
        while not (log.exists() and "Server listening" in log.read_text()):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        self.env = {
            "MUSTER_SSH_ADDRESS": address,
            "MUSTER_SSH_PORT": str(port),
            "MUSTER_SSH_ACCOUNT": ACCOUNT,
            "MUSTER_SSH_PASSWORD": password,
        }

    def stop(self):
        if self.keeper:
            self.keeper.stdin.close()
            self.keeper.wait(20)


def own_address():
    """The address this machine has in its network. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address
