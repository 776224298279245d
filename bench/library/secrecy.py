"""Row 14: what encryption between members costs, and what a stranger hears on a member's ports."""

import contextlib
import os
import socket
import ssl
import time

import network
import network_fleet
import pulls
import swarm
from contestants import Shoal
from herd import Herd, not_measured
from network import OnHost
from network_fleet import Image
from table import Bound, Measure, Rounds, each_run
from workplace import note

TUNNEL, CHANNEL, PLAIN = "swarm, through a tunnel", "the fleet's channel (HTTPS)", "plain BitTorrent, same line"
STRANGER, NEIGHBOUR = "stranger on the network", "other process on the host"
# So that a deaf probe is noticed.
MEMBER = "the same probe with a member's papers"
MEASURES = [
    Measure("goodput", "bytes of the blob ÷ what the line carries", 3), Measure("against", "÷ plain BitTorrent in the round", 3),
    Measure("cost", "CPU-s/GB, both nodes", 2), Measure("free", "unshaped, MB/s", 0), Measure("heard", "bytes heard", 0),
    Measure("ports", "ports tried", 0), Measure("errors", "client errors", 0), Measure("busy", "both processors, %", 0),
]
TLS_ALERT = 0x15
HEARS_SECONDS = 2


class Public(OnHost, Shoal):
    """A node alone, whose BitTorrent port on the network everybody may use."""

    def __init__(self, place, name, host):
        super().__init__(place.path(name), place.shoal_binary, name)
        self.stand(host, 5002)
        self.peer = f"{host.address}:6881"

    def environment(self):
        return super().environment() | {"SHOAL_TORRENT_PUBLIC": "**", "SHOAL_TORRENT_LISTEN": self.peer, "SHOAL_TORRENT_DHT": "false"}

    def command(self, tls):
        command = super().command(tls)
        return [*command[:command.index("--listen")], "--listen", f"{self.address}:{self.port}", "--insecure"]

    client = network_fleet.Node.client
    connect = network_fleet.Node.connect


def row(place):
    herd = Herd(place, mbit=100.0, mib=256, short_mib=32)
    if not network.can_shape():
        return not_measured(14)
    rounds = Rounds()
    with network.Network(3, herd.mbit) as net:
        pair = net.hosts[:2]
        try:
            plain = [place.add(Public(place, f"public-{number}", host)).start() for number, host in enumerate(pair)]
            for number in range(herd.runs):
                rounds.add(PLAIN, **_by_bittorrent(place, herd, plain))
                for name, settings in ((TUNNEL, {}), (CHANNEL, {"SHOAL_FLEET_SWARM": "false"})):
                    found = _by_fleet(place, herd, pair, settings, rounds if name == TUNNEL else None, net.hosts[2])
                    rounds.add(name, **found, against=found["goodput"] / rounds.values[PLAIN]["goodput"][-1])
                note(f"run {number + 1} of {herd.runs}: {rounds.values[TUNNEL]['against'][-1]:.3f} of plain")
        finally:
            place.stop_all()
    bounds = [Bound(TUNNEL, "against", 0.9, at_least=True), Bound(TUNNEL, "errors", 0, 0), Bound(STRANGER, "heard", 0, 0), Bound(NEIGHBOUR, "heard", 0, 0),
              Bound(MEMBER, "heard", 1, 1, at_least=True)]
    remark = ("Plain: `shoal blob fetch` between two nodes without a fleet on the same hosts. All until the blob is whole, compared and durable. "
              "Unshaped, both ends share two processors and they are the limit. The stranger has the torrent's hash, no certificate or one of its "
              "own making, and tries each port that both nodes listen on, the registry's left out, while the blob is moved and after; "
              "alerts of TLS are not counted. A hostile member is not measured here.")
    return each_run(f"Row 14 · what encryption costs, two nodes at {herd.mbit:g} Mbit/s, {herd.size / (1 << 20):g} MiB", rounds, MEASURES, bounds, remark)


@contextlib.contextmanager
def _unshaped(hosts, mbit):
    for host in hosts:
        host.unshape()
    try:
        yield
    finally:
        for host in hosts:
            host.shape(mbit)


# Plain

def _by_bittorrent(place, herd, nodes):
    def move():
        image = Image(place, herd.size).push(nodes[0])
        torrent = _torrent_of(nodes[0], image)
        image.forget_files()
        before, begun = _cpu(nodes), time.monotonic()
        swarm.order(nodes[0], nodes[1], torrent, image.digest, image.repository)
        return time.monotonic() - begun, _cpu(nodes) - before

    with pulls.Processors(nodes) as processors:
        seconds, cpu = move()
    with _unshaped([node.host for node in nodes], herd.mbit):
        free, _ = move()
    return {"goodput": _goodput(herd, seconds), "against": 1.0, "cost": cpu / (herd.size / 1e9), "free": herd.size / 1e6 / free,
            "busy": processors.busy_percent}


def _torrent_of(node, image):
    path = image.layers[0][0] + ".torrent"
    with open(path, "wb") as file:
        file.write(node.client().get(image.blob_path(), Accept="application/x-bittorrent;v=2"))
    node.ask("torrent", "start", image.digest)
    return path


# Encrypted

