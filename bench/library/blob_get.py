"""Rows 1 and 2: one large blob, eight connections, over plaintext and over TLS 1.3."""

import hashlib
import subprocess
import urllib.request
import ssl

from contestants import ADDRESS
from registry_client import Client
from table import Measure, Rounds, Target, markdown
from workplace import note

CONNECTIONS = 8
MEASURES = [Measure("speed", "GB/s"), Measure("cost", "CPU-s/GB", 3)]


def plain(place):
    title = "Row 1 · {size} blob, plaintext GET, 8 connections"
    targets = [
        Target("speed", "nginx", 1.0, True), Target("cost", "nginx", 1.0, False),
        Target("speed", "docker-registry", 2.0, True), Target("cost", "docker-registry", 0.5, False),
    ]
    return _row(place, title, targets, None)


def over_tls(place):
    title = "Row 2 · {size} blob, GET over TLS 1.3 (AES-128-GCM), 8 connections"
    targets = [
        Target("speed", "nginx", 1.0, True), Target("cost", "nginx", 1.0, False),
        Target("cost", "docker-registry", 0.75, False),
    ]
    return _row(place, title, targets, place.certificate())


def _row(place, title, targets, tls):
    size = (256 << 20) if place.short else (1 << 30)
    path, digest = place.random_file("blob", size)
    url = f"/v2/bench/blob/blobs/{digest}"
    servers = [place.shoal(), place.docker_registry(), place.nginx()]
    _fill(servers, path, digest, url, tls)
    for server in servers:
        _check(server, url, digest, tls)

    rounds = Rounds()
    for number in range(place.rounds):
        for server in servers:
            rounds.add(server.name, **_measure(place, server, url, size, tls))
        note(f"round {number + 1} of {place.rounds}")
    remark = "The reader discards in the kernel and, over TLS, does not decrypt: CPU is the server's alone. Files in the page cache."
    return markdown(title.format(size="256 MiB" if place.short else "1 GiB"), rounds, MEASURES, targets, remark)


def _fill(servers, path, digest, url, tls):
    """Blobs go in over plaintext; a server that is then measured over TLS is started again with it."""
    for server in servers:
        if server.name == "nginx":
            server.link(url, path)
            server.start(tls)
            continue
        server.start()
        Client(server.port).push_file("bench/blob", path, digest)
        if tls:
            server.stop()
            server.start(tls)


def _check(server, url, digest, tls):
    """What is measured is also right. This brings the file into the page cache, too."""
    context = ssl.create_default_context(cafile=tls[0]) if tls else None
    hasher = hashlib.sha256()
    with urllib.request.urlopen(f"{'https' if tls else 'http'}://{ADDRESS}:{server.port}{url}", context=context, timeout=120) as answer:
        while part := answer.read(1 << 20):
            hasher.update(part)
    if "sha256:" + hasher.hexdigest() != digest:
        raise RuntimeError(f"{server.name} served other bytes")


def _measure(place, server, url, size, tls):
    before = server.cpu_seconds()
    seconds = drain(place, server, url, size, CONNECTIONS, tls)
    gigabytes = CONNECTIONS * size / 1e9
    return {"speed": gigabytes / seconds, "cost": (server.cpu_seconds() - before) / gigabytes}


def drain(place, server, url, size, connections, tls=None):
    command = [place.drain, ADDRESS, str(server.port), url, str(connections), str(size), "tls" if tls else "plain"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)
