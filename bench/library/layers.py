"""Rows 7, 8 and 9: one node pulls what others have: a large layer from one, a small image, a layer from four slow ones."""

import time

import network
import network_fleet
import pulls
from herd import Herd, not_measured
from network_fleet import Image
from registry_client import digest_of
from table import Bound, Measure, Rounds, each_run
from workplace import note

MIB = 1 << 20
LEAST_PIECE, MOST_PIECES = 64 << 10, 8192
BUSY = [Measure("errors", "client errors", 0), Measure("busy", "both processors, %", 0)]


def _piece_bytes(size):
    """As the recipe of the torrents has it."""
    piece = LEAST_PIECE
    while size > piece * MOST_PIECES:
        piece *= 2
    return piece


def first_byte(place):
    """Row 7."""
    herd = Herd(place, nodes=4, mbit=100.0, mib=1024, short_mib=48)
    if not network.can_shape():
        return not_measured(7)
    piece = network.ideal_seconds(_piece_bytes(herd.size), herd.mbit)
    far, raw, rounds = "shoal, a layer that is far", "the same bytes from their node, directly", Rounds()
    with network.Network(herd.nodes, herd.mbit) as net:
        with network_fleet.fleet_on(place, net.hosts) as nodes:
            for number in range(herd.runs):
                image = Image(place, herd.size).push(nodes[0]).forget_files().await_manifest(nodes[1:2])
                there = _one(herd, nodes, pulls.Pull(nodes[1].host, nodes[0], image.blob_path()), image)
                here = _one(herd, nodes, pulls.Pull(nodes[1].host, nodes[1], image.blob_path()), image)
                rounds.add(raw, **there)
                rounds.add(far, **here, over=1000 * (here["first"] - piece), streamed=here["total"] / there["total"])
                note(f"run {number + 1} of {herd.runs}: {here}")
    measures = [
        Measure("first", "first byte, s", 3), Measure("over", "first byte less one piece's wire time, ms", 1),
        Measure("total", "whole, s", 2), Measure("streamed", "whole ÷ direct", 3), Measure("pause", "longest pause, s", 2), *BUSY]
    bounds = [Bound(far, "over", 50, 50), Bound(far, "streamed", 1.05, 1.05), Bound(far, "errors", 0, 0)]
    remark = (f"A piece has {_piece_bytes(herd.size) >> 10} KiB: {1000 * piece:.0f} ms of the line. The client asked for the manifest before, as "
              "docker does. Direct: plain HTTP over the same line, from the node that has it, in the same round.")
    return each_run(herd.title(7, "first byte of a layer that nobody here has"), rounds, measures, bounds, remark)


def _one(herd, nodes, pull, image):
    with pulls.Processors(nodes) as processors:
        pulls.pull_all([pull], herd.ideal() * 3 + 30)
    errors = pulls.errors_of([pull], image.digest)
    for error in errors:
        note(error)
    return {"first": pull.first_seconds, "total": pull.seconds, "pause": pull.pause(), "errors": len(errors), "busy": processors.busy_percent}


