"""How long the disk that the nodes write to makes anybody wait: a page written and synced again and again beside them."""

import os
import threading
import time

PAUSE_SECONDS = 0.05


class DiskProbe:
    """A thread that syncs 4 KiB in a folder, twenty times a second."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "disk-probe")
        self.worst = 0.0
        self.rests = threading.Event()
        self.thread = threading.Thread(target=self._sync_all, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.rests.set()
        self.thread.join(60)

    def _sync_all(self):
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not self.rests.wait(PAUSE_SECONDS):
                begun = time.monotonic()
                os.pwrite(descriptor, os.urandom(4096), 0)
                os.fdatasync(descriptor)
                self.worst = max(self.worst, time.monotonic() - begun)
        finally:
            os.close(descriptor)
