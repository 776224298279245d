"""A fleet of real nodes: on loopback, or in two network namespaces between which the line can be cut."""

import http.client
import json
import os
import subprocess
import time

from contestants import ADDRESS, Shoal, free_port


class Member(Shoal):
    """A node with a fleet port, in a namespace if it has one."""

    def __init__(self, folder, binary, name, half=None):
        super().__init__(folder, binary, name)
        self.half = half
        self.address = half.management if half else ADDRESS
        self.fleet = f"{half.address if half else ADDRESS}:{free_port()}"

    def environment(self):
        # Who seeks peers beyond loopback is no part of these rows.
        return super().environment() | {"SHOAL_FLEET_NAME": self.name, "SHOAL_TORRENT_DHT": "false"}

    def command(self, tls):
        command = [self.binary, "serve", "--data", self.data, "--listen", f"{self.address}:{self.port}",
                   "--insecure", "--fleet-listen", self.fleet]
        return (["ip", "netns", "exec", self.half.name] if self.half else []) + command

    def run(self, *arguments):
        """One of its commands; its standard output."""
        command = [self.binary, *arguments, "--data", self.data]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if answer.returncode != 0:
            raise RuntimeError(f"shoal {' '.join(arguments[:2])}: {answer.stdout}{answer.stderr}")
        return answer.stdout.strip()

    def connect(self, timeout=30):
        return http.client.HTTPConnection(self.address, self.port, timeout=timeout)

    def status(self):
        """What `shoal fleet ls --json` says, without a process of its own."""
        return json.loads(self.run("fleet", "ls", "--json"))


class Half:
    """A network namespace with a line to the other half and one to whoever measures."""

    def __init__(self, number):
        self.number = number
        self.name = f"shoalbench{os.getpid()}{'ab'[number]}"
        # Names of interfaces have at most fifteen characters.
        self.line, self.service = f"sb{os.getpid()}{'ab'[number]}l", f"sb{os.getpid()}{'ab'[number]}s"
        self.address = f"10.213.77.{number + 1}"
        self.management, self.host = f"10.213.{78 + number}.2", f"10.213.{78 + number}.1"


class CuttableLine:
    """Two halves on one bridge. A cut line drops what is sent, in silence, as a broken one does."""

    def __init__(self):
        self.halves = [Half(0), Half(1)]
        self.bridge = f"sb{os.getpid()}br"

    def __enter__(self):
        try:
            _ip("link", "add", self.bridge, "type", "bridge")
            _ip("link", "set", self.bridge, "up")
            for half in self.halves:
                self._open(half)
        except Exception:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for half in self.halves:
            subprocess.run(["ip", "netns", "del", half.name], capture_output=True, check=False)
            for interface in (half.line, half.service):
                subprocess.run(["ip", "link", "del", interface], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", self.bridge], capture_output=True, check=False)

    def _open(self, half):
        _ip("netns", "add", half.name)
        _ip("-n", half.name, "link", "set", "lo", "up")
        for interface, inside, address in ((half.line, "line", half.address), (half.service, "service", half.management)):
            _ip("link", "add", interface, "type", "veth", "peer", "name", inside, "netns", half.name)
            _ip("-n", half.name, "addr", "add", f"{address}/24", "dev", inside)
            _ip("-n", half.name, "link", "set", inside, "up")
            _ip("link", "set", interface, "up")
        _ip("addr", "add", f"{half.host}/24", "dev", half.service)
        _ip("link", "set", half.line, "master", self.bridge)

    def cut(self):
        _ip("link", "set", self.halves[1].line, "nomaster")

    def heal(self):
        _ip("link", "set", self.halves[1].line, "master", self.bridge)


def can_cut():
    return os.geteuid() == 0 and subprocess.run(["ip", "netns", "list"], capture_output=True, check=False).returncode == 0


def _ip(*arguments):
    answer = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {answer.stderr.strip()}")


def start(place, count, halves=(None,)):
    """A fleet of so many nodes, which know each other. The first holds the fleet's key."""
    nodes = []
    for number in range(count):
        half = halves[number * len(halves) // count]
        nodes.append(place.add(Member(place.path(f"node-{number}"), place.shoal_binary, f"n{number}", half)))
    found(nodes)
    return nodes


def found(nodes):
    """Starts them, and makes a fleet of them."""
    for node in nodes:
        node.start()
    nodes[0].run("fleet", "init")
    for node in nodes[1:]:
        node.run("fleet", "join", nodes[0].run("fleet", "invite"))
    wait_until(lambda: all(is_complete(node, len(nodes)) for node in nodes), 120, "the members do not know each other")


def is_complete(node, count):
    fleet = node.status()
    members = fleet["members"]
    return (len(members) == count and all(member["state"] == "alive" and member["addresses"] for member in members)
            and fleet.get("behindMilliseconds") is not None and not fleet.get("refusesWrites"))


def wait_until(holds, seconds, otherwise):
    """How many seconds it took."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            raise RuntimeError(f"{otherwise} within {seconds} s")
        time.sleep(0.02)
    return time.monotonic() - begun
