"""Row 24: manifest requests to a node with a fleet of eight around it, beside a node that is alone."""

import time

import fleet
from manifest_get import URL, fill, measure
from registry_client import MANIFEST_TYPE, Client, digest_of
from table import Measure, Rounds, Target, markdown
from workplace import note

MEASURES = [
    Measure("get", "GET/s by tag", 0), Measure("head", "HEAD/s by tag", 0), Measure("get_digest", "GET/s by digest", 0),
    Measure("head_digest", "HEAD/s by digest", 0), Measure("get_p99", "GET p99 ms", 2), Measure("cost", "CPU µs/GET", 1),
]
TARGETS = [Target(key, "alone", 0.9, True) for key in ("get", "head", "get_digest", "head_digest")]


def row(place):
    count = 3 if place.short else 8
    alone = place.shoal("alone")
    nodes = fleet.start(place, count)
    member = nodes[0]
    member.name = "shoal"
    manifest = fill([alone, member])
    for node in nodes:
        fleet.wait_until(lambda: _has(node), 30, f"{node.name} does not know the image")
    # What follows a push is over when all have slept on it.
    time.sleep(5)

    rounds = Rounds()
    for number in range(place.rounds):
        for server in (alone, member):
            rounds.add(server.name, **measure(place, server, 1 if place.short else 4, digest_of(manifest)))
        note(f"round {number + 1} of {place.rounds}")
    remark = (f"The member has {count - 1} others around it, on the same machine and idle but for what a fleet does by itself. "
              f"Manifest of {len(manifest)} bytes, keep-alive, 64 connections, access log on.")
    return markdown("Row 24 · manifest requests to a member, beside a node alone", rounds, MEASURES, TARGETS, remark)


def _has(node):
    try:
        return bool(Client(node.port).get(URL, Accept=MANIFEST_TYPE))
    except RuntimeError:
        return False
