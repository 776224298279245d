"""Row 13: two sites with a narrow cable between them; the image is pushed in one, and all pull it at once."""

import network
import network_fleet
import pulls
from herd import Herd, not_measured
from network_fleet import Image
from table import Bound, Measure, Rounds, each_run
from workplace import note

MEASURES = [
    Measure("crossed", "copies that crossed the cable", 3), Measure("back", "copies that came back over it", 3),
    Measure("far", "last of the far site ÷ cable's ideal", 3), Measure("near", "last of the near site ÷ line's ideal", 3),
    Measure("errors", "client errors", 0), Measure("busy", "both processors, %", 0),
]
CABLE_SHARE = 0.4


def row(place):
    herd = Herd(place, nodes=16, mbit=50.0, mib=64, short_mib=16)
    if place.short and not place.nodes:
        herd.nodes = 8
    cable = herd.mbit * CABLE_SHARE
    if not network.can_shape():
        return not_measured(13)
    rounds = Rounds()
    with network.Network(herd.nodes, herd.mbit, cable) as net:
        zones = [f"site-{'ab'[host.site]}/rack" for host in net.hosts]
        with network_fleet.fleet_on(place, net.hosts, zones) as nodes:
            for number in range(herd.runs):
                rounds.add("shoal", **_once(place, herd, net, nodes, cable))
                note(f"run {number + 1} of {herd.runs}: {({key: round(value[-1], 3) for key, value in rounds.values['shoal'].items()})}")
    bounds = [Bound("shoal", "crossed", 1.1), Bound("shoal", "far", 1.15), Bound("shoal", "errors", 0, 0)]
    remark = (f"The cable carries {cable:g} Mbit/s each way; half of the nodes are at each end of it and say so by fleet.zone. Headers and the "
              "fleet's own traffic are among what crossed: one copy alone is 1.04 to 1.05.")
    return each_run(herd.title(13, "two sites"), rounds, MEASURES, bounds, remark)


def _once(place, herd, net, nodes, cable):
    image = Image(place, herd.size).push(nodes[0]).forget_files().await_manifest(nodes)
    clients = [pulls.Pull(node.host, node, image.blob_path()) for node in nodes[1:]]
    before, ideal = net.crossed(), network.ideal_seconds(herd.size, cable)
    with pulls.Processors(nodes) as processors:
        pulls.pull_all(clients, ideal * len(nodes) + 30)
    crossed, back = (after - earlier for after, earlier in zip(net.crossed(), before))
    errors = pulls.errors_of(clients, image.digest)
    for error in errors:
        note(error)
    return {
        "crossed": crossed / image.size, "back": back / image.size,
        "far": max(client.seconds for client in clients if client.host.site == 1) / ideal,
        "near": max(client.seconds for client in clients if client.host.site == 0) / herd.ideal(),
        "errors": len(errors), "busy": processors.busy_percent,
    }
