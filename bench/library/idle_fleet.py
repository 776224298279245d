"""Row 26: what a fleet costs that does nothing: processor, questions and syncs of each node."""

import glob
import re
import time

import fleet
from registry_client import Client
from table import Measure, Rounds, Target, markdown
from workplace import note

MEASURES = [
    Measure("cpu", "% of a core a node", 2), Measure("asked", "questions a second and node", 2),
    Measure("exchanges", "exchanges a second and node", 2), Measure("switches", "context switches a second and node", 0),
    Measure("written", "KB written a second and node", 2), Measure("resident", "MB resident a node", 1),
]
TARGETS = [Target("cpu", None, 1, False), Target("written", None, 1, False)]


def row(place):
    count = 3 if place.short else 8
    nodes = fleet.start(place, count)
    seconds = 10 if place.short else 30
    # What follows a join is over.
    time.sleep(5)
    rounds = Rounds()
    for number in range(place.rounds):
        before = [_read(node) for node in nodes]
        time.sleep(seconds)
        after = [_read(node) for node in nodes]
        found = {key: sum(b[key] - a[key] for a, b in zip(before, after)) / seconds / count for key in before[0]}
        found["cpu"] *= 100
        found["resident"] = sum(node.resident_bytes() for node in nodes) / count / 1e6
        rounds.add("shoal", **found)
        note(f"round {number + 1} of {place.rounds}")
    remark = f"{count} nodes that know each other, without an image, looked at for {seconds} s a round."
    return markdown("Row 26 · an idle fleet", rounds, MEASURES, TARGETS, remark)


def _read(node):
    text = Client(node.port).get("/metrics").decode()
    metrics = {name: float(value) for name, value in re.findall(r"^(shoal_fleet_\w+) (\S+)$", text, re.MULTILINE)}
    return {
        "cpu": node.cpu_seconds(), "asked": metrics["shoal_fleet_asked_total"], "exchanges": metrics["shoal_fleet_exchanges_total"],
        "switches": _switches(node.process.pid), "written": _written(node.process.pid) / 1024,
    }


def _switches(pid):
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="utf-8") as file:
            total += sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
    return total


def _written(pid):
    with open(f"/proc/{pid}/io", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("write_bytes:"))