def small_image(place):
    """Row 8."""
    herd = Herd(place, nodes=3, mbit=100.0, mib=10, short_mib=10)
    if not network.can_shape():
        return not_measured(8)
    parts = [herd.size * share // 10 for share in (4, 3, 2, 1)]
    peer, star, rounds = "shoal, from a peer", "docker-registry, directly", Rounds()
    with network.Network(herd.nodes, herd.mbit) as net:
        with network_fleet.fleet_on(place, net.hosts) as nodes, network_fleet.star_on(place, net.hosts[2]) as debian:
            for number in range(herd.runs):
                image = Image(place, *parts).push(nodes[0]).push(debian).forget_files().await_tag(nodes)
                # What follows a push is over.
                time.sleep(1)
                for name, server in ((peer, nodes[1]), (star, debian)):
                    rounds.add(name, **_whole_image(herd, nodes, nodes[1].host, server, image))
                note(f"run {number + 1} of {herd.runs}: {_last_over(rounds, peer):.0f} and {_last_over(rounds, star):.0f} ms over the wire time")
    measures = [Measure("manifest", "manifest, ms", 1), Measure("total", "whole image, ms", 1), Measure("over", "over the wire time, ms", 1), *BUSY]
    bounds = [Bound(peer, "over", 60), Bound(peer, "errors", 0, 0)]
    remark = (f"As docker pulls: the manifest by its tag, then its config and its layers ({', '.join(f'{part / MIB:.1f}' for part in parts)} MiB) at once. "
              f"Wire time {1000 * herd.ideal():.0f} ms. From the first request on, connections among the client's own time.")
    return each_run(herd.title(8, "image of four layers"), rounds, measures, bounds, remark)


def _last_over(rounds, name):
    return rounds.values[name]["over"][-1]


def _whole_image(herd, nodes, host, server, image):
    with pulls.Processors(nodes) as processors:
        begun = time.monotonic()
        manifest = pulls.Pull(host, server, f"/v2/{image.repository}/manifests/{image.tag}")
        manifest.begin(begun)
        manifest.join(30)
        digests = [digest_of(image.config), *(digest for _, digest in image.layers)]
        blobs = [pulls.Pull(host, server, f"/v2/{image.repository}/blobs/{digest}") for digest in digests]
        for blob in blobs:
            blob.begin(time.monotonic())
        for blob in blobs:
            blob.join(60)
    errors = [blob.error or "other bytes" for blob, digest in zip(blobs, digests) if blob.error or blob.digest != digest]
    if manifest.error:
        errors.append(manifest.error)
    for error in errors:
        note(error)
    total = max(blob.whole or float("inf") for blob in blobs) - begun
    return {"manifest": 1000 * manifest.seconds, "total": 1000 * total, "over": 1000 * (total - herd.ideal(image.size)),
            "errors": len(errors), "busy": processors.busy_percent}


def from_four(place):
    """Row 9."""
    herd = Herd(place, nodes=5, mbit=100.0, mib=256, short_mib=32)
    if not network.can_shape():
        return not_measured(9)
    whole, ranges, one, rounds = "whole", "by 8 ranges at once", "from one of them alone, directly", Rounds()
    with network.Network(herd.nodes, herd.mbit) as net:
        with network_fleet.fleet_on(place, net.hosts) as nodes:
            for number in range(herd.runs):
                for name, parts in ((whole, 1), (ranges, 8)):
                    rounds.add(name, **_from_holders(place, herd, nodes, parts))
                    note(f"run {number + 1} of {herd.runs}, {name}: {rounds.values[name]['goodput'][-1]:.3f} of the line")
            rounds.add(one, **_from_one(place, herd, nodes))
    measures = [
        Measure("goodput", "bytes of the blob ÷ what the line carries", 3), Measure("total", "whole, s", 2), Measure("pause", "longest pause, s", 2),
        Measure("least", "least share of a holder, %", 0), *BUSY]
    bounds = [Bound(name, "goodput", 0.9, 0.8, at_least=True) for name in (whole, ranges)] + [Bound(name, "errors", 0, 0) for name in (whole, ranges)]
    remark = (f"{len(nodes) - 1} nodes have the layer, on lines of a quarter of the reader's {herd.mbit:g} Mbit/s: 1 is that line full of bytes of the blob, "
              "headers not counted, so that 0.95 is the most there is.")
    return each_run(herd.title(9, "one layer from four on slow lines"), rounds, measures, bounds, remark)


def _from_holders(place, herd, nodes, parts):
    image = Image(place, herd.size).push(nodes[0]).forget_files().await_manifest(nodes)
    holders, reader = nodes[:-1], nodes[-1]
    pulls.pull_all([pulls.Pull(node.host, node, image.blob_path()) for node in holders[1:]], herd.ideal() * 6 + 30)
    length = -(-herd.size // parts)
    spans = [(start, min(start + length, herd.size) - 1) for start in range(0, herd.size, length)] if parts > 1 else [None]
    clients = [pulls.Pull(reader.host, reader, image.blob_path(), span=span) for span in spans]
    for holder in holders:
        holder.host.shape(herd.mbit / len(holders))
    before = [holder.host.traffic for holder in holders]
    try:
        with pulls.Processors(nodes) as processors:
            pulls.pull_all(clients, herd.ideal() * 6 + 30)
    finally:
        sent = [(holder.host.traffic - earlier).sent for holder, earlier in zip(holders, before)]
        for holder in holders:
            holder.host.shape(herd.mbit)
    errors = pulls.errors_of(clients, image.digest)
    for error in errors:
        note(error)
    seconds = max(client.seconds for client in clients)
    return {"goodput": herd.size * 8 / 1e6 / seconds / herd.mbit, "total": seconds, "pause": max(client.pause() for client in clients),
            "least": 100 * min(sent) / sum(sent), "errors": len(errors), "busy": processors.busy_percent}


def _from_one(place, herd, nodes):
    """What a reader has who asks one holder for the whole, as a mirror of the container runtime does."""
    image = Image(place, herd.size // 4).push(nodes[0]).forget_files()
    client = pulls.Pull(nodes[-1].host, nodes[0], image.blob_path())
    nodes[0].host.shape(herd.mbit / (len(nodes) - 1))
    try:
        with pulls.Processors(nodes) as processors:
            pulls.pull_all([client], herd.ideal() * 6 + 30)
    finally:
        nodes[0].host.shape(herd.mbit)
    return {"goodput": image.size * 8 / 1e6 / client.seconds / herd.mbit, "total": client.seconds, "pause": client.pause(),
            "errors": len(pulls.errors_of([client], image.digest)), "busy": processors.busy_percent}
