"""Clients that pull a blob, each beside its node, what they saw, and how busy the machine was meanwhile."""

import hashlib
import os
import socket
import threading
import time

from network import receive_timeout
from registry_client import MANIFEST_TYPE

# A client that hears nothing for so long gives up, as docker does after a minute or more.
PATIENCE_SECONDS = 60
# What is asked of the kernel at once: 20 ms of a line of 25 Mbit/s.
PART_BYTES = 64 << 10
# docker-registry has no manifest of this type for whoever does not name it.
ACCEPT = f"Accept: {MANIFEST_TYPE}, */*\r\n"


class Pull(threading.Thread):
    """One GET of a blob, or of a range of it, from a server, by a client on `host`. The bytes are hashed and thrown away."""

    def __init__(self, host, server, path, delay=0.0, span=None):
        super().__init__(daemon=True)
        self.host, self.server, self.path, self.delay, self.span = host, server, path, delay, span
        self.begun = self.first = self.whole = None
        self.received, self.error, self.hasher = 0, None, hashlib.sha256()
        self.progress = []  # (when, bytes so far)
        self.leaves_after = None  # bytes, after which the client goes away

    def begin(self, at):
        self.begun = at + self.delay
        self.start()

    @property
    def seconds(self):
        """Until the last byte; infinite when it never came."""
        return self.whole - self.begun if self.whole else float("inf")

    @property
    def first_seconds(self):
        return self.first - self.begun if self.first else float("inf")

    @property
    def digest(self):
        return "sha256:" + self.hasher.hexdigest()

    def pause(self, since=0.0):
        """The longest time without a byte, from its begin or from then on, until its end or now."""
        marks = [self.begun, *(when for when, _ in self.progress), self.whole or time.monotonic()]
        return max((b - max(a, since) for a, b in zip(marks, marks[1:]) if b > since), default=0.0)

    def run(self):
        time.sleep(max(0.0, self.begun - time.monotonic()))
        try:
            with self.host.connect(self.server.address, self.server.port, 10) as connection:
                self._fetch(connection)
        except (OSError, ValueError) as error:
            self.error = f"{type(error).__name__}: {error} after {self.received} bytes"

    def _fetch(self, connection):
        connection.settimeout(None)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, receive_timeout(PATIENCE_SECONDS))
        span = f"Range: bytes={self.span[0]}-{self.span[1]}\r\n" if self.span else ""
        connection.sendall(f"GET {self.path} HTTP/1.1\r\nHost: {self.server.address}\r\n{span}{ACCEPT}Connection: close\r\n\r\n".encode())
        length, rest = self._head(connection)
        self._take(rest)
        buffer = bytearray(PART_BYTES)
        while self.received < length:
            if self.leaves_after is not None and self.received >= self.leaves_after:
                return
            # The first byte is wanted as it comes, then the kernel waits for many.
            want = min(PART_BYTES, length - self.received) if self.first else 1
            count = connection.recv_into(buffer, want, socket.MSG_WAITALL)
            if count == 0:
                raise ValueError(f"the answer ended before its {length} bytes")
            self._take(memoryview(buffer)[:count])
        self.whole = time.monotonic()

    def _head(self, connection):
        """The length that it promises, and what came behind it."""
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(4096)
            if not part:
                raise ValueError("no answer")
            data += part
        head, _, rest = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        status = int(lines[0].split()[1])
        if status != (206 if self.span else 200):
            raise ValueError(f"status {status} {rest[:200]!r}")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.head = fields
        return int(fields["content-length"]), rest

    def _take(self, part):
        if len(part) == 0:
            return
        now = time.monotonic()
        self.first = self.first or now
        self.received += len(part)
        self.progress.append((now, self.received))
        self.hasher.update(part)


def pull_all(pulls, limit_seconds, meanwhile=None):
    """All begin at one moment, each after its delay. `meanwhile(begun)` is run beside them."""
    begun = time.monotonic() + 0.2
    for pull in pulls:
        pull.begin(begun)
    if meanwhile:
        meanwhile(begun)
    for pull in pulls:
        pull.join(max(0.1, begun + limit_seconds - time.monotonic()))
    for pull in pulls:
        if pull.is_alive() and not pull.error:
            pull.error = f"not whole after {limit_seconds:.0f} s: {pull.received} bytes"
    return begun


def errors_of(pulls, digest):
    """What went wrong for a client; other bytes than those of the digest are the worst of it."""
    found = [f"{pull.host.address}: {pull.error}" for pull in pulls if pull.error]
    return found + [f"{pull.host.address}: served other bytes" for pull in pulls if pull.whole and not pull.span and pull.digest != digest]


class Processors:
    """How busy all processors are, whoever keeps them so, while it is entered, and how much of it is servers of ours."""

    def __init__(self, servers=()):
        self.servers = [server for server in servers if server.process]

    def __enter__(self):
        self.ours_before = {server: server.cpu_seconds() for server in self.servers}
        self.before, self.begun = _ticks(), time.monotonic()
        return self

    def __exit__(self, *_):
        busy, total = (after - before for after, before in zip(_ticks(), self.before))
        self.busy_percent = 100 * busy / max(1, total)
        seconds = time.monotonic() - self.begun
        # Those that are killed meanwhile take their time with them.
        alive = [server for server in self.servers if server.process and server.process.poll() is None]
        self.our_seconds = sum(server.cpu_seconds() - self.ours_before[server] for server in alive)
        self.our_percent = 100 * self.our_seconds / seconds / os.cpu_count()


def _ticks():
    with open("/proc/stat", encoding="ascii") as file:
        values = [int(value) for value in file.readline().split()[1:9]]
    # Idle, and waiting for a disk.
    return sum(values) - values[3] - values[4], sum(values)
