"""Row 15: resident memory of a node that rests with many blobs, and of one through which a large blob moves."""

import os
import statistics
import threading
import time

from registry_client import Client
from restart import fill
from swarm import order, torrent_of
from table import Measure, Rounds, Target, markdown
from workplace import note

MEASURES = [
    Measure("few", "MB, 10,000 blobs", 1), Measure("many", "MB, 50,000 blobs", 1), Measure("moving", "MB peak, moving", 1),
    Measure("growth", "MB more in the second half", 1),
]
TARGETS = [Target("few", None, 64, False), Target("many", None, 120, False), Target("moving", None, 160, False), Target("growth", None, 4, False)]


def row(place):
    rounds = Rounds()
    _resting(place, rounds)
    size = (1 << 30) if place.short else (10 << 30)
    _moving(place, rounds, size)
    remark = (
        f"Public nodes, with their session open. Resting: after a restart and a pull. Moving: {size >> 30} GiB pushed to one node and fetched "
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
    pushing = _watched([seed], lambda: Client(seed.port, timeout=1200).push_file("bench/swarm", path, digest))
    os.unlink(path)
    torrent = torrent_of(seed, digest, path + ".torrent")
    fetching = _watched([seed, node], lambda: order(seed, node, torrent, digest))
    growth = max(_growth(samples) for samples in pushing + fetching)
    rounds.add("shoal", moving=max(map(max, pushing + fetching)) / 1e6, growth=growth / 1e6)


def _watched(servers, work):
    """What each had in memory while that was done."""
    samples, stop = [[] for _ in servers], threading.Event()

    def watch():
        while not stop.wait(0.05):
            for server, seen in zip(servers, samples):
                seen.append(server.resident_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        stop.set()
        watcher.join()
    return samples


def _growth(samples):
    """The middle of the second half beside that of the first: buffers come and go, and peaks with them; what stays moves the middle."""
    half = len(samples) // 2
    return statistics.median(samples[half:]) - statistics.median(samples[:half])
