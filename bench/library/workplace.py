"""The folder that a run lives in: its programs, its random files, and the servers that must be stopped."""

import datetime
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile

from contestants import DockerRegistry, Nginx, Shoal

HERE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def note(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def machine():
    """One line above the tables: what was measured, where and when."""
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
    when = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    command = "bench/run " + " ".join(each for each in sys.argv[1:] if each.startswith("-") or each.isdigit())
    load = os.getloadavg()[0]
    return f"`{command.strip()}` on {when}: {os.cpu_count()} × {model}, Linux {platform.release()}, load before {load:.2f}.\n"


class Workplace:
    """Entered once a row: on the way out every server is stopped and its data removed."""

    def __init__(self, folder, shoal_binary, short, rounds):
        self.folder = folder
        self.shoal_binary = shoal_binary
        self.short = short
        self.rounds = rounds
        # What was asked for instead of what a row of a herd says.
        self.nodes = self.mbit = self.mib = None
        self.keeps = False
        self.drain = self._compile("drain", "-lssl", "-lcrypto", "-lpthread")
        self.ask = self._compile("ask")
        self.row = None
        self.started = []

    def _compile(self, name, *libraries):
        program = os.path.join(self.folder, name)
        subprocess.run(["cc", "-O2", "-o", program, os.path.join(HERE, name + ".c"), *libraries], check=True)
        return program

    def __enter__(self):
        self.row = os.path.join(self.folder, "row")
        os.makedirs(self.row)
        return self

    def stop_all(self):
        for server in self.started:
            server.stop()
        self.started = []

    def clear(self):
        """As it was entered: for another trial of the row."""
        self.stop_all()
        shutil.rmtree(self.row, ignore_errors=True)
        os.makedirs(self.row)

    def __exit__(self, *_):
        self.stop_all()
        if self.keeps:
            os.rename(self.row, tempfile.mkdtemp(prefix="row-", dir=self.folder))
        else:
            shutil.rmtree(self.row, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.row, name)

    def shoal(self, name="shoal", public=False, torrents=True):
        return self.add(Shoal(self.path(name.replace(" ", "-")), self.shoal_binary, name, public, torrents))

    def docker_registry(self):
        return self.add(DockerRegistry(self.path("docker-registry")))

    def nginx(self):
        return self.add(Nginx(self.path("nginx")))

    def add(self, server):
        self.started.append(server)
        return server

    def random_file(self, name, size):
        """A file of random bytes, none of them a hole. Returns its path and digest."""
        path, hasher = self.path(name), hashlib.sha256()
        with open(path, "wb") as file:
            for start in range(0, size, 1 << 20):
                part = os.urandom(min(1 << 20, size - start))
                hasher.update(part)
                file.write(part)
        return path, "sha256:" + hasher.hexdigest()

    def certificate(self):
        """A self-signed P-256 certificate for loopback. Returns the paths of certificate and key."""
        certificate, key = self.path("tls.crt"), self.path("tls.key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return certificate, key
