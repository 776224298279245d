"""Row 17: what an idle connection costs, and what a pull loses beside many of them and 200 slow-loris."""

import errno
import socket
import threading
import time
from statistics import mean

from blob_get import drain
from contestants import ADDRESS
from registry_client import Client
from table import Measure, Rounds, Target, markdown
from workplace import note

LORIS = 200
PULLS = 3
MEASURES = [
    Measure("kilobytes", "KB resident a connection", 2), Measure("alone", "pull alone, GB/s", 2), Measure("beside", "pull beside, GB/s", 2),
    Measure("kept", "beside ÷ alone", 2), Measure("open", "idle connections still open", 0),
]
TARGETS = [Target("kilobytes", None, 4, False), Target("kept", None, 0.9, True)]


def row(place):
    idle_count = 500 if place.short else 5_000
    size = (512 << 20) if place.short else (1 << 30)
    path, digest = place.random_file("blob", size)
    url = f"/v2/bench/blob/blobs/{digest}"
    servers = [place.shoal(), place.docker_registry(), place.nginx()]
    for server in servers:
        if server.name == "nginx":
            server.link(url, path)
            continue
        server.start()
        Client(server.port).push_file("bench/blob", path, digest)
        server.stop()

    rounds = Rounds()
    for number in range(place.rounds):
        for server in servers:
            # Freshly started: an allocator that keeps what an earlier round freed would hide the next one's cost.
            server.start()
            rounds.add(server.name, **_measure(place, server, url, size, idle_count))
            server.stop()
        note(f"round {number + 1} of {place.rounds}")
    remark = (f"{idle_count:,} idle keep-alive connections after one request each, and {LORIS} that send one byte of a head "
              "a second and come back when they are shut out.")
    return markdown("Row 17 · idle connections and slow-loris", rounds, MEASURES, TARGETS, remark)


def _measure(place, server, url, size, idle_count):
    def pulls():
        return mean(size / 1e9 / drain(place, server, url, size, 1) for _ in range(PULLS))

    pulls()  # whatever the first pulls allocate is not the connections'
    before = pulls()
    resident = server.resident_bytes()
    connections = [_idle_connection(server, number) for number in range(idle_count)]
    time.sleep(0.5)
    kilobytes = (server.resident_bytes() - resident) / idle_count / 1024
    loris = SlowLoris(server)
    loris.start()
    time.sleep(2)
    beside = pulls()
    loris.stop()
    still_open = sum(map(_is_open, connections))
    for connection in connections:
        connection.close()
    time.sleep(0.5)
    alone = mean([before, pulls()])
    return {"kilobytes": kilobytes, "alone": alone, "beside": beside, "kept": beside / alone, "open": still_open}


def _source(number):
    """Loopback addresses in turn, so that a cap on connections an address is not what is measured."""
    return (f"127.0.{1 + number // 100 % 100}.{1 + number % 100}", 0)


def _idle_connection(server, number):
    connection = socket.create_connection((ADDRESS, server.port), 10, source_address=_source(number))
    connection.sendall(f"GET /v2/ HTTP/1.1\r\nHost: {ADDRESS}:{server.port}\r\n\r\n".encode())
    answer = connection.recv(4096)
    if b" 200 " not in answer.split(b"\r\n")[0]:
        raise RuntimeError(f"{server.name}, connection {number}: {answer[:80]!r}")
    return connection


def _is_open(connection):
    connection.setblocking(False)
    try:
        # What comes is the rest of the one answer; the end is nothing.
        while connection.recv(4096):
            pass
        return False
    except BlockingIOError:
        return True
    except OSError as failure:
        if failure.errno == errno.ECONNRESET:
            return False
        raise


class SlowLoris(threading.Thread):
    """Connections whose head grows by a byte a second; one that is shut out is opened again."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.ended = threading.Event()

    def stop(self):
        self.ended.set()
        self.join()

    def run(self):
        connections = [None] * LORIS
        while not self.ended.is_set():
            for number in range(LORIS):
                connections[number] = self._another_byte(connections[number], number)
            self.ended.wait(1)
        for connection in connections:
            if connection:
                connection.close()

    def _another_byte(self, connection, number):
        try:
            if connection is None:
                connection = socket.create_connection((ADDRESS, self.server.port), 5, source_address=_source(number))
                connection.sendall(f"GET /v2/ HTTP/1.1\r\nHost: {ADDRESS}\r\nX-Slow: ".encode())
                return connection
            connection.sendall(b"a")
            if _is_open(connection):
                return connection
        except OSError:
            pass  # shut out, as it should be
        if connection:
            connection.close()
        return None
