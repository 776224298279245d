"""Row 4: a large blob pushed as docker pushes it, durable when it is acknowledged, beside what bounds it."""

import os
import subprocess
import time

from registry_client import Client
from table import Measure, Rounds, Target, markdown
from workplace import note

MEASURES = [Measure("speed", "GB/s", 3), Measure("cost", "CPU-s/GB", 2)]
DISK, HASH, BOUND, OFF = "dd conv=fsync", "openssl sha256", "the lower of both", "shoal without torrents"
TARGETS = [
    Target("speed", "docker-registry", 1.0, True), Target("cost", "docker-registry", 0.6, False),
    Target("speed", BOUND, 0.85, True), Target("speed", OFF, 0.8, True),
]


def row(place):
    size = (256 << 20) if place.short else (1 << 30)
    path, _ = place.random_file("blob", size)
    servers = [place.shoal().start(), place.shoal(OFF, torrents=False).start(), place.docker_registry().start()]
    rounds = Rounds()
    for number in range(place.rounds):
        for server in servers:
            rounds.add(server.name, **_push(server, path, size, f"{number} {server.name}"))
        disk, hashing = _disk_speed(place, path, size), _hash_speed(path, size)
        rounds.add(DISK, speed=disk)
        rounds.add(HASH, speed=hashing)
        rounds.add(BOUND, speed=min(disk, hashing))
        note(f"round {number + 1} of {place.rounds}")
    title = f"Row 4 · push of {'256 MiB' if place.short else '1 GiB'} (POST, PATCH, PUT), one connection, durable when acknowledged"
    return markdown(title, rounds, MEASURES, TARGETS, "Each push is of bytes that the server has not seen; what is dirty is synced before each.")


def _push(server, path, size, salt):
    digest = _make_new(path, salt)
    os.sync()
    client, before, began = Client(server.port), server.cpu_seconds(), time.monotonic()
    client.push_file("bench/push", path, digest)
    seconds = time.monotonic() - began
    cost = (server.cpu_seconds() - before) / (size / 1e9)
    # The space is wanted again; a server that keeps the bytes for its collector may.
    client.request("DELETE", f"/v2/bench/push/blobs/{digest}", expected=(202, 404, 405))
    client.close()
    return {"speed": size / 1e9 / seconds, "cost": cost}


def _make_new(path, salt):
    """Other first bytes, so another digest, for which no server has the blob."""
    with open(path, "r+b") as file:
        file.write(f"{salt} {time.time_ns()}".encode().ljust(64)[:64])
    return "sha256:" + _openssl(path)


def _openssl(path):
    return subprocess.run(["openssl", "dgst", "-sha256", "-r", path], check=True, capture_output=True, text=True).stdout.split()[0]


def _disk_speed(place, path, size):
    target = place.path("written")
    os.sync()
    began = time.monotonic()
    subprocess.run(["dd", f"if={path}", f"of={target}", "bs=1M", "conv=fsync", "status=none"], check=True)
    seconds = time.monotonic() - began
    os.unlink(target)
    return size / 1e9 / seconds


def _hash_speed(path, size):
    began = time.monotonic()
    _openssl(path)
    return size / 1e9 / (time.monotonic() - began)
