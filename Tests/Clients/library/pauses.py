#!/usr/bin/python3
"""pauses.py FILE: while FILE is there, keeps in it how late the machine woke whoever slept, at worst, in milliseconds. FILE.forget
makes it begin anew, and goes."""

import os
import sys
import time

PAUSE_SECONDS = 0.05


def main(path):
    worst, begun = 0, time.monotonic()
    while True:
        time.sleep(PAUSE_SECONDS)
        now = time.monotonic()
        if is_to_forget := os.path.exists(f"{path}.forget"):
            worst, begun = 0, now - PAUSE_SECONDS
        worst, begun = max(worst, round(1000 * (now - begun - PAUSE_SECONDS))), now
        try:
            with open(path, "r+", encoding="ascii") as file:
                file.write(f"{worst:8d}\n")
        except OSError:
            return
        if is_to_forget:
            os.unlink(f"{path}.forget")


main(*sys.argv[1:])
