"""Rows 5 and 6: one node has a blob, all others pull it at once. How long the last waits, and how often the blob leaves the one."""

from statistics import median

import network
import network_fleet
import pulls
from network_fleet import Image
from table import Bound, Measure, Missed, Rounds, each_run
from workplace import note

MEASURES = [
    Measure("last", "last ÷ ideal", 3), Measure("p50", "p50 ÷ ideal", 3), Measure("copies", "copies that left the origin", 3),
    Measure("first", "first byte, slowest, s", 2), Measure("pause", "longest pause of a client, s", 2), Measure("errors", "client errors", 0),
    Measure("busy", "both processors, %", 0), Measure("ours", "of it the servers, %", 0), Measure("cost", "CPU-s/GB delivered", 2),
]
AT_ONCE, STAGGERED, QUARTER, STAR = "at once", "staggered", "one at a quarter, the others", "star of docker-registry"
SLOW = "the one at a quarter, of its own line"


class Herd:
    """The numbers of a row, by arguments or as it is quoted."""

    # An origin and two that pull: with fewer nobody has anything to give to another.
    LEAST_NODES = 3

    def __init__(self, place, nodes=8, mbit=25.0, mib=64, short_mib=24):
        self.nodes = max(self.LEAST_NODES, place.nodes or nodes)
        self.mbit = place.mbit or mbit
        self.size = int((place.mib or (short_mib if place.short else mib)) * (1 << 20))
        self.runs = min(5, place.rounds)

    def title(self, number, what):
        return f"Row {number} · {what}, {self.nodes} nodes at {self.mbit:g} Mbit/s, {self.size / (1 << 20):g} MiB"

    def ideal(self, size=None, mbit=None):
        return network.ideal_seconds(size or self.size, mbit or self.mbit)


# Nodes and Mbit/s; those of the whole row need two processors for themselves.
WHOLE = [(8, 25.0), (16, 12.0)]


def row(place):
    """At once, over some seconds, with a slow one among them, and as a star."""
    if not network.can_shape():
        return not_measured("5 and 6")
    tables, missed = [], False
    for nodes, mbit in WHOLE[:1] if place.short or place.nodes or place.mbit else WHOLE:
        try:
            tables.append(_table(place, Herd(place, nodes, mbit)))
        except Missed as gate:
            tables.append(str(gate))
            missed = True
    text = "\n".join(tables)
    if missed:
        raise Missed(text)
    return text


def _table(place, herd):
    rounds, runs = Rounds(), 1 if place.short else herd.runs
    with network.Network(herd.nodes, herd.mbit) as net:
        with network_fleet.fleet_on(place, net.hosts) as nodes:
            for number in range(herd.runs):
                rounds.add(AT_ONCE, **_once(place, herd, nodes, AT_ONCE))
                note(f"run {number + 1} of {herd.runs}: {_last(rounds, AT_ONCE)}")
        with network_fleet.fleet_on(place, net.hosts) as nodes:
            for _ in range(runs):
                rounds.add(STAGGERED, **_once(place, herd, nodes, STAGGERED))
                note(f"staggered: {_last(rounds, STAGGERED)}")
        with network_fleet.fleet_on(place, net.hosts) as nodes:
            for _ in range(runs):
                others, slow = _one_at_a_quarter(place, herd, nodes)
                rounds.add(QUARTER, **others)
                rounds.add(SLOW, **slow)
                note(f"quarter: {_last(rounds, QUARTER)}")
        rounds.add(STAR, **_star(place, herd, net.hosts))
    return each_run(herd.title("5 and 6", "herd: one has a blob, all others pull it"), rounds, MEASURES, _bounds(), REMARK)


REMARK = (
    "Ideal: the blob's bytes over 0.95 of the line. Copies are all bytes that leave the origin's line, headers and fleet traffic "
    "among them: one copy alone is 1.04 to 1.05. Staggered: arrivals spread over half the ideal time, each by its own clock. CPU of "
    "the clients is in the first share and not in the second. The star sends a blob of an eighth, once: its ratios do not depend on the size."
)


def not_measured(number):
    return f"### Row {number}\n\nNot measured: network namespaces with shaped lines cannot be made here.\n"


def _bounds():
    return [
        Bound(AT_ONCE, "last", 1.10, 1.25), Bound(AT_ONCE, "p50", 1.05, 1.15), Bound(AT_ONCE, "copies", 1.1, 1.25),
        Bound(AT_ONCE, "errors", 0, 0), Bound(STAGGERED, "last", 1.15), Bound(QUARTER, "last", 1.15), Bound(SLOW, "last", 1.15),
    ]


def _once(place, herd, nodes, how):
    image = Image(place, herd.size).push(nodes[0]).forget_files().await_manifest(nodes)
    spread = herd.ideal() / 2 / max(1, len(nodes) - 2) if how == STAGGERED else 0
    clients = [pulls.Pull(node.host, node, image.blob_path(), number * spread) for number, node in enumerate(nodes[1:])]
    return measure(herd, nodes, nodes[0].host, clients, image)


def measure(herd, servers, origin, clients, image, judged=None, limit=None, meanwhile=None):
    """One pull of all; what `judged` of them saw (all, unless told), a list that `meanwhile` may make shorter."""
    before = origin.traffic
    with pulls.Processors(servers) as processors:
        pulls.pull_all(clients, limit or herd.ideal(image.size) * 1.5 * len(clients) + 20, meanwhile)
    sent = (origin.traffic - before).sent
    errors = pulls.errors_of(clients, image.digest)
    for error in errors:
        note(error)
    judged = judged or clients
    ideal = herd.ideal(image.size)
    delivered = sum(client.received for client in clients) / 1e9
    return {
        "last": max(client.seconds for client in judged) / ideal, "p50": median(client.seconds for client in judged) / ideal,
        "copies": sent / image.size, "first": max(client.first_seconds for client in judged),
        "pause": max(client.pause() for client in judged), "errors": len(errors),
        "busy": processors.busy_percent, "ours": processors.our_percent, "cost": processors.our_seconds / max(delivered, 1e-9),
    }


def _one_at_a_quarter(place, herd, nodes):
    """It must not hold up the others, and gets what its own line gives. With half the blob, since it takes four times as long."""
    slow = nodes[-1]
    image = Image(place, herd.size // 2).push(nodes[0]).forget_files().await_manifest(nodes)
    clients = [pulls.Pull(node.host, node, image.blob_path()) for node in nodes[1:]]
    slow.host.shape(herd.mbit / 4)
    try:
        found = measure(herd, nodes, nodes[0].host, clients, image, judged=clients[:-1])
    finally:
        slow.host.shape(herd.mbit)
    own = {"last": clients[-1].seconds / herd.ideal(image.size, herd.mbit / 4), "first": clients[-1].first_seconds, "busy": found["busy"]}
    return found, own


def _star(place, herd, hosts):
    with network_fleet.star_on(place, hosts[0]) as star:
        image = Image(place, herd.size // 8).push(star).forget_files()
        clients = [pulls.Pull(host, star, image.blob_path()) for host in hosts[1:]]
        return measure(herd, [star], hosts[0], clients, image)


def _last(rounds, contestant):
    values = rounds.values[contestant]
    return ", ".join(f"{measure.heading} {measure.one(values[measure.key], -1)}" for measure in MEASURES)
