"""The servers that are measured: how each is configured, started, stopped, and what it costs."""

import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.parse

ADDRESS = "127.0.0.1"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return probe.getsockname()[1]


def process_table():
    """{pid: (parent, ticks of CPU with those of its reaped children)}"""
    table = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    # The command may hold blanks and brackets; what follows the last bracket may not.
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            table[int(name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    return table


class Server:
    """One server process with whatever it forks. Subclasses write the configuration and name the command."""

    name = ""

    def __init__(self, folder):
        self.folder = folder
        self.address = ADDRESS
        self.port = free_port()
        self.process = None
        os.makedirs(folder)

    def command(self, tls):
        """The command to start it with; `tls` is (certificate, key) or None."""
        raise NotImplementedError

    def environment(self):
        return os.environ

    def start(self, tls=None, wait=True):
        command = self.command(tls)
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment())
        if wait:
            self.wait_until_listening()
        return self

    def wait_until_listening(self, seconds=120):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}: {self.log_tail()}")
            try:
                socket.create_connection((self.address, self.port), 1).close()
                return
            except OSError:
                time.sleep(0.005)
        raise RuntimeError(f"{self.name} does not listen: {self.log_tail()}")

    def log_tail(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-1500:]

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _pids(self, table):
        """The process and all its descendants."""
        found = [self.process.pid]
        for pid in found:
            found.extend(child for child, (parent, _) in table.items() if parent == pid)
        return found

    def cpu_seconds(self):
        table = process_table()
        return sum(table[pid][1] for pid in self._pids(table) if pid in table) / TICKS_PER_SECOND

    def resident_bytes(self):
        total = 0
        for pid in self._pids(process_table()):
            with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))
        return total


class Shoal(Server):
    name = "shoal"

    def __init__(self, folder, binary, name="shoal", public=False, torrents=True):
        super().__init__(folder)
        self.binary = binary
        self.name = name
        self.data = os.path.join(folder, "data")
        self.torrents = torrents
        # Where strangers reach its torrents; only a public node listens there.
        self.peer = f"{ADDRESS}:{free_port()}" if public else None

    def environment(self):
        if not self.torrents:
            return os.environ | {"SHOAL_TORRENT_ENABLED": "false"}
        if not self.peer:
            return os.environ
        return os.environ | {"SHOAL_TORRENT_PUBLIC": "**", "SHOAL_TORRENT_LISTEN": self.peer, "SHOAL_TORRENT_DHT": "false"}

    def ask(self, *arguments):
        """One of its commands, as JSON."""
        command = [self.binary, *arguments, "--data", self.data, "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=600).stdout)

    def fetch(self, torrent, digest, repository, peer):
        """What `shoal blob fetch` asks of the node, without a process of its own: ten of those would be measured instead."""
        connection = http.client.HTTPConnection("node", timeout=600)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(os.path.join(self.data, "control.sock"))
        query = urllib.parse.urlencode({"digest": digest, "repository": repository, "peer": peer})
        with open(torrent, "rb") as file:
            connection.request("POST", f"/operator/v1/blobs/fetch?{query}", file.read())
        answer = connection.getresponse()
        last = answer.read().splitlines()[-1]
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"fetch of {digest}: {answer.status} {last!r}")
        return json.loads(last)

    def command(self, tls):
        command = [self.binary, "serve", "--data", self.data]
        if tls is None:
            return command + ["--listen", f"{ADDRESS}:{self.port}"]
        path = os.path.join(self.folder, "shoal.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'http:\n  listen: ["{ADDRESS}:{self.port}"]\n  tls:\n    certificate: {tls[0]}\n    key: {tls[1]}\n')
        return command + ["--config", path]


class DockerRegistry(Server):
    name = "docker-registry"

    def command(self, tls):
        path = os.path.join(self.folder, "config.yml")
        # Its access log is on, as the others' are.
        lines = [
            "version: 0.1",
            "log: {level: info, accesslog: {disabled: false}}",
            "storage:",
            "  cache: {blobdescriptor: inmemory}",
            f"  filesystem: {{rootdirectory: {self.folder}/data}}",
            "  delete: {enabled: true}",
            "http:",
            f"  addr: {self.address}:{self.port}",
        ]
        if tls is not None:
            lines += [f"  tls: {{certificate: {tls[0]}, key: {tls[1]}}}"]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return ["docker-registry", "serve", path]


class Nginx(Server):
    """Serves files below `root`, which a row fills with what it asks for, under the registry's paths."""

    name = "nginx"

    def __init__(self, folder):
        super().__init__(folder)
        self.root = os.path.join(folder, "root")
        os.makedirs(os.path.join(self.root, "v2"))
        self.add("/v2/index.html", b"{}")

    def add(self, path, data):
        full = self.root + path
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(data)

    def link(self, path, source):
        full = self.root + path
        os.makedirs(os.path.dirname(full), exist_ok=True)
        os.link(source, full)

    def command(self, tls):
        listen = f"{ADDRESS}:{self.port}" + (" ssl" if tls else "")
        secure = f"ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]}; ssl_protocols TLSv1.3;" if tls else ""
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = " ".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""
{user} worker_processes auto; daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log;
worker_rlimit_nofile 20000;
events {{ worker_connections 10000; }}
http {{
  access_log {self.folder}/access.log;
  sendfile on; tcp_nopush on; tcp_nodelay on;
  # Its default ends a connection after a thousand requests, which would measure connecting.
  keepalive_requests 1000000000; keepalive_timeout 1h; client_header_timeout 10s;
  default_type application/vnd.oci.image.manifest.v1+json;
  {temporary}
  server {{ listen {listen}; root {self.root}; {secure} }}
}}
""")
        return ["/usr/sbin/nginx", "-c", path, "-e", f"{self.folder}/error.log"]
