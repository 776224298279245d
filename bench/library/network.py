"""Hosts on a switch: a network namespace each, with a shaped line to a bridge; two sites have a bridge each and a cable.

Needs root. No namespace has a name, and no interface is made in the caller's: each lives by a descriptor of this process
and by the processes in it, and those are killed by the kernel when this one ends (`OnHost`). So nothing is left behind
however it ends, and nothing else can be hit.
"""

import contextlib
import ctypes
import os
import socket
import struct
import subprocess
import threading

CLONE_NEWNET = 0x40000000
# What a line holds back before it drops, as a home's or an office's does.
BURST, LATENCY = "32kb", "50ms"
# What of a line's rate is left for bytes of a blob: frames, addresses and acknowledgements take the rest.
PAYLOAD_SHARE = 0.95
_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    def __init__(self):
        made = []
        # The kernel counts namespaces by thread: the one that makes it ends, its descriptor stays.
        thread = threading.Thread(target=lambda: made.append(self._make()))
        thread.start()
        thread.join()
        if not made:
            raise RuntimeError("network namespaces cannot be made here")
        self.descriptor = made[0]

    @staticmethod
    def _make():
        _checked(_libc.unshare(CLONE_NEWNET))
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    @property
    def path(self):
        """For `ip`, which opens it."""
        return f"/proc/{os.getpid()}/fd/{self.descriptor}"

    @contextlib.contextmanager
    def inside(self):
        """This thread, its new sockets and its new processes are in it."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _checked(_libc.setns(self.descriptor, CLONE_NEWNET))
            yield self
        finally:
            _checked(_libc.setns(before, CLONE_NEWNET))
            os.close(before)

    def batch(self, program, lines):
        with self.inside():
            answer = subprocess.run([program, "-batch", "-"], input="\n".join(lines), capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise RuntimeError(f"{program}: {answer.stderr.strip()}")

    def close(self):
        os.close(self.descriptor)


class Host:
    """A namespace with an address and a line to the switch, whose other end is a port there."""

    def __init__(self, network, number, site):
        self.network, self.site, self.port = network, site, f"port{number}"
        self.address = f"10.214.0.{number + 1}"
        self.namespace = Namespace()

    def inside(self):
        return self.namespace.inside()

    def connect(self, address, port, timeout=None):
        """A socket in this namespace, wherever it is used from then on."""
        with self.inside():
            return socket.create_connection((address, port), timeout)

    def shape(self, mbit):
        """So much each way from now on."""
        self.namespace.batch("tc", [_shaped("line", mbit)])
        self.network.switch.batch("tc", [_shaped(self.port, mbit)])

    def unshape(self):
        self.namespace.batch("tc", ["qdisc del dev line root"])
        self.network.switch.batch("tc", [f"qdisc del dev {self.port} root"])

    def vanish(self):
        """It is a black hole from now on: nothing reaches it or comes from it, and nobody is told."""
        self.network.switch.batch("ip", [f"link set {self.port} down"])

    def come_back(self):
        self.network.switch.batch("ip", [f"link set {self.port} up"])

    @property
    def traffic(self):
        return self.network.traffic()[self.port]


class Traffic:
    """Bytes that have left a host by its line, and that have reached it; with all headers."""

    def __init__(self, sent, received):
        self.sent, self.received = sent, received

    def __sub__(self, earlier):
        return Traffic(self.sent - earlier.sent, self.received - earlier.received)


class Network:
    """So many hosts, each with a line of `mbit` each way. With `cable_mbit` they are two sites, the first half being the first."""

    def __init__(self, count, mbit, cable_mbit=None):
        self.count, self.mbit, self.cable_mbit = count, mbit, cable_mbit
        self.hosts, self.switch = [], None

    def __enter__(self):
        self.switch = Namespace()
        self.switch.batch("ip", ["link set lo up", "link add site0 type bridge", "link set site0 up",
                                 "link add site1 type bridge", "link set site1 up"])
        with self.switch.inside():
            self.counters = os.open("/proc/thread-self/net/dev", os.O_RDONLY | os.O_CLOEXEC)
        for number in range(self.count):
            site = 1 if self.cable_mbit and number >= self.count // 2 else 0
            host = Host(self, number, site)
            self.hosts.append(host)
            self._plug(host)
        if self.cable_mbit:
            self._lay_cable()
        return self

    def __exit__(self, *_):
        """The interfaces end with their namespaces."""
        for host in self.hosts:
            host.namespace.close()
        os.close(self.counters)
        self.switch.close()
        self.hosts = []

    def _plug(self, host):
        self.switch.batch("ip", [
            f"link add {host.port} type veth peer name line netns {host.namespace.path}",
            f"link set {host.port} master site{host.site} up",
        ])
        host.namespace.batch("ip", ["link set lo up", f"addr add {host.address}/24 dev line", "link set line up"])
        if self.mbit:
            host.shape(self.mbit)

    def _lay_cable(self):
        self.switch.batch("ip", [
            "link add cable0 type veth peer name cable1",
            "link set cable0 master site0 up", "link set cable1 master site1 up",
        ])
        self.switch.batch("tc", [_shaped(f"cable{site}", self.cable_mbit) for site in (0, 1)])

    def traffic(self):
        """{port or cable end: Traffic}, as the switch counts it. From any thread."""
        found = {}
        for line in os.pread(self.counters, 1 << 16, 0).decode().splitlines()[2:]:
            name, _, numbers = line.partition(":")
            fields = numbers.split()
            # What the switch receives from a port, the host has sent.
            found[name.strip()] = Traffic(int(fields[0]), int(fields[8]))
        return found

    def crossed(self):
        """Bytes that left the cable at the second site, and at the first."""
        traffic = self.traffic()
        return traffic["cable1"].sent, traffic["cable0"].sent


class OnHost:
    """A server (mixed into its class) on a host of the network. The kernel kills it when this process ends."""

    host = None

    def stand(self, host, port):
        self.host, self.address, self.port = host, host.address, port
        return self

    def command(self, tls):
        # The thread that starts it must live as long as it: the main one.
        return ["setpriv", "--pdeathsig", "KILL", "--", *super().command(tls)]

    def start(self, *arguments, **options):
        with self.host.inside():
            return super().start(*arguments, **options)


def can_shape():
    """Whether such a network can be made here; else a row says that it was not measured."""
    try:
        with Network(1, 10):
            return True
    except (RuntimeError, OSError):
        return False


def ideal_seconds(size, mbit):
    return size / (PAYLOAD_SHARE * mbit * 1e6 / 8)


def receive_timeout(seconds):
    """For a socket that blocks, so that the kernel may wait for many bytes at once (MSG_WAITALL)."""
    return struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))


def _shaped(device, mbit):
    return f"qdisc replace dev {device} root tbf rate {int(mbit * 1000)}kbit burst {BURST} latency {LATENCY}"


def _checked(status):
    if status != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
