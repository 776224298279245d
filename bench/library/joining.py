"""Row 25: a node joins a fleet that has 100,000 claims: how long until it knows all of them, and in how much memory."""

import http.client
import threading
import time

import fleet
from registry_client import MANIFEST_TYPE, Client, digest_of, image_manifest
from table import Measure, Rounds, Target, markdown
from workplace import note

REPOSITORY = "bench/many"
WRITERS = 16
MEASURES = [
    Measure("pushed", "tags pushed/s", 0), Measure("seconds", "seconds until all is known", 1), Measure("claims", "claims/s", 0),
    Measure("before", "MB resident before", 1), Measure("peak", "MB at most while joining", 1), Measure("after", "MB after", 1),
    Measure("growth", "MB, all known over half known", 1), Measure("cpu", "CPU-s of the newcomer", 1), Measure("origin", "CPU-s of the others", 1),
]
TARGETS = [Target("peak", None, 160, False), Target("growth", None, 8, False)]


def row(place):
    tags = 10_000 if place.short else 100_000
    nodes = fleet.start(place, 2)
    manifest = _image(nodes[0])
    begun = time.monotonic()
    _point(nodes[0], manifest, tags)
    pushed = tags / (time.monotonic() - begun)
    note(f"{tags:,} tags, {pushed:,.0f} a second")
    # The other member has them all before anybody joins.
    fleet.wait_until(lambda: _knows(nodes[1], tags), 300, "the second member does not know all tags")

    rounds = Rounds()
    for number in range(1 if place.short else min(3, place.rounds)):
        rounds.add("shoal", pushed=pushed, **_join(place, nodes, number, tags))
        note(f"newcomer {number + 1}")
    remark = (f"One manifest, {tags:,} tags of it, pushed over {WRITERS} connections to one of two members. All is known when the "
              "newcomer lists the last tag and knows as many claims as the others; from the moment `fleet join` is called.")
    return markdown("Row 25 · a node joins a fleet of many claims", rounds, MEASURES, TARGETS, remark)


def _image(node):
    client, config = Client(node.port), b"{}"
    client.push_blob(REPOSITORY, config, digest_of(config))
    return image_manifest((digest_of(config), len(config)), [])


def _point(node, manifest, tags):
    failed = []

    def write(first):
        client = Client(node.port)
        try:
            for number in range(first, tags, WRITERS):
                client.push_manifest(REPOSITORY, f"t{number:06}", manifest)
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(first,)) for first in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError(f"tags could not be pushed: {failed[0]}")


def _knows(node, tags):
    """The last tag of each writer is there: claims are taken in the order in which they were written."""
    client = Client(node.port)
    for number in range(tags - 1, tags - 1 - WRITERS, -1):
        try:
            client.request("HEAD", f"/v2/{REPOSITORY}/manifests/t{number:06}", Accept=MANIFEST_TYPE)
        except RuntimeError:
            return False
    return True


def _join(place, nodes, number, tags):
    newcomer = place.add(fleet.Member(place.path(f"newcomer-{number}"), place.shoal_binary, f"new{number}"))
    newcomer.start()
    token = nodes[0].run("fleet", "invite")
    before, samples = [node.cpu_seconds() for node in nodes], [_sample(newcomer)]
    begun = time.monotonic()
    # Beside this, since a newcomer learns while the command still waits.
    command = threading.Thread(target=newcomer.run, args=("fleet", "join", token))
    command.start()
    while not _knows(newcomer, tags):
        samples.append(_sample(newcomer))
        if time.monotonic() - begun > 600:
            raise RuntimeError("the newcomer does not know all tags after 600 s")
        time.sleep(0.1)
    seconds = time.monotonic() - begun
    command.join()
    listed = Client(newcomer.port).get(f"/v2/{REPOSITORY}/tags/list?n=1&last=t{tags - 2:06}")
    if f"t{tags - 1:06}".encode() not in listed:
        raise RuntimeError(f"the newcomer lists {listed!r}")
    after = newcomer.resident_bytes() / 1e6
    half = next((megabytes for claims, megabytes in samples if claims >= tags / 2), after)
    return {
        "seconds": seconds, "claims": (tags + 1) / seconds, "before": samples[0][1], "peak": _peak(newcomer),
        "after": after, "growth": after - half,
        "cpu": newcomer.cpu_seconds(), "origin": sum(node.cpu_seconds() - start for node, start in zip(nodes, before)),
    }


def _sample(node):
    """How many claims it has taken in, and its resident memory."""
    metrics = Client(node.port).get("/metrics").decode()
    claims = next(int(line.split()[1]) for line in metrics.splitlines() if line.startswith("shoal_fleet_claims_total "))
    return claims, node.resident_bytes() / 1e6


def _peak(node):
    with open(f"/proc/{node.process.pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) * 1024 / 1e6 for line in file if line.startswith("VmHWM:"))
