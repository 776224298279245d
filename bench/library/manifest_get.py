"""Row 3: a manifest of thirty layers by tag, GET and HEAD, keep-alive, 64 connections, with the access log on."""

import os
import subprocess

from contestants import ADDRESS
from registry_client import MANIFEST_TYPE, Client, digest_of, image_manifest
from table import Measure, Rounds, Target, markdown
from workplace import note

URL = "/v2/bench/app/manifests/latest"
MEASURES = [
    Measure("get", "GET/s", 0), Measure("head", "HEAD/s", 0), Measure("get_p99", "GET p99 ms", 2),
    Measure("head_p50", "HEAD p50 ms, 64 connections", 3), Measure("head_p50_alone", "HEAD p50 ms, 1 connection", 3),
    Measure("cost", "CPU µs/GET", 1),
]
TARGETS = [
    Target("get", "nginx", 0.5, True), Target("head", "nginx", 0.5, True),
    Target("get", "docker-registry", 20, True), Target("head", "docker-registry", 20, True),
    Target("head_p50_alone", None, 0.35, False),
]


def row(place):
    servers = [place.shoal(), place.docker_registry(), place.nginx()]
    manifest = fill(servers)
    for server in servers:
        if Client(server.port).get(URL, Accept=MANIFEST_TYPE) != manifest:
            raise RuntimeError(f"{server.name} served another manifest")

    rounds = Rounds()
    for number in range(place.rounds):
        for server in servers:
            rounds.add(server.name, **measure(place, server, 1 if place.short else 4))
        note(f"round {number + 1} of {place.rounds}")
    remark = f"Manifest of {len(manifest)} bytes; nginx serves it as a static file. The load generator is one thread on the last core."
    return markdown("Row 3 · manifest by tag, keep-alive, 64 connections, access log on", rounds, MEASURES, TARGETS, remark)


def fill(servers):
    """The same image on all of them, of which some may run already."""
    layers = [os.urandom(200) for _ in range(31)]
    manifest = image_manifest(*_named(layers))
    for server in servers:
        if server.name == "nginx":
            server.add(URL, manifest)
        if server.process is None:
            server.start()
        if server.name == "nginx":
            continue
        client = Client(server.port)
        for layer in layers:
            client.push_blob("bench/app", layer, digest_of(layer))
        client.push_manifest("bench/app", "latest", manifest)
    return manifest


def _named(blobs):
    named = [(digest_of(blob), len(blob)) for blob in blobs]
    return named[0], named[1:]


def measure(place, server, seconds, digest=None):
    """By tag, and by digest too if there is one."""
    before = server.cpu_seconds()
    get, _, get_p99 = _ask(place, server, "GET", 64, seconds)
    cost = (server.cpu_seconds() - before) / (get * seconds) * 1e6
    head, head_p50, _ = _ask(place, server, "HEAD", 64, seconds)
    _, alone, _ = _ask(place, server, "HEAD", 1, seconds / 2)
    found = {"get": get, "head": head, "get_p99": get_p99, "head_p50": head_p50, "head_p50_alone": alone, "cost": cost}
    if digest:
        url = URL.replace("latest", digest)
        found |= {f"{method.lower()}_digest": next(_ask(place, server, method, 64, seconds, url)) for method in ("GET", "HEAD")}
    return found


def _ask(place, server, method, connections, seconds, url=URL):
    last_core = max(os.sched_getaffinity(0))
    command = ["taskset", "-c", str(last_core), place.ask, ADDRESS, str(server.port), method, url, str(connections), str(seconds), f"Accept: {MANIFEST_TYPE}"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
    return map(float, output.split())
