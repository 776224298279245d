"""A fleet on the hosts of a network, what is pushed to it, and Debian's docker-registry as the star beside it."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import time

import fleet
from contestants import DockerRegistry
from network import OnHost
from registry_client import Client, digest_of, image_manifest

REPOSITORY = "bench/herd"


class Node(OnHost, fleet.Member):
    """A member that has a host for itself."""

    def __init__(self, folder, binary, name, host, settings):
        super().__init__(folder, binary, name)
        self.stand(host, 5000)
        self.fleet = f"{host.address}:6001"
        self.settings = settings

    def environment(self):
        return super().environment() | self.settings

    def connect(self, timeout=60):
        connection = http.client.HTTPConnection(self.address, self.port, timeout=timeout, blocksize=1 << 20)
        connection.sock = self.host.connect(self.address, self.port, timeout)
        return connection

    def client(self):
        client = Client(self.port, address=self.address)
        client.connection = self.connect(120)
        return client

    def kill(self):
        """Without a word to anybody."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def metrics(self):
        """{name with labels: value}"""
        text = self.client().get("/metrics").decode()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in text.splitlines() if line[:1] != "#")}


class Star(OnHost, DockerRegistry):
    """Everyone pulls from it."""

    def __init__(self, folder, host):
        super().__init__(folder)
        self.stand(host, 5001)

    def client(self):
        client = Client(self.port, address=self.address)
        client.connection = http.client.HTTPConnection(self.address, self.port, timeout=120, blocksize=1 << 20)
        client.connection.sock = self.host.connect(self.address, self.port, 120)
        return client


@contextlib.contextmanager
def fleet_on(place, hosts, zones=None, **settings):
    """A node on each of the hosts, which know each other. The first holds the fleet's key and is pushed to. They end, and their
    data goes, with the block."""
    nodes = []
    try:
        for number, host in enumerate(hosts):
            own = {"SHOAL_FLEET_ZONE": zones[number]} if zones else {}
            folder = place.path(f"node-{number}-{time.monotonic_ns()}")
            nodes.append(Node(folder, place.shoal_binary, f"n{number}", host, settings | own))
        fleet.found(nodes)
        yield nodes
    finally:
        for node in nodes:
            node.stop()
            # The log stays for whoever keeps it.
            shutil.rmtree(node.data, ignore_errors=True)


@contextlib.contextmanager
def star_on(place, host):
    star = Star(place.path(f"star-{time.monotonic_ns()}"), host)
    try:
        yield star.start()
    finally:
        star.stop()


class Image:
    """Layers of random bytes that nobody has yet, and a manifest of them."""

    def __init__(self, place, *sizes, repository=REPOSITORY):
        self.repository, self.sizes = repository, sizes
        self.tag = f"t{time.monotonic_ns()}"
        self.config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"tag": self.tag}}}).encode()
        self.layers = [place.random_file(f"layer-{self.tag}-{number}", size) for number, size in enumerate(sizes)]

    @property
    def size(self):
        return sum(self.sizes)

    @property
    def digest(self):
        """Of its first layer, for those that have one."""
        return self.layers[0][1]

    def blob_path(self, number=0):
        return f"/v2/{self.repository}/blobs/{self.layers[number][1]}"

    def push(self, server):
        client = server.client()
        for path, digest in self.layers:
            client.push_file(self.repository, path, digest)
        client.push_blob(self.repository, self.config, digest_of(self.config))
        described = [(digest, size) for (_, digest), size in zip(self.layers, self.sizes)]
        client.push_manifest(self.repository, self.tag, image_manifest((digest_of(self.config), len(self.config)), described))
        client.close()
        return self

    def forget_files(self):
        for path, _ in self.layers:
            os.unlink(path)
        return self

    def await_manifest(self, nodes):
        """Until each has the manifest, as it has before anybody asks it for a layer."""
        return self._await(nodes, f"manifests/{self.tag}", b"")

    def await_tag(self, nodes):
        """Until each knows that there is such a tag. Nothing of the image moves for that."""
        return self._await(nodes, "tags/list", f'"{self.tag}"'.encode())

    def _await(self, nodes, path, word):
        for node in nodes:
            fleet.wait_until(lambda: self._answers(node, path, word), 30, f"{node.name} does not know the image")
        return self

    def _answers(self, node, path, word):
        client = node.client()
        try:
            return word in client.get(f"/v2/{self.repository}/{path}")
        except RuntimeError:
            return False
        finally:
            client.close()
