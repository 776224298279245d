"""One seed to one node over BitTorrent on loopback, the peer known: what small and large blobs take."""

import os
import subprocess
import threading
import time

from contestants import ADDRESS
from registry_client import Client
from table import Measure, Rounds, Target, markdown
from workplace import note

# Bytes, what the issue of it asks for in milliseconds to the whole blob.
SIZES = [("1 KB", 1 << 10, 5), ("1 MB", 1 << 20, 15), ("16 MB", 16 << 20, 100)]
FETCHES_A_ROUND = 5


def latency(place):
    """Row 21."""
    seed, node, rounds = _pair(place)
    seed.start()
    node.start()
    for number in range(place.rounds):
        for title, size, _ in SIZES:
            for _ in range(FETCHES_A_ROUND):
                took = _fetch(place, seed, node, size)
                rounds.add("shoal", **{_key(title): took["wholeMilliseconds"]})
        took = _fetch(place, seed, node, (64 << 20) if place.short else (256 << 20))
        rounds.add("shoal", first=took["firstPieceMilliseconds"])
        note(f"round {number + 1} of {place.rounds}")
    measures = [Measure(_key(title), f"{title}, ms", 1) for title, _, _ in SIZES] + [Measure("first", "first piece of 256 MB, ms", 1)]
    targets = [Target(_key(title), None, bound, False) for title, _, bound in SIZES] + [Target("first", None, 20, False)]
    remark = "From the order to fetch until the last piece is verified: before the digest is compared and the blob made durable."
    return markdown("Row 21 · one seed to one node by BitTorrent, loopback, known peer", rounds, measures, targets, remark)


def throughput(place):
    """Row 22."""
    size = (256 << 20) if place.short else (1 << 30)
    seed, node, rounds = _pair(place)
    nginx = place.nginx()
    seed.start()
    node.start()
    nginx.start()
    for number in range(place.rounds):
        path, digest = place.random_file("blob", size)
        before = seed.cpu_seconds() + node.cpu_seconds()
        took = _fetch_file(seed, node, path, digest)
        cost = (seed.cpu_seconds() + node.cpu_seconds() - before) / (size / 1e9)
        rounds.add("shoal", speed=size / 1e6 / took["wholeMilliseconds"], cost=cost)
        nginx.link(f"/blob-{number}", path)
        rounds.add("curl from nginx, sha256sum", speed=_curl(nginx, number, size))
        _forget(seed, node, digest)
        note(f"round {number + 1} of {place.rounds}")
    targets = [Target("speed", "curl from nginx, sha256sum", 0.6, True)]
    measures = [Measure("speed", "GB/s", 3), Measure("cost", "CPU-s/GB, both nodes", 2)]
    remark = "CPU counts the push to the seed as well. Both nodes, and curl beside nginx, share the cores."
    return markdown(f"Row 22 · {'256 MiB' if place.short else '1 GiB'} from one seed to one node by BitTorrent", rounds, measures, targets, remark)


def beside_a_writer(place):
    """Row 23."""
    seed, node, rounds = _pair(place)
    seed.start()
    node.start()
    stop = threading.Event()
    writer = threading.Thread(target=_write_and_sync, args=(place.path("written"), stop))
    writer.start()
    try:
        for number in range(place.rounds * (5 if place.short else 15)):
            alone = _fetch(place, seed, node, 1 << 20)["wholeMilliseconds"]
            rounds.add("shoal", one=alone)
            for took in _ten_at_once(place, seed, node):
                rounds.add("shoal", ten=took["wholeMilliseconds"])
            if number % 5 == 4:
                note(f"{number + 1} fetches of one, {10 * (number + 1)} of ten at once")
    finally:
        stop.set()
        writer.join()
    values = rounds.values["shoal"]
    lines = [f"### Row 23 · 1 MB fetched beside a writer that syncs ({_file_system(place)})", "", "| | fetches | p50, ms | p99, ms | target p99 | |", "|---|--:|--:|--:|--:|---|"]
    for title, key, bound in [("one at a time", "one", 100), ("ten at once", "ten", 200)]:
        low, high = _quantile(values[key], 0.5), _quantile(values[key], 0.99)
        lines.append(f"| {title} | {len(values[key])} | {low:.1f} | {high:.1f} | ≤ {bound} | {'met' if high <= bound else '**missed**'} |")
    return "\n".join(lines + ["", "The writer is a loop of `dd conv=fsync` of 64 MB on the same file system.", ""])


def _pair(place):
    return place.shoal("seed", public=True), place.shoal("node", public=True), Rounds()


def _key(title):
    return title.replace(" ", "").lower()


def _push(place, seed, size):
    path, digest = place.random_file(f"blob-{time.monotonic_ns()}", size)
    Client(seed.port).push_file("bench/swarm", path, digest)
    return path, digest


def torrent_of(seed, digest, path):
    """Version 2; asking for it also wakes the torrent."""
    data = Client(seed.port).get(f"/v2/bench/swarm/blobs/{digest}", Accept="application/x-bittorrent;v=2")
    with open(path, "wb") as file:
        file.write(data)
    seed.ask("torrent", "start", digest)
    return path


def order(seed, node, torrent, digest, repository="bench/swarm"):
    return node.fetch(torrent, digest, repository, seed.peer)


def _fetch(place, seed, node, size):
    path, digest = _push(place, seed, size)
    took = order(seed, node, torrent_of(seed, digest, path + ".torrent"), digest)
    os.unlink(path)
    _forget(seed, node, digest)
    return took


def _fetch_file(seed, node, path, digest):
    Client(seed.port).push_file("bench/swarm", path, digest)
    return order(seed, node, torrent_of(seed, digest, path + ".torrent"), digest)


def _ten_at_once(place, seed, node):
    ready = [_push(place, seed, 1 << 20) for _ in range(10)]
    torrents = [torrent_of(seed, digest, path + ".torrent") for path, digest in ready]
    results = []

    def fetch(torrent, digest):
        results.append(order(seed, node, torrent, digest))

    threads = [threading.Thread(target=fetch, args=(torrent, digest)) for torrent, (_, digest) in zip(torrents, ready)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for path, digest in ready:
        os.unlink(path)
        _forget(seed, node, digest)
    if len(results) != 10:
        raise RuntimeError("a fetch failed")
    return results


def _forget(seed, node, digest):
    """Links only; the bytes stay until the run ends."""
    for server in (seed, node):
        Client(server.port).request("DELETE", f"/v2/bench/swarm/blobs/{digest}", expected=(202, 404))


def _curl(nginx, number, size):
    began = time.monotonic()
    command = f"set -o pipefail; curl -fsS http://{ADDRESS}:{nginx.port}/blob-{number} | sha256sum"
    subprocess.run(["bash", "-c", command], check=True, stdout=subprocess.DEVNULL)
    return size / 1e9 / (time.monotonic() - began)


def _write_and_sync(path, stop):
    while not stop.is_set():
        subprocess.run(["dd", "if=/dev/zero", f"of={path}", "bs=1M", "count=64", "conv=fsync", "status=none"], check=True)


def _file_system(place):
    return subprocess.run(["stat", "-f", "-c", "%T", place.folder], check=True, capture_output=True, text=True).stdout.strip()


def _quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
