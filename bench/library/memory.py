"""Row 15: resident memory of a node that rests with many blobs, and of one through which a large blob moves."""

import threading
import time

from registry_client import Client
from restart import fill
from swarm import order, torrent_of
from table import Measure, Rounds, Target, markdown
from workplace import note

MEASURES = [
    Measure("few", "MB, 10,000 blobs", 1), Measure("many", "MB, 50,000 blobs", 1), Measure("moving", "MB peak, moving", 1),
    Measure("growth", "MB more in the last half", 1),
]
TARGETS = [Target("few", None, 64, False), Target("many", None, 120, False), Target("moving", None, 160, False), Target("growth", None, 4, False)]


def row(place):
    rounds = Rounds()
    _resting(place, rounds)
    size = (1 << 30) if place.short else (10 << 30)
    _moving(place, rounds, size)
    remark = (
        f"Public nodes, so with both sessions. Resting: after a restart and a pull. Moving: {size >> 30} GiB pushed to one node and fetched "
        "from it by another; the greater of both, sampled every 50 ms."
    )
    return markdown("Row 15 · resident memory", rounds, MEASURES, TARGETS, remark)


def _resting(place, rounds):
    server = place.shoal("shoal resting", public=True)
    filled = 0
    for key, count in [("few", 1_000 if place.short else 10_000), ("many", 5_000 if place.short else 50_000)]:
        server.start()
        fill(server, count, beginning=filled)
        filled = count
        server.stop()
        server.start()
        Client(server.port).get("/v2/_catalog")
        time.sleep(2)
        rounds.add("shoal", **{key: server.resident_bytes() / 1e6})
        server.stop()
        note(f"{count} blobs: {rounds.values['shoal'][key][0]:.1f} MB")


def _moving(place, rounds, size):
    seed, node = place.shoal("seed", public=True), place.shoal("node", public=True)
    path, digest = place.random_file("large", size)
    seed.start()
    node.start()
    samples, stop = [], threading.Event()
    watcher = threading.Thread(target=_watch, args=((seed, node), samples, stop))
    watcher.start()
    try:
        Client(seed.port, timeout=1200).push_file("bench/swarm", path, digest)
        order(seed, node, torrent_of(seed, digest, path + ".torrent"), digest)
    finally:
        stop.set()
        watcher.join()
    half = len(samples) // 2
    rounds.add("shoal", moving=max(samples) / 1e6, growth=(max(samples[half:]) - max(samples[:half])) / 1e6)


def _watch(servers, samples, stop):
    while not stop.wait(0.05):
        samples.append(max(server.resident_bytes() for server in servers))
