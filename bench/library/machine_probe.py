"""What the machine did meanwhile to those who are measured on it: how long its disk and its processors made anybody wait, and how
much of the processors others took."""

import contextlib
import os
import threading
import time

from pulls import Processors

PAUSE_SECONDS = 0.05
# A push waits for some five syncs of the disk. Where one takes so long, others write, and a missed gate says nothing of a fleet.
DISK_STOOD_STILL_SECONDS = 0.25
# Where whoever sleeps is woken so late, all who are measured stood still too, or waited behind others.
STOOD_STILL_SECONDS = 0.25
OTHERS_PERCENT = 40


class Probe:
    """A thread that looks again and again while it is entered, and remembers the worst that it saw, in seconds."""

    def __init__(self):
        self.worst = 0.0
        self.rests = threading.Event()
        self.thread = threading.Thread(target=self.look_all, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.rests.set()
        self.thread.join(60)


class PauseProbe(Probe):
    """How late whoever sleeps is woken, twenty times a second."""

    def look_all(self):
        begun = time.monotonic()
        while not self.rests.wait(PAUSE_SECONDS):
            now = time.monotonic()
            self.worst = max(self.worst, now - begun - PAUSE_SECONDS)
            begun = now


class DiskProbe(Probe):
    """How long the disk that the nodes write to makes anybody wait: 4 KiB in a folder, written and synced twenty times a second."""

    def __init__(self, folder):
        super().__init__()
        self.path = os.path.join(folder, "disk-probe")

    def look_all(self):
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not self.rests.wait(PAUSE_SECONDS):
                begun = time.monotonic()
                os.pwrite(descriptor, os.urandom(4096), 0)
                os.fdatasync(descriptor)
                self.worst = max(self.worst, time.monotonic() - begun)
        finally:
            os.close(descriptor)


class MachineProbe:
    """Watches the machine while it is entered. What the servers take of it, and this program, is not the doing of others."""

    def __init__(self, folder, servers=()):
        self.disk, self.pause, self.processors = DiskProbe(folder), PauseProbe(), Processors(servers)
        self.stack = contextlib.ExitStack()
        self.others_percent = 0.0

    def __enter__(self):
        for each in (self.processors, self.disk, self.pause):
            self.stack.enter_context(each)
        self.begun, self.own_before = time.monotonic(), time.process_time()
        return self

    def __exit__(self, *_):
        own = 100 * (time.process_time() - self.own_before) / (time.monotonic() - self.begun) / os.cpu_count()
        self.stack.close()
        self.others_percent = self.processors.busy_percent - self.processors.our_percent - own

    def troubles(self):
        """Why what was late meanwhile says nothing; empty when the machine was as it should be."""
        found = []
        if self.disk.worst >= DISK_STOOD_STILL_SECONDS:
            found.append(f"the disk made 4 KiB wait for {self.disk.worst:.2f} s")
        if self.pause.worst >= STOOD_STILL_SECONDS:
            found.append(f"whoever slept was woken {self.pause.worst:.2f} s late")
        if self.others_percent > OTHERS_PERCENT:
            found.append(f"others took {self.others_percent:.0f} % of the processors")
        return found


def await_calm(folder, seconds=60):
    """Returns when the machine was as it should be for a while, or after so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with MachineProbe(folder) as probe:
            time.sleep(5)
        if not probe.troubles():
            return
