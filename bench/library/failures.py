"""Row 10: a herd whose busiest seeder, or whose origin, dies or falls silent half-way."""

import time
from collections import deque

import network
import network_fleet
import pulls
from herd import Herd, measure, not_measured
from network_fleet import Image
from table import Bound, Measure, Rounds, each_run
from workplace import note

MEASURES = [
    Measure("last", "last ÷ ideal", 3), Measure("p50", "p50 ÷ ideal", 3), Measure("still", "longest silence of a line afterwards, s", 2),
    Measure("paused", "longest pause of a client afterwards, s", 2), Measure("errors", "client errors", 0), Measure("struck", "struck after, s", 2),
    Measure("busy", "both processors, %", 0),
]
SAMPLE_SECONDS = 0.05
# Less than that share of a line is what a fleet says to itself.
FLOWING_SHARE = 0.05


class Case:
    def __init__(self, how, whom, stall_seconds):
        self.how, self.whom, self.stall_seconds = how, whom, stall_seconds
        self.name = f"{how} of the {whom}"


CASES = [
    Case("kill -9", "busiest seeder", 2), Case("silence", "busiest seeder", 3),
    Case("kill -9", "origin", 2), Case("silence", "origin", 3),
]


def row(place):
    herd = Herd(place, mib=128, short_mib=24)
    if not network.can_shape():
        return not_measured(10)
    rounds, bounds = Rounds(), []
    for case in CASES:
        for number in range(1 if place.short else herd.runs):
            rounds.add(case.name, **_once(place, herd, case))
            note(f"{case.name}, run {number + 1}: {({key: round(value[-1], 3) for key, value in rounds.values[case.name].items()})}")
        bounds += [Bound(case.name, "last", 1.15), Bound(case.name, "still", case.stall_seconds), Bound(case.name, "errors", 0, 0)]
    remark = (
        "Struck when the median client has half. The busiest is who sent the most in the second before, the origin not counted; its own "
        "client is not judged. When the origin is struck, one other node has the blob whole: before a copy is out nobody could go on "
        "without. Silence: the bridge's end of its line is set down, so that nobody is told. A line is silent while less than a twentieth "
        "of it flows in; clients read in order, so theirs are longer. A new fleet each time.")
    return each_run(herd.title(10, "a node dies or falls silent half-way"), rounds, MEASURES, bounds, remark)


def _once(place, herd, case):
    # New lines, too: a black hole's neighbours remember it for a while.
    with network.Network(herd.nodes, herd.mbit) as net, network_fleet.fleet_on(place, net.hosts) as nodes:
        return _strike_half_way(place, herd, case, nodes)


def _strike_half_way(place, herd, case, nodes):
    image = Image(place, herd.size).push(nodes[0]).forget_files().await_manifest(nodes)
    first = 1
    if case.whom == "origin":
        first = 2
        pulls.pull_all([pulls.Pull(nodes[1].host, nodes[1], image.blob_path())], herd.ideal() * 3 + 30)
    clients = [pulls.Pull(node.host, node, image.blob_path()) for node in nodes[first:]]
    strike = Strike(herd, case, nodes, clients)
    pull_limit = herd.ideal() * 4 + 40
    found = measure(herd, nodes, nodes[0].host, clients, image, judged=strike.judged, limit=pull_limit, meanwhile=lambda begun: strike.run(begun, pull_limit))
    return {key: found[key] for key in ("last", "p50", "busy")} | {
        "errors": sum(1 for client in strike.judged if client.error or client.digest != image.digest),
        "still": strike.still(), "paused": max(client.pause(strike.at) for client in strike.judged), "struck": strike.at - clients[0].begun,
    }


class Strike:
    """Waits for the half, strikes, and looks at the lines until the last is done."""

    def __init__(self, herd, case, nodes, clients):
        self.herd, self.case, self.nodes, self.clients = herd, case, nodes, clients
        self.judged = list(clients)
        self.at = float("inf")
        self.longest = {}  # client: seconds

    def run(self, begun, limit):
        net = self.nodes[0].host.network
        samples = deque(maxlen=int(1 / SAMPLE_SECONDS))
        while not self._is_half_way() and time.monotonic() < begun + limit:
            samples.append(net.traffic())
            time.sleep(SAMPLE_SECONDS)
        victim = self._victim(samples)
        self.judged[:] = [client for client in self.clients if client.host is not victim.host]
        self.at = time.monotonic()
        note(f"{self.case.how}: {victim.name}")
        victim.kill() if self.case.how == "kill -9" else victim.host.vanish()
        self._watch(net, begun + limit)

    def _is_half_way(self):
        arrived = sorted(client.received for client in self.clients)
        return arrived[len(arrived) // 2] >= self.herd.size / 2

    def _victim(self, samples):
        if self.case.whom == "origin":
            return self.nodes[0]
        return max(self.nodes[1:], key=lambda node: (samples[-1][node.host.port] - samples[0][node.host.port]).sent)

    def _watch(self, net, deadline):
        least = FLOWING_SHARE * self.herd.mbit * 1e6 / 8 * SAMPLE_SECONDS
        before, flowed = net.traffic(), {client: self.at for client in self.judged}
        while time.monotonic() < deadline and any(client.is_alive() for client in self.judged):
            time.sleep(SAMPLE_SECONDS)
            now, traffic = time.monotonic(), net.traffic()
            for client in self.judged:
                if (traffic[client.host.port] - before[client.host.port]).received >= least:
                    flowed[client] = now
                elif client.is_alive():
                    self.longest[client] = max(self.longest.get(client, 0), now - flowed[client])
            before = traffic

    def still(self):
        return max(self.longest.values(), default=0.0)
