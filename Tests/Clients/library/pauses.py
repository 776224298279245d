#!/usr/bin/python3
"""pauses.py FILE: while FILE is there, keeps in it how late the machine woke whoever slept, at worst, in milliseconds."""

import sys
import time

PAUSE_SECONDS = 0.05


def main(path):
    worst, begun = 0, time.monotonic()
    while True:
        time.sleep(PAUSE_SECONDS)
        now = time.monotonic()
        worst, begun = max(worst, round(1000 * (now - begun - PAUSE_SECONDS))), now
        try:
            with open(path, "r+", encoding="ascii") as file:
                file.write(f"{worst:8d}\n")
        except OSError:
            return


main(*sys.argv[1:])