def _by_fleet(place, herd, hosts, settings, strangers, outside):
    """A fleet of its own each time; it ends with the measurement."""
    with network_fleet.fleet_on(place, hosts, **settings) as nodes:
        image = Image(place, herd.size).push(nodes[0]).forget_files().await_manifest(nodes)
        client, before = pulls.Pull(nodes[1].host, nodes[1], image.blob_path()), _cpu(nodes)
        with pulls.Processors(nodes) as processors:
            pulls.pull_all([client], herd.ideal() * 4 + 30)
        cost = (_cpu(nodes) - before) / (herd.size / 1e9)
        if strangers:
            # Another one, so that there is something to hear and the one above is not disturbed.
            _listen(strangers, place, herd, nodes, outside)
        with _unshaped(hosts, herd.mbit):
            second = Image(place, herd.size).push(nodes[0]).forget_files().await_manifest(nodes)
            free = pulls.Pull(nodes[1].host, nodes[1], second.blob_path())
            pulls.pull_all([free], herd.ideal() * 4 + 30)
    errors = pulls.errors_of([client], image.digest) + pulls.errors_of([free], second.digest)
    for error in errors:
        note(error)
    return {"goodput": _goodput(herd, client.seconds), "cost": cost, "free": herd.size / 1e6 / free.seconds, "errors": len(errors),
            "busy": processors.busy_percent}


def _goodput(herd, seconds):
    return herd.size * 8 / 1e6 / seconds / herd.mbit


def _cpu(nodes):
    return sum(node.cpu_seconds() for node in nodes)


# Strangers

def _listen(rounds, place, herd, nodes, outside):
    image = Image(place, herd.size).push(nodes[0]).forget_files().await_manifest(nodes)
    torrent = _info_hash(nodes[0], image)
    papers = place.certificate()
    pull = pulls.Pull(nodes[1].host, nodes[1], image.blob_path())
    # The reader's own; nobody else has any.
    members = [os.path.join(nodes[1].data, name) for name in ("fleet/node.crt", "node.key")]
    fleet_port = int(nodes[0].fleet.rpartition(":")[2])
    found = {STRANGER: [], NEIGHBOUR: [], MEMBER: []}

    def try_all(_):
        # The torrent is live, and its peers speak.
        deadline = time.monotonic() + 20
        while pull.received < herd.size / 8 and not pull.error and time.monotonic() < deadline:
            time.sleep(0.02)
        found[MEMBER].append(((nodes[0].address, fleet_port), _heard(outside, nodes[0].address, fleet_port, torrent, members)))
        for node in nodes:
            ports = _listening(node.host) - {(node.address, node.port), ("127.0.0.1", 5002), (node.address, 5002), (node.address, 6881)}
            found[NEIGHBOUR] += [(port, _heard(node.host, *port, torrent, papers)) for port in ports]
            found[STRANGER] += [(port, _heard(outside, node.address, port[1], torrent, papers)) for port in ports]

    pulls.pull_all([pull], herd.ideal() * 4 + 30, try_all)
    try_all(None)
    for who, tried in found.items():
        for (address, port), count in tried:
            if count and who != MEMBER:
                note(f"{who} heard {count} bytes on {address}:{port}")
        rounds.add(who, heard=sum(count for _, count in tried), ports=len({port for port, _ in tried}))


def _info_hash(node, image):
    """As handshakes have it: what is known of version 2, cut to twenty bytes."""
    document = node.ask("torrent", "show", image.digest)
    found = next(torrent["infoHash"] for torrent in document[0]["torrents"] if torrent["version"] == 2)
    return bytes.fromhex(found)[:20]


def _listening(host):
    """{(address, port)} of every TCP socket that listens in the host's namespace."""
    with host.inside(), open("/proc/thread-self/net/tcp", encoding="ascii") as file:
        lines = [line.split() for line in file.readlines()[1:]]
    found = set()
    for fields in lines:
        if fields[3] == "0A":
            address, port = fields[1].split(":")
            found.add((socket.inet_ntoa(bytes.fromhex(address)[::-1]), int(port, 16)))
    return found


def _heard(host, address, port, torrent, papers):
    """Bytes that come back for a handshake of BitTorrent, in the open and in TLS with no papers and with false ones."""
    handshake = b"\x13BitTorrent protocol" + bytes(8) + torrent + b"-XX0000-" + os.urandom(12)
    preface = b"shoal-swarm\x01" + torrent
    heard = _answer(host, address, port, handshake)
    for own in (None, papers):
        for first in (handshake, preface + handshake):
            heard += _answer(host, address, port, first, _context(own))
    return heard


def _context(papers):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["shoal-swarm/1"])
    if papers:
        context.load_cert_chain(*papers)
    return context


def _answer(host, address, port, first, context=None):
    try:
        with host.connect(address, port, HEARS_SECONDS) as connection:
            connection.settimeout(HEARS_SECONDS)
            if context:
                with context.wrap_socket(connection) as secured:
                    secured.sendall(first)
                    return len(secured.recv(1 << 16))
            connection.sendall(first)
            data = connection.recv(1 << 16)
            return 0 if data[:1] == bytes([TLS_ALERT]) else len(data)
    except (OSError, ssl.SSLError):
        return 0
